//! Client identifiers. RFC 6749 §2.2.

use alloc::sync::Arc;
use core::fmt;

use serde::{Serialize, Serializer};
use thiserror::Error;

/// A client identifier: 1 to 255 printable ASCII characters, case-sensitive.
///
/// ```text
/// client-id = *VSCHAR      ; %x20-7E, RFC 6749 A.1
/// ```
///
/// The empty identifier is refused, and so is one of more than [`ClientId::MAX_BYTES`] bytes (N-015, N-055).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(Arc<str>);

impl ClientId {
    /// The longest identifier in bytes.
    pub const MAX_BYTES: usize = 255;

    /// Reads an identifier.
    ///
    /// # Errors
    /// Empty, too long, or a character outside `%x20-7E`.
    pub fn parse(text: &str) -> Result<Self, InvalidClientId> {
        if text.is_empty() || text.len() > Self::MAX_BYTES || !text.bytes().all(|byte| matches!(byte, 0x20..=0x7E)) {
            return Err(InvalidClientId);
        }
        Ok(Self(Arc::from(text)))
    }

    /// The identifier as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientId({})", self.0)
    }
}

impl Serialize for ClientId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// A text that is no client identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a client id is 1 to 255 printable ascii characters")]
pub struct InvalidClientId;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn n_015_only_printable_ascii_of_limited_length() {
        assert!(ClientId::parse(&"a".repeat(255)).is_ok());
        assert!(ClientId::parse(" %&+").is_ok());
        for bad in ["", "a\n", "é", "\u{7f}", &"a".repeat(256)] {
            assert_eq!(ClientId::parse(bad), Err(InvalidClientId), "{bad:?}");
        }
    }
}
