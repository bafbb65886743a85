//! How the binary fails: one line on standard error, and an exit code that says whose turn it is.

use std::fmt;

/// Why a command did not do what it was asked. The text is one line, lower case, and holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    kind: Kind,
    message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Running,
    Usage,
}

impl Fault {
    /// A fault while running: the store, a socket, a grant that is not there. Exit code 1.
    pub fn running(message: impl fmt::Display) -> Self {
        Self { kind: Kind::Running, message: one_line(&message.to_string()) }
    }

    /// Bad usage or configuration. Exit code 2.
    pub fn usage(message: impl fmt::Display) -> Self {
        Self { kind: Kind::Usage, message: one_line(&message.to_string()) }
    }

    /// A fault while running that has an error behind it; the causes are written out, each after a colon.
    pub fn caused(what: impl fmt::Display, error: &dyn std::error::Error) -> Self {
        Self::running(chain(what, error))
    }

    /// The exit code of the process.
    pub const fn exit_code(&self) -> u8 {
        match self.kind {
            Kind::Running => 1,
            Kind::Usage => 2,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}

/// `what`, then the error and all that is behind it. A cause that its successor has already told is not told twice.
pub fn chain(what: impl fmt::Display, error: &dyn std::error::Error) -> String {
    let mut text = what.to_string();
    let mut next = Some(error);
    while let Some(error) = next {
        let cause = error.to_string();
        if !text.ends_with(&cause) {
            text = format!("{text}: {cause}");
        }
        next = error.source();
    }
    text
}

/// The same text without a line break and without runs of blanks.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_one_line() {
        let fault = Fault::usage("first\n  second");
        assert_eq!((fault.to_string().as_str(), fault.exit_code()), ("first second", 2));
    }

    #[test]
    fn causes_follow_each_other_once() {
        let io = std::io::Error::other("no space");
        let fault = Fault::caused("the store failed: no space", &io);
        assert_eq!((fault.to_string().as_str(), fault.exit_code()), ("the store failed: no space", 1));
        assert_eq!(Fault::caused("the store failed", &io).to_string(), "the store failed: no space");
    }
}
