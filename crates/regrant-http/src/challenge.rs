//! What a `401` tells the client to do: `WWW-Authenticate`. RFC 9110 §11.6.1, RFC 7617 §2, RFC 6750 §3.

use http::HeaderValue;

/// The name of a protection space, as it stands in every challenge.
///
/// `realm = 1*( %x20-21 / %x23-5B / %x5D-7E )`: what a quoted string holds without escaping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Realm {
    name: String,
    basic: HeaderValue,
    bearer: HeaderValue,
}

/// A realm that is empty or holds a quote, a backslash, or anything beyond printable ASCII.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a realm is one or more printable ASCII characters without quote and backslash")]
pub struct InvalidRealm;

impl Realm {
    /// Reads a realm.
    ///
    /// # Errors
    ///
    /// [`InvalidRealm`] where `name` is not of the form above.
    pub fn parse(name: &str) -> Result<Self, InvalidRealm> {
        if name.is_empty() || !is_quotable(name) {
            return Err(InvalidRealm);
        }
        Ok(Self {
            name: name.to_owned(),
            // N-033: the only charset that RFC 7617 knows.
            basic: header(&format!("Basic realm=\"{name}\", charset=\"UTF-8\""))?,
            // N-180
            bearer: header(&format!("Bearer realm=\"{name}\""))?,
        })
    }

    /// The name alone.
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// `Basic realm="…", charset="UTF-8"`, the challenge of an endpoint that authenticates clients.
    pub fn basic(&self) -> HeaderValue {
        self.basic.clone()
    }

    /// `Bearer realm="…"`, for a request that brought no token and so made no error (N-181).
    pub fn bearer(&self) -> HeaderValue {
        self.bearer.clone()
    }

    /// `Bearer realm="…", error="…", error_description="…"`, for a request whose token did not do (N-182).
    ///
    /// A text outside the alphabet of RFC 6750 §3 is left out rather than escaped (N-183); a code outside it leaves the
    /// plain challenge.
    pub fn bearer_error(&self, code: &str, description: &str) -> HeaderValue {
        let mut text = format!("Bearer realm=\"{}\"", self.name);
        for (name, value) in [("error", code), ("error_description", description)] {
            if value.is_empty() || !is_quotable(value) {
                break;
            }
            text.extend([", ", name, "=\"", value, "\""]);
        }
        header(&text).unwrap_or_else(|_| self.bearer())
    }
}

/// The alphabet of realm, `error` and `error_description`: `%x20-21 / %x23-5B / %x5D-7E` (N-141, N-142).
fn is_quotable(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\')
}

fn header(text: &str) -> Result<HeaderValue, InvalidRealm> {
    HeaderValue::from_str(text).map_err(|_| InvalidRealm)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn writes_the_challenges() {
        let realm = Realm::parse("our tokens").unwrap();
        assert_eq!(realm.as_str(), "our tokens");
        assert_eq!(realm.basic(), "Basic realm=\"our tokens\", charset=\"UTF-8\"");
        assert_eq!(realm.bearer(), "Bearer realm=\"our tokens\"");
        assert_eq!(
            realm.bearer_error("invalid_token", "the token is not valid"),
            "Bearer realm=\"our tokens\", error=\"invalid_token\", error_description=\"the token is not valid\"",
        );
    }

    #[test]
    fn refuses_what_a_quoted_string_cannot_hold() {
        for name in ["", "a\"b", "a\\b", "a\nb", "a\tb", "é", "\u{7f}"] {
            assert_eq!(Realm::parse(name), Err(InvalidRealm), "{name:?}");
        }
    }

    #[test]
    fn leaves_out_a_text_outside_the_alphabet() {
        // N-183
        let realm = Realm::parse("r").unwrap();
        for text in ["", "say \"x\"", "a\\b", "line\nbreak", "é"] {
            assert_eq!(realm.bearer_error("invalid_token", text), "Bearer realm=\"r\", error=\"invalid_token\"");
        }
        assert_eq!(realm.bearer_error("a\"b", "text"), realm.bearer());
    }

    proptest! {
        #[test]
        fn every_challenge_keeps_its_quotes(name in any::<String>(), code in any::<String>(), text in any::<String>()) {
            if let Ok(realm) = Realm::parse(&name) {
                let value = realm.bearer_error(&code, &text);
                let value = value.to_str().unwrap();
                prop_assert!(!value.contains('\\'));
                prop_assert!([2, 4, 6].contains(&value.matches('"').count()));
            }
        }
    }
}
