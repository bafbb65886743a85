//! Names of a record: its id and its revision.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use serde::{Serialize, Serializer};
use thiserror::Error;

/// The public name of a grant: 16 random bytes, written as 32 lower-case hex digits.
///
/// It is no secret: it stands in every token in clear, in logs and in lists.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GrantId([u8; GrantId::LENGTH]);

impl GrantId {
    /// The length of an id in bytes.
    pub const LENGTH: usize = 16;

    /// An id from its bytes.
    pub const fn from_bytes(bytes: [u8; Self::LENGTH]) -> Self {
        Self(bytes)
    }

    /// The bytes of the id.
    pub const fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }

    /// Reads 32 lower-case hex digits.
    ///
    /// # Errors
    /// Anything else is [`MalformedGrantId`].
    pub fn parse(text: &str) -> Result<Self, MalformedGrantId> {
        let mut bytes = [0; Self::LENGTH];
        let lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
        match hex::decode_to_slice(text, &mut bytes) {
            Ok(()) if lower => Ok(Self(bytes)),
            _ => Err(MalformedGrantId),
        }
    }

    /// The 32 hex digits.
    pub fn to_hex(self) -> String {
        hex::encode(self.0)
    }
}

impl fmt::Display for GrantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for GrantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GrantId({self})")
    }
}

impl FromStr for GrantId {
    type Err = MalformedGrantId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl Serialize for GrantId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A text that is not 32 lower-case hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a grant id is 32 lower-case hex digits")]
pub struct MalformedGrantId;

/// The counter that every write to a record raises by one.
///
/// A commit names the revision it read; a store that holds another refuses it as a conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Revision(u64);

impl Revision {
    /// The revision of a record that was just inserted.
    pub const FIRST: Self = Self(1);

    /// A revision read back from storage.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number itself, for storage; at most `i64::MAX` in any life of a record.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The revision after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}
