//! What a vector expects of an answer.

use crate::pattern::Rule;
use serde::Deserialize;
use std::collections::BTreeMap;

/// One value or a list of them, of which any will do.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum OneOf<T> {
    /// Exactly this.
    One(T),
    /// Any of these.
    Any(Vec<T>),
}

impl<T: PartialEq> OneOf<T> {
    /// True if the value is one of those allowed.
    pub fn allows(&self, value: &T) -> bool {
        match self {
            Self::One(one) => one == value,
            Self::Any(any) => any.contains(value),
        }
    }
}

/// The usual kinds of answer, so that a vector names one instead of listing its members and header fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// RFC 6749 §5.1: 200, JSON, not to be cached, with `access_token`, `token_type` Bearer, `expires_in` and `scope`.
    Tokens,
    /// RFC 6749 §5.2: JSON, not to be cached, `error` and maybe `error_description`, no token. The status must be given.
    Error,
    /// RFC 7662 §2.2: 200 and exactly `{"active":false}`.
    Inactive,
    /// RFC 7662 §2.2: 200 and `active` true.
    Active,
    /// RFC 7009 §2.2: 200, an empty body that is declared as JSON of length 0, and nothing about the token in the header.
    Revoked,
}

/// The type of a JSON member; a trailing `?` allows it to be absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum JsonType {
    /// A string.
    #[serde(rename = "string")]
    String,
    /// A string, if present.
    #[serde(rename = "string?")]
    OptionalString,
    /// A number without fraction or exponent.
    #[serde(rename = "integer")]
    Integer,
    /// An array of strings.
    #[serde(rename = "strings")]
    Strings,
    /// True or false.
    #[serde(rename = "boolean")]
    Boolean,
}

/// What an answer must be. Everything is optional; what is absent is not looked at.
///
/// Beside it, every answer must keep the rules that hold for all: see [`check`](crate::check::Checker::complaints).
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Expectation {
    /// A usual kind of answer; the other fields come on top.
    pub is: Option<Shape>,
    /// The status; 0 is a connection that ended without an answer.
    pub status: Option<OneOf<u16>>,
    /// The member `error`.
    pub error: Option<OneOf<String>>,
    /// Members that must be there.
    pub members: Vec<String>,
    /// Members and their values; a string may hold placeholders.
    pub equals: BTreeMap<String, toml::Value>,
    /// Members that must be absent.
    pub lacks: Vec<String>,
    /// The members, all of them, in any order.
    pub only: Option<Vec<String>>,
    /// The members, all of them, in this order.
    pub order: Option<Vec<String>>,
    /// The types of members.
    pub types: BTreeMap<String, JsonType>,
    /// Rules that the text of members keeps, where they are present.
    pub rules: BTreeMap<String, Rule>,
    /// Inclusive bounds of numbers.
    pub within: BTreeMap<String, (i64, i64)>,
    /// Members that are the host's time in whole seconds, give or take five.
    pub near_now: Vec<String>,
    /// Members that must be there and be another text.
    pub differs: BTreeMap<String, String>,
    /// Members that must be absent or this text.
    pub absent_or: BTreeMap<String, String>,
    /// The scope as a set.
    pub scope: Option<Vec<String>>,
    /// Array members that must contain these texts.
    pub contains: BTreeMap<String, Vec<String>>,
    /// Header fields: exact, `~x` contains, `*` matches anything. One of several fields of that name is enough.
    pub headers: BTreeMap<String, String>,
    /// Header fields that must be absent.
    pub lacks_headers: Vec<String>,
    /// Header fields that must be there exactly once.
    pub once: Vec<String>,
    /// True: the body is empty. False: it is not.
    pub empty: Option<bool>,
    /// Texts, with placeholders, that occur nowhere in the answer.
    pub nowhere: Vec<String>,
    /// The same status, header (but `Date`) and body as the answer to the step of this name.
    pub same_as: Option<String>,
    /// With `parallel`: how many answers had which status, for example `{ 200 = 1 }`.
    pub counts: BTreeMap<String, usize>,
    /// With `parallel`: members that are equal in all successful answers.
    pub all_equal: Vec<String>,
    /// Texts, with placeholders, that occur nowhere in the host's log.
    pub not_logged: Vec<String>,
}

impl Expectation {
    /// Every text about an answer in which a placeholder may stand.
    pub fn texts(&self) -> Vec<String> {
        let equals = self.equals.values().filter_map(toml::Value::as_str);
        let others = self.differs.values().chain(self.absent_or.values()).chain(&self.nowhere);
        equals.chain(others.map(String::as_str)).map(str::to_owned).collect()
    }
}

impl Shape {
    /// What the shape stands for, in the terms of an expectation.
    pub fn expectation(self) -> Expectation {
        match self {
            Self::Tokens => tokens(),
            Self::Error => error(),
            Self::Active => Expectation { equals: active(true), ..introspection() },
            Self::Inactive => {
                Expectation { equals: active(false), only: Some(strings(&["active"])), ..introspection() }
            }
            Self::Revoked => revoked(),
        }
    }
}

fn tokens() -> Expectation {
    Expectation {
        status: Some(OneOf::One(200)),
        members: strings(&["access_token", "token_type", "expires_in", "scope"]),
        equals: BTreeMap::from([("token_type".to_owned(), "Bearer".into())]),
        types: BTreeMap::from([
            ("access_token".to_owned(), JsonType::String),
            ("expires_in".to_owned(), JsonType::Integer),
            ("scope".to_owned(), JsonType::String),
        ]),
        headers: fields(&[
            ("Content-Type", "application/json*"),
            ("Cache-Control", "~no-store"),
            ("Pragma", "no-cache"),
        ]),
        ..Expectation::default()
    }
}

fn error() -> Expectation {
    Expectation {
        members: strings(&["error"]),
        lacks: strings(&["access_token", "refresh_token", "active"]),
        types: BTreeMap::from([
            ("error".to_owned(), JsonType::String),
            ("error_description".to_owned(), JsonType::OptionalString),
        ]),
        headers: fields(&[("Content-Type", "application/json*"), ("Cache-Control", "~no-store")]),
        ..Expectation::default()
    }
}

fn introspection() -> Expectation {
    Expectation {
        status: Some(OneOf::One(200)),
        headers: fields(&[("Content-Type", "application/json*"), ("Cache-Control", "~no-store")]),
        ..Expectation::default()
    }
}

fn revoked() -> Expectation {
    Expectation {
        status: Some(OneOf::One(200)),
        empty: Some(true),
        headers: fields(&[("Content-Type", "application/json*"), ("Content-Length", "0")]),
        lacks_headers: strings(&["RevokedAccessToken", "RevokedRefreshToken", "AuthorizedUser"]),
        ..Expectation::default()
    }
}

fn active(value: bool) -> BTreeMap<String, toml::Value> {
    BTreeMap::from([("active".to_owned(), value.into())])
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn fields(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}
