//! Reading one string out of a small JSON object. RFC 8259, RFC 7493 §2.3.
//!
//! The reader is `serde_json`, which keeps the last of two members with one name. Two readers of such a body may see
//! two different requests, so it is refused here, at any depth.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use zeroize::Zeroizing;

/// The deepest nesting read: the object itself is 1. Nothing this crate asks for lies deeper than 1.
const DEPTH: usize = 8;

/// Why a JSON body was refused. Every case is `invalid_request`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonBodyError {
    /// Not JSON at all, or more than one value, or not UTF-8.
    #[error("the body is not JSON")]
    Malformed,
    /// JSON, but an array, a string, a number, or nothing.
    #[error("the body is not a JSON object")]
    NotAnObject,
    /// An object names a member twice.
    #[error("the body repeats a JSON member")]
    RepeatedMember,
    /// Nested more than eight deep.
    #[error("the body is nested too deeply")]
    TooDeep,
}

/// The string member `name` of the object `body`.
///
/// `None` where it is absent, `null`, empty, or not a string: a request that does not say it. Other members are
/// ignored. The string may be a secret and is wiped on drop.
///
/// # Errors
///
/// [`JsonBodyError`] where `body` is not one JSON object with unique member names.
pub fn string_member(body: &[u8], name: &str) -> Result<Option<Zeroizing<String>>, JsonBodyError> {
    let fault = Cell::new(JsonBodyError::Malformed);
    let mut json = serde_json::Deserializer::from_slice(body);
    let found = Object { name, fault: &fault }.deserialize(&mut json).map_err(|_| fault.get())?;
    json.end().map_err(|_| JsonBodyError::Malformed)?;
    Ok(found.filter(|text| !text.is_empty()))
}

/// The top level: an object, of which one member is kept.
struct Object<'a> {
    name: &'a str,
    fault: &'a Cell<JsonBodyError>,
}

/// Any value below the top level: kept if it is a string.
#[derive(Clone, Copy)]
struct Value<'a> {
    depth: usize,
    fault: &'a Cell<JsonBodyError>,
}

/// Tells the fault to whoever called [`string_member`]: the parser's own error can carry text of the client.
fn refuse<E: serde::de::Error>(cell: &Cell<JsonBodyError>, fault: JsonBodyError) -> E {
    cell.set(fault);
    E::custom(fault)
}

/// Reads all members of one object; keeps what `wanted` names.
fn members<'de, A: MapAccess<'de>>(
    mut map: A,
    wanted: Option<&str>,
    value: Value<'_>,
) -> Result<Option<Zeroizing<String>>, A::Error> {
    let mut names = BTreeSet::new();
    let mut found = None;
    while let Some(name) = map.next_key::<String>()? {
        let text = map.next_value_seed(value)?;
        if wanted == Some(name.as_str()) {
            found = text;
        }
        if !names.insert(name) {
            return Err(refuse(value.fault, JsonBodyError::RepeatedMember));
        }
    }
    Ok(found)
}

impl<'de> DeserializeSeed<'de> for Object<'_> {
    type Value = Option<Zeroizing<String>>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Object<'_> {
    type Value = Option<Zeroizing<String>>;

    // Nobody reads this: the parser's message is thrown away.
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        members(map, Some(self.name), Value { depth: 2, fault: self.fault })
    }

    // The rest of the body is not read: what is not an object is refused, well-formed or not.
    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Self::Value, A::Error> {
        Err(refuse(self.fault, JsonBodyError::NotAnObject))
    }

    fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<Self::Value, E> {
        Err(refuse(self.fault, JsonBodyError::NotAnObject))
    }

    fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<Self::Value, E> {
        Err(refuse(self.fault, JsonBodyError::NotAnObject))
    }

    fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<Self::Value, E> {
        Err(refuse(self.fault, JsonBodyError::NotAnObject))
    }

    fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<Self::Value, E> {
        Err(refuse(self.fault, JsonBodyError::NotAnObject))
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<Self::Value, E> {
        Err(refuse(self.fault, JsonBodyError::NotAnObject))
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Self::Value, E> {
        Err(refuse(self.fault, JsonBodyError::NotAnObject))
    }
}

impl Value<'_> {
    /// The value one level down; refused where that is too deep.
    fn below<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth > DEPTH {
            return Err(refuse(self.fault, JsonBodyError::TooDeep));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = Option<Zeroizing<String>>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_any(self)
    }
}

