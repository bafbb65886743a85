//! An answer, taken apart.

use std::fmt;

use http::Response;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

/// What came back.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

/// The members of one JSON object, in order.
pub(crate) struct Members(pub(crate) Vec<(String, Value)>);

impl Answer {
    pub(crate) fn of(response: Response<Vec<u8>>) -> Self {
        let (parts, body) = response.into_parts();
        let text = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
            (name.to_string(), value.to_str().unwrap().to_owned())
        };
        Self {
            status: parts.status.as_u16(),
            headers: parts.headers.iter().map(text).collect(),
            body: String::from_utf8(body).unwrap(),
        }
    }

    /// The one value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(own, _)| own == name).map(|(_, value)| value.as_str());
        let first = values.next();
        assert!(values.next().is_none(), "{name} twice");
        first
    }

    pub(crate) fn header_names(&self) -> Vec<&str> {
        self.headers.iter().map(|(name, _)| name.as_str()).collect()
    }

    pub(crate) fn header_values(&self) -> impl Iterator<Item = &str> {
        self.headers.iter().map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// One string member.
    pub(crate) fn text(&self, member: &str) -> String {
        self.json()[member].as_str().unwrap_or_else(|| panic!("no {member} in {}", self.body)).to_owned()
    }

    /// The code of an error answer, empty for any other.
    pub(crate) fn error(&self) -> String {
        serde_json::from_str::<Value>(&self.body)
            .ok()
            .and_then(|json| json["error"].as_str().map(str::to_owned))
            .unwrap_or_default()
    }

    pub(crate) fn shape(&self) -> Vec<(String, &'static str)> {
        shape(&self.body)
    }

    /// N-135, N-146: what every answer of an endpoint carries.
    pub(crate) fn assert_guarded(&self) {
        assert_eq!(self.header("cache-control"), Some("no-store"), "{self:?}");
        assert_eq!(self.header("pragma"), Some("no-cache"), "{self:?}");
        assert!(self.header("content-type").unwrap().starts_with("application/json"), "{self:?}");
        assert_eq!(self.header("content-length"), Some(self.body.len().to_string().as_str()), "{self:?}");
        assert!(self.header("www-authenticate").is_some() || self.status != 401, "{self:?}");
    }
}

/// The names of the members in order, each with the type of its value.
pub(crate) fn shape(json: &str) -> Vec<(String, &'static str)> {
    let Members(members) = serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {json}"));
    let kind = |value: &Value| match value {
        Value::String(_) => "string",
        Value::Number(number) if number.is_u64() => "integer",
        Value::Bool(_) => "boolean",
        _ => "other",
    };
    members.into_iter().map(|(name, value)| (name, kind(&value))).collect()
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        json.deserialize_map(InOrder)
    }
}
