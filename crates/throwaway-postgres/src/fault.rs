//! What can go wrong with a throwaway server.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why there is no server, or why it does not do what it was told. One line each, `Debug` as well: tests unwrap it.
#[derive(Error)]
#[non_exhaustive]
pub enum Fault {
    /// No binaries.
    #[error(
        "there is no PostgreSQL server on this machine: install it, on Debian by `apt-get install postgresql` (looked \
         for initdb in /usr/lib/postgresql/*/bin and in PATH)"
    )]
    NoBinaries,
    /// The tests run as root, and there is nobody to run the server as.
    #[error("the tests run as root, which PostgreSQL refuses, and there is neither a user `postgres` nor `nobody`")]
    NoAccount,
    /// A file or a program could not be used.
    #[error("{path}: {error}", path = .path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A program of `PostgreSQL` failed.
    #[error("{program} failed: {message}")]
    Failed {
        /// Which.
        program: &'static str,
        /// What it said, on one line.
        message: String,
    },
    /// The server did not become ready.
    #[error("the server did not start: {0}")]
    NotStarted(String),
    /// The server does not end, or its keeper is gone.
    #[error("the server could not be ended: {0}")]
    NotEnded(&'static str),
}

impl Fault {
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |error| Self::Io { path, error }
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
