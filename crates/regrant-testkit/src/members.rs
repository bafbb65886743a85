//! A JSON object with its members in the order of the text, repeated ones kept.
//!
//! The order and the uniqueness of members are part of what the vectors check, so a map would hide what matters.

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

/// The members of a JSON object, as written.
#[derive(Debug, Clone, PartialEq)]
pub struct Members(Vec<(String, Value)>);

impl Members {
    /// Reads a body that must be one JSON object.
    ///
    /// # Errors
    ///
    /// The parser's, if the body is not JSON or not an object.
    pub fn parse(body: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(body)
    }

    /// The first member of this name.
    pub fn find(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(member, _)| member == name).map(|(_, value)| value)
    }

    /// The text of the member, if it is a string.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.find(name).and_then(Value::as_str)
    }

    /// The names in the order of the text, repeats kept.
    pub fn names(&self) -> Vec<&str> {
        self.0.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// Names and values in the order of the text.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(InOrder)
    }
}

struct InOrder;

impl<'de> Visitor<'de> for InOrder {
    type Value = Members;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_repeats_survive() {
        let members = Members::parse(br#"{"b":1,"a":"x","b":2}"#).unwrap();
        assert_eq!(members.names(), ["b", "a", "b"]);
        assert_eq!(members.text("a"), Some("x"));
    }

    #[test]
    fn only_one_object_is_an_object() {
        for body in ["[]", "1", "", "{}{}", "{"] {
            assert!(Members::parse(body.as_bytes()).is_err(), "{body}");
        }
    }
}
