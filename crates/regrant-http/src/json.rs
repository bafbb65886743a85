//! Writing one flat JSON object. RFC 8259.
//!
//! By hand, because the order of members is part of what the dialects promise, and because a token answer is seven
//! members long: there is nothing to gain from a tree.

use std::fmt::{self, Write as _};

/// A JSON object under construction. Members stand in the order in which they are added; nothing is ever `null` (N-136).
///
/// INVARIANT: the caller adds each name once (N-010). Names come from this crate, never from a request.
///
/// ```
/// use regrant_http::JsonObject;
///
/// let body = JsonObject::new().string("token_type", "Bearer").integer("expires_in", 3600).finish();
/// assert_eq!(body, br#"{"token_type":"Bearer","expires_in":3600}"#);
/// ```
#[must_use]
pub struct JsonObject {
    buffer: String,
}

impl JsonObject {
    /// An object without members.
    pub fn new() -> Self {
        Self::with_room(640)
    }

    /// An object with room for as many octets, so that the buffer does not grow and leave copies of tokens behind.
    pub(crate) fn with_room(octets: usize) -> Self {
        Self { buffer: String::with_capacity(octets) }
    }

    /// Adds a string.
    pub fn string(mut self, name: &str, value: &str) -> Self {
        self.name(name);
        push_string(&mut self.buffer, value);
        self
    }

    /// Adds a string if there is one (N-136).
    pub fn optional_string(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.string(name, value),
            None => self,
        }
    }

    /// Adds a string that `write` appends to the buffer itself, so that no copy of a token is left behind.
    ///
    /// INVARIANT: what is written needs no escape. Both encodings of tokens are letters, digits, `-` and `_`.
    pub(crate) fn written(mut self, name: &str, write: impl FnOnce(&mut String)) -> Self {
        self.name(name);
        self.buffer.push('"');
        write(&mut self.buffer);
        self.buffer.push('"');
        self
    }

    /// Adds a whole number.
    pub fn integer(mut self, name: &str, value: u64) -> Self {
        self.name(name);
        // Writing to a string cannot fail.
        let _ = write!(self.buffer, "{value}");
        self
    }

    /// Adds `true` or `false`.
    pub fn boolean(mut self, name: &str, value: bool) -> Self {
        self.name(name);
        self.buffer.push_str(if value { "true" } else { "false" });
        self
    }

    /// Adds an array of strings, or nothing if it would be empty (RFC 8414 §3.2, N-171).
    pub fn strings(mut self, name: &str, values: &[&str]) -> Self {
        if values.is_empty() {
            return self;
        }
        self.name(name);
        for (position, value) in values.iter().enumerate() {
            self.buffer.push(if position == 0 { '[' } else { ',' });
            push_string(&mut self.buffer, value);
        }
        self.buffer.push(']');
        self
    }

    /// The object as UTF-8.
    pub fn finish(mut self) -> Vec<u8> {
        self.buffer.push_str(if self.buffer.is_empty() { "{}" } else { "}" });
        self.buffer.into_bytes()
    }

    fn name(&mut self, name: &str) {
        self.buffer.push_str(if self.buffer.is_empty() { "{\"" } else { ",\"" });
        push_inner(&mut self.buffer, name);
        self.buffer.push_str("\":");
    }
}

impl fmt::Debug for JsonObject {
    /// Shows nothing: the members may be tokens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JsonObject(..)")
    }
}

impl Default for JsonObject {
    fn default() -> Self {
        Self::new()
    }
}

/// Writes `text` as a JSON string: `"`, `\` and control characters escaped (RFC 8259 §7), everything else as it is.
fn push_string(buffer: &mut String, text: &str) {
    buffer.push('"');
    push_inner(buffer, text);
    buffer.push('"');
}

/// The same without the quotes.
fn push_inner(buffer: &mut String, text: &str) {
    // All octets are looked at, without a branch for each.
    let escaped = |byte: u8| u8::from(byte < b' ') | u8::from(byte == b'"') | u8::from(byte == b'\\');
    if text.bytes().fold(0, |any, byte| any | escaped(byte)) == 0 {
        buffer.push_str(text);
    } else {
        text.chars().for_each(|c| push_escaped(buffer, c));
    }
}

fn push_escaped(buffer: &mut String, c: char) {
    match c {
        '"' => buffer.push_str("\\\""),
        '\\' => buffer.push_str("\\\\"),
        '\0'..='\u{1f}' => {
            let digit = |value: u32| char::from_digit(value, 16).unwrap_or('0');
            buffer.push_str("\\u00");
            buffer.push(digit(u32::from(c) >> 4));
            buffer.push(digit(u32::from(c) & 0xf));
        }
        other => buffer.push(other),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(object: JsonObject) -> String {
        String::from_utf8(object.finish()).unwrap()
    }

    #[test]
    fn writes_members_in_the_order_given() {
        let object = JsonObject::new()
            .string("b", "1")
            .integer("a", u64::MAX)
            .boolean("t", true)
            .boolean("f", false)
            .strings("l", &["x", "y"]);
        assert_eq!(text(object), r#"{"b":"1","a":18446744073709551615,"t":true,"f":false,"l":["x","y"]}"#);
    }

    #[test]
    fn leaves_out_what_is_not_there() {
        // N-136, N-171
        assert_eq!(text(JsonObject::new()), "{}");
        assert_eq!(text(JsonObject::new().optional_string("a", None).strings("b", &[])), "{}");
        assert_eq!(text(JsonObject::default().optional_string("a", Some("x"))), r#"{"a":"x"}"#);
    }

    #[test]
    fn debug_shows_no_member() {
        assert_eq!(format!("{:?}", JsonObject::new().string("access_token", "hunter2")), "JsonObject(..)");
    }

    #[test]
    fn escapes_what_must_be_escaped() {
        assert_eq!(
            text(JsonObject::new().string("a", "\"\\/\n\0\u{1f}\u{7f}é")),
            "{\"a\":\"\\\"\\\\/\\u000a\\u0000\\u001f\u{7f}é\"}"
        );
    }

    /// A text of nothing but such characters, too: no test of one of them may stand in for another.
    #[test]
    fn escapes_what_stands_alone() {
        for (alone, written) in
            [("\"\"", r#""\"\"""#), ("\\\\", r#""\\\\""#), ("\n\r", r#""\u000a\u000d""#), ("  ", "\"  \"")]
        {
            assert_eq!(text(JsonObject::new().string("a", alone)), format!("{{\"a\":{written}}}"));
        }
    }

    proptest! {
        #[test]
        fn another_parser_reads_the_same(name in any::<String>(), value in any::<String>(), number in any::<u64>()) {
            let body = JsonObject::new().string(&name, &value).strings("list", &[&value, &name]).integer("n", number).finish();
            let read: serde_json::Value = serde_json::from_slice(&body).unwrap();
            prop_assume!(name != "list" && name != "n");
            prop_assert_eq!(&read, &serde_json::json!({name.clone(): value, "list": [value, name], "n": number}));
        }
    }
}
