//! What a case answers when a store does not keep an obligation.

use std::error::Error;
use std::fmt;

/// Why a case failed, in one sentence. It names records by their ids and never prints what they hold.
pub struct Failure(String);

impl Failure {
    /// A failure with its sentence.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The store itself failed where it had to answer.
    pub(super) fn of_store(verb: &str, error: &impl Error) -> Self {
        Self(format!("{verb} failed: {error}"))
    }
}

/// Any error in the making of a record fails the case.
impl<E: Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The sentence too: the test harness prints the error of a test with `Debug`.
impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Fails with `text` unless `holds`.
pub(super) fn ensure(holds: bool, text: impl FnOnce() -> String) -> Result<(), Failure> {
    if holds { Ok(()) } else { Err(Failure::new(text())) }
}