/// Whatever is no text comes to `None`, which is the default of its type, too.
impl<'de> Visitor<'de> for Value<'_> {
    type Value = Option<Zeroizing<String>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let below = self.below()?;
        members(map, None, below)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let below = self.below::<A::Error>()?;
        while items.next_element_seed(below)?.is_some() {}
        Ok(None)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(Zeroizing::new(text.to_owned())))
    }

    fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(body: &str) -> Result<Option<String>, JsonBodyError> {
        string_member(body.as_bytes(), "refreshToken").map(|found| found.map(|text| text.to_string()))
    }

    #[test]
    fn reads_the_documented_example() {
        let body = r#"{ "refreshToken": "dGhpcyBpcyBhIHJlZnJlc2hUb2tlbi..." }"#;
        assert_eq!(read(body), Ok(Some("dGhpcyBpcyBhIHJlZnJlc2hUb2tlbi...".to_owned())));
    }

    #[test]
    fn other_members_are_ignored() {
        let body = r#"{"a":[1,-1,1.5,true,null,"x",{"refreshToken":"no"}],"refreshToken":"yes","b":{}}"#;
        assert_eq!(read(body), Ok(Some("yes".to_owned())));
    }

    #[test]
    fn what_is_no_text_is_missing() {
        for value in ["null", "\"\"", "5", "-5", "1e3", "true", "[]", "[\"x\"]", "{}", "{\"refreshToken\":\"x\"}"] {
            assert_eq!(read(&format!("{{\"refreshToken\":{value}}}")), Ok(None), "{value}");
        }
        for body in ["{}", r#"{"refresh_token":"x"}"#, r#"{"RefreshToken":"x"}"#] {
            assert_eq!(read(body), Ok(None), "{body}");
        }
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for body in ["[\"x\"]", "\"x\"", "1", "-1", "1.5", "true", "null", "[", "[]"] {
            assert_eq!(read(body), Err(JsonBodyError::NotAnObject), "{body}");
        }
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for body in [
            "",
            " ",
            "{",
            "{\"refreshToken\":",
            "{\"refreshToken\":\"x\"",
            "{\"refreshToken\":\"x\"}}",
            "{\"refreshToken\":\"x\"} {}",
            "{\"refreshToken\":\"x\",}",
            "{refreshToken:\"x\"}",
            "{\"refreshToken\":\"\u{1}\"}",
            "{\"refreshToken\":\"\\ud800\"}",
            "\u{feff}{}",
            "refreshToken=x",
        ] {
            assert_eq!(read(body), Err(JsonBodyError::Malformed), "{body}");
        }
        assert_eq!(string_member(b"{\"refreshToken\":\"\xff\"}", "refreshToken"), Err(JsonBodyError::Malformed));
    }

    #[test]
    fn two_members_with_one_name_are_refused() {
        for body in [
            r#"{"refreshToken":"x","refreshToken":"x"}"#,
            r#"{"refreshToken":null,"refreshToken":"x"}"#,
            r#"{"refreshToken":"x","refresh\u0054oken":"y"}"#,
            r#"{"refreshToken":"x","a":1,"a":2}"#,
            r#"{"refreshToken":"x","a":[{"b":1,"b":2}]}"#,
        ] {
            assert_eq!(read(body), Err(JsonBodyError::RepeatedMember), "{body}");
        }
    }

    #[test]
    fn the_depth_is_bounded() {
        // The object is 1, so seven arrays reach 8.
        let nested = |n: usize| format!("{{\"a\":{}{}}}", "[".repeat(n), "]".repeat(n));
        assert_eq!(read(&nested(DEPTH - 1)), Ok(None));
        assert_eq!(read(&nested(DEPTH)), Err(JsonBodyError::TooDeep));
        assert_eq!(read(&nested(30_000)), Err(JsonBodyError::TooDeep));
        let objects = "{\"a\":".repeat(30_000);
        assert_eq!(read(&objects), Err(JsonBodyError::TooDeep));
    }

    proptest! {
        #[test]
        fn every_string_comes_back(text in ".{1,60}") {
            let body = serde_json::json!({"x": 1, "refreshToken": text}).to_string();
            prop_assert_eq!(read(&body), Ok(Some(text)));
        }

        #[test]
        fn no_body_is_too_strange(body in "[\\[\\]{}\":,a1\\\\ ]{0,80}") {
            let _ = read(&body);
        }

        #[test]
        fn agrees_with_serde_json_on_what_is_an_object(body in "\\{\"a\":[0-9\"\\[\\]{},:a]{0,12}\\}") {
            let other = serde_json::from_str::<serde_json::Map<_, _>>(&body);
            match read(&body) {
                Ok(_) => prop_assert!(other.is_ok()),
                Err(JsonBodyError::Malformed | JsonBodyError::NotAnObject) => prop_assert!(other.is_err()),
                Err(_) => {}
            }
        }
    }
}
