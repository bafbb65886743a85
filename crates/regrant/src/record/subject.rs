//! Whom a grant speaks for.

use alloc::boxed::Box;
use core::fmt;

use serde::{Serialize, Serializer};
use thiserror::Error;

/// The subject of a grant, in the host's own terms: 1 to 255 bytes of UTF-8 without control characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject(Box<str>);

impl Subject {
    /// The longest subject in bytes.
    pub const MAX_BYTES: usize = 255;

    /// Reads a subject.
    ///
    /// # Errors
    /// Empty, too long, or with a control character.
    pub fn parse(text: &str) -> Result<Self, InvalidSubject> {
        if text.is_empty() || text.len() > Self::MAX_BYTES || text.chars().any(char::is_control) {
            return Err(InvalidSubject);
        }
        Ok(Self(text.into()))
    }

    /// The subject as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Subject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// A text that is no subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a subject has 1 to 255 bytes and no control character")]
pub struct InvalidSubject;
