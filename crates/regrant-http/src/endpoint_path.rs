//! Where an endpoint stands. RFC 6749 §3.2.

use std::borrow::Borrow;
use std::fmt;

use http::uri::PathAndQuery;

/// The path of one endpoint: it starts with `/`, holds no query and no fragment, and is matched exactly.
///
/// `/token` is not `/token/`, nor `/Token`, nor `/%74oken`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EndpointPath(String);

/// A text that is no path of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the path of an endpoint starts with a slash and holds no query, no fragment and no blank")]
pub struct InvalidEndpointPath;

impl EndpointPath {
    /// Reads a path.
    ///
    /// # Errors
    ///
    /// [`InvalidEndpointPath`] where `text` is not of the form above.
    pub fn parse(text: &str) -> Result<Self, InvalidEndpointPath> {
        let read = PathAndQuery::try_from(text).map_err(|_| InvalidEndpointPath)?;
        if text.starts_with('/') && read.path() == text { Ok(Self(text.to_owned())) } else { Err(InvalidEndpointPath) }
    }

    /// The path as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for EndpointPath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for EndpointPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EndpointPath").field(&self.0).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_a_path() {
        for text in ["/", "/token", "/v1/auth/token", "/a%20b"] {
            assert_eq!(EndpointPath::parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn refuses_what_could_never_match() {
        for text in ["", "token", "/token?tenant=a", "/token#x", "/to ken", "*", "https://as.example/token"] {
            assert_eq!(EndpointPath::parse(text), Err(InvalidEndpointPath), "{text}");
        }
    }
}
