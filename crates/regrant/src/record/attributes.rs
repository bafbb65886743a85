//! The host's own members of a grant.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Serialize, Serializer};
use thiserror::Error;

/// Named texts that the host keeps with a grant, `user_uuid` for instance, in the order they were given.
///
/// The engine never reads them. They appear on the wire only where a dialect names them. Limits: [`Attributes::MAX`]
/// attributes, names of 1 to 64 bytes of `[-._0-9A-Za-z]` (RFC 6749 A.18, N-017), values of up to 1024 bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes(Option<Box<List>>);

/// Behind a pointer: most grants have no attribute, and then a list would be room for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct List(Vec<(String, String)>);

impl Attributes {
    /// The most attributes of one grant.
    pub const MAX: usize = 32;
    /// The longest name in bytes.
    pub const MAX_NAME: usize = 64;
    /// The longest value in bytes.
    pub const MAX_VALUE: usize = 1024;

    /// No attribute.
    pub const fn new() -> Self {
        Self(None)
    }

    /// Adds one attribute at the end.
    ///
    /// # Errors
    /// A name out of the grammar or already there, a value too long, or one attribute too many.
    pub fn insert(&mut self, name: &str, value: &str) -> Result<(), InvalidAttribute> {
        let in_grammar = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
        if name.is_empty() || name.len() > Self::MAX_NAME || !in_grammar {
            return Err(InvalidAttribute::Name);
        }
        if value.len() > Self::MAX_VALUE {
            return Err(InvalidAttribute::Value);
        }
        if self.get(name).is_some() {
            return Err(InvalidAttribute::Repeated);
        }
        if self.iter().len() >= Self::MAX {
            return Err(InvalidAttribute::TooMany);
        }
        self.0.get_or_insert_default().0.push((name.into(), value.into()));
        Ok(())
    }

    /// The value of one attribute.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(own, _)| *own == name).map(|(_, value)| value)
    }

    /// All attributes, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0.as_deref().map_or(&[][..], |list| &list.0).iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }
}

impl Serialize for Attributes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

/// Why an attribute is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidAttribute {
    /// The name is empty, longer than 64 bytes, or out of the grammar.
    #[error("an attribute name has 1 to 64 letters, digits, hyphens, dots and underscores")]
    Name,
    /// The value is longer than 1024 bytes.
    #[error("an attribute value has at most 1024 bytes")]
    Value,
    /// The name is there already.
    #[error("an attribute is given twice")]
    Repeated,
    /// More than 32 attributes.
    #[error("a grant has at most 32 attributes")]
    TooMany,
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    // N-017
    #[test]
    fn limits_hold_at_n_and_n_plus_one() {
        let mut attributes = Attributes::new();
        for n in 0..Attributes::MAX {
            attributes.insert(&format!("a{n}"), "").unwrap();
        }
        assert_eq!(attributes.insert("more", ""), Err(InvalidAttribute::TooMany));
        let mut attributes = Attributes::new();
        assert_eq!(attributes.insert(&"n".repeat(65), ""), Err(InvalidAttribute::Name));
        assert_eq!(attributes.insert("n", &"v".repeat(1025)), Err(InvalidAttribute::Value));
        attributes.insert(&"n".repeat(64), &"v".repeat(1024)).unwrap();
        assert_eq!(attributes.insert(&"n".repeat(64), ""), Err(InvalidAttribute::Repeated));
        assert_eq!(attributes.insert("a b", ""), Err(InvalidAttribute::Name));
    }
}
