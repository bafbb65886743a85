//! What can go wrong in a task.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::USAGE;

/// Why a task failed.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The task or its arguments are unknown.
    Usage,
    /// Started by hand instead of through `cargo xtask`.
    NotUnderCargo,
    /// The named step ended with a failure, which it has reported itself.
    Step(&'static str),
    /// A program could not be started, or a file could not be used.
    Io(PathBuf, io::Error),
    /// What callgrind or the file of counts says cannot be read.
    Unreadable(String),
    /// So many operations take more instructions than they did; each has been printed.
    Grown(usize),
    /// There are no counts of the named compiler to hold the new ones to.
    Uncounted(String),
    /// So many rules of the house are broken; each has been printed.
    House(usize),
}

impl Fault {
    /// Wraps an I/O error with the path or the program it is about.
    pub(crate) fn io(path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Self {
        let path = path.as_ref().to_path_buf();
        move |error| Self::Io(path, error)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage => f.write_str(USAGE),
            Self::NotUnderCargo => f.write_str("run this as `cargo xtask`"),
            Self::Step(name) => write!(f, "step failed: {name}"),
            Self::Io(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Unreadable(what) => f.write_str(what),
            Self::Grown(count) => write!(
                f,
                "{count} of the counts grew by more than 2 %: make it as quick as it was, or say why in a commit that \
                 holds `cargo xtask instructions --renew`"
            ),
            Self::Uncounted(compiler) => write!(
                f,
                "benches/instructions.toml has no counts of {compiler}: run `cargo xtask instructions --renew` with it on a \
                 commit that is known to be as quick as it was, and commit the file"
            ),
            Self::House(1) => f.write_str("1 rule of the house is broken"),
            Self::House(count) => write!(f, "{count} rules of the house are broken"),
        }
    }
}
