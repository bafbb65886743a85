//! What an answer of the demonstration must be: status, headers, members, their order, texts byte for byte.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::wire::Answer;
use crate::clock;

/// The answer that is expected.
#[derive(Debug, Clone)]
pub(super) struct Expected {
    status: u16,
    headers: Vec<(&'static str, &'static str)>,
    body: Body,
}

#[derive(Debug, Clone)]
enum Body {
    Exactly(String),
    Members(Vec<(&'static str, Is)>),
}

/// What a member must be.
#[derive(Debug, Clone)]
pub(super) enum Is {
    /// This text.
    Text(String),
    /// This truth.
    Bool(bool),
    /// A token of so many lower-case hex digits.
    Hex(usize),
    /// A token of so many characters of base64url.
    Base64Url(usize),
    /// A number of seconds: this many, or a few less because time passes.
    Seconds(u64),
    /// The present, in whole seconds since 1970.
    Now,
    /// A later instant, in whole seconds since 1970.
    Later,
}

impl Is {
    pub(super) fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// How many seconds the demonstration may take without any answer being wrong for it.
const SLACK: u64 = 60;

/// The header fields of every answer that no cache may keep.
const UNCACHEABLE: [(&str, &str); 2] = [("cache-control", "no-store"), ("pragma", "no-cache")];

impl Expected {
    /// 200 with these members, in this order, and no others.
    pub(super) fn members(members: Vec<(&'static str, Is)>) -> Self {
        Self { status: 200, headers: UNCACHEABLE.to_vec(), body: Body::Members(members) }
    }

    /// An error with these two members.
    pub(super) fn error(status: u16, code: &str, description: &str) -> Self {
        let body = format!(r#"{{"error":"{code}","error_description":"{description}"}}"#);
        Self { status, headers: UNCACHEABLE.to_vec(), body: Body::Exactly(body) }
    }

    /// 200 with this body.
    pub(super) fn exactly(body: &str) -> Self {
        Self { status: 200, headers: UNCACHEABLE.to_vec(), body: Body::Exactly(body.to_owned()) }
    }

    /// The same with one more header field that begins with `value`.
    pub(super) fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The same without a word about caches.
    pub(super) fn cacheable(mut self) -> Self {
        self.headers.clear();
        self
    }

    /// Everything that is wrong with an answer.
    pub(super) fn complaints(&self, answer: &Answer) -> Vec<String> {
        let mut complaints = Vec::new();
        if answer.status != self.status {
            complaints.push(format!("status {}, expected {}", answer.status, self.status));
        }
        for (name, value) in &self.headers {
            if !answer.header(name).is_some_and(|found| found.starts_with(value)) {
                complaints.push(format!("header {name}: expected {value}"));
            }
        }
        match &self.body {
            Body::Exactly(text) if answer.body == *text => {}
            Body::Exactly(text) => complaints.push(format!("expected the body {text:?}")),
            Body::Members(members) => complaints.extend(wrong_members(&answer.body, members)),
        }
        complaints
    }
}

fn wrong_members(body: &str, expected: &[(&'static str, Is)]) -> Vec<String> {
    let Ok(Members(found)) = serde_json::from_str(body) else {
        return vec!["expected an object of json".to_owned()];
    };
    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    let wanted: Vec<&str> = expected.iter().map(|(name, _)| *name).collect();
    if names != wanted {
        return vec![format!("members {names:?}, expected {wanted:?} in this order")];
    }
    let pairs = found.iter().zip(expected).filter(|((_, value), (_, is))| !is.met_by(value));
    pairs.map(|(_, (name, is))| format!("{name}: expected {is:?}")).collect()
}

impl Is {
    fn met_by(&self, value: &Value) -> bool {
        let number = value.as_u64();
        let now = clock::now().unix_seconds();
        let lower_hex = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f');
        let base64url = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        match self {
            Self::Text(text) => value.as_str() == Some(text),
            Self::Bool(truth) => value.as_bool() == Some(*truth),
            Self::Hex(length) => is_token(value, *length, lower_hex),
            Self::Base64Url(length) => is_token(value, *length, base64url),
            Self::Seconds(most) => number.is_some_and(|seconds| is_just_before(seconds, *most)),
            Self::Now => number.is_some_and(|instant| is_just_before(instant, now)),
            Self::Later => number.is_some_and(|instant| instant > now),
        }
    }
}

/// Whether a number is `end` or a little below.
fn is_just_before(number: u64, end: u64) -> bool {
    number <= end && number.saturating_add(SLACK) >= end
}

fn is_token(value: &Value, length: usize, allowed: impl Fn(u8) -> bool) -> bool {
    value.as_str().is_some_and(|text| text.len() == length && text.bytes().all(allowed))
}

/// The members of an object, in the order in which they stand.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Members, M::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        let headers = UNCACHEABLE.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Answer { status, headers: headers.collect(), body: body.to_owned() }
    }

    #[test]
    fn every_difference_is_a_complaint() {
        let expected = Expected::members(vec![("a", Is::Hex(4)), ("b", Is::Seconds(10))]);
        let wrong = |status, body| expected.complaints(&answer(status, body)).len();
        assert_eq!(wrong(200, r#"{"a":"00ff","b":9}"#), 0);
        for (status, body) in [
            (201, r#"{"a":"00ff","b":9}"#),
            (200, r#"{"b":9,"a":"00ff"}"#),
            (200, r#"{"a":"00FF","b":9}"#),
            (200, r#"{"a":"00ff","b":"9"}"#),
            (200, r#"{"a":"00ff","b":11}"#),
            (200, r#"{"a":"00ff","b":9,"c":1}"#),
            (200, ""),
        ] {
            assert_eq!(wrong(status, body), 1, "{body}");
        }
    }

    #[test]
    fn an_error_is_compared_byte_for_byte() {
        let expected = Expected::error(400, "x", "Y.").with("www-authenticate", "Basic");
        let mut right = answer(400, r#"{"error":"x","error_description":"Y."}"#);
        right.headers.push(("WWW-Authenticate".to_owned(), "Basic realm=\"r\"".to_owned()));
        assert!(expected.complaints(&right).is_empty());
        right.body.push(' ');
        assert_eq!(expected.complaints(&right).len(), 1);
    }
}
