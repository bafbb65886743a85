//! The `Authorization` header of a request. RFC 9110 §11.6.2, RFC 7617, RFC 6750 §2.1.

use http::HeaderMap;
use http::header::AUTHORIZATION;

use regrant::{AuthorizationHeader, Scheme};

use crate::basic::BasicCredentials;

/// What a request says in its `Authorization` header.
#[derive(Debug)]
#[non_exhaustive]
pub enum Authorization<'a> {
    /// There is no such header.
    Absent,
    /// `Basic` with credentials that can be read.
    Basic(BasicCredentials),
    /// The `Basic` scheme with anything else behind it.
    MalformedBasic,
    /// `Bearer` with a token of the right alphabet.
    Bearer(BearerToken<'a>),
    /// The `Bearer` scheme with anything else behind it.
    MalformedBearer,
    /// Another scheme, or no scheme at all.
    Other,
    /// The header is there more than once: more than one mechanism, whatever they say (N-023).
    Several,
}

impl<'a> Authorization<'a> {
    /// Reads the header. Total: whatever cannot be read is one of the variants.
    pub fn of(headers: &'a HeaderMap) -> Self {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        match (values.next(), values.next()) {
            (None, _) => Self::Absent,
            (Some(value), None) => value.to_str().map_or(Self::Other, Self::parse),
            (Some(_), Some(_)) => Self::Several,
        }
    }

    /// The same in the engine's terms.
    pub(crate) fn for_engine(&self) -> AuthorizationHeader<'_> {
        match self {
            Self::Absent => AuthorizationHeader::Absent,
            Self::Basic(read) => AuthorizationHeader::Basic { user: read.client_id(), password: read.expose_secret() },
            Self::MalformedBasic => AuthorizationHeader::MalformedBasic,
            Self::Bearer(_) | Self::MalformedBearer => AuthorizationHeader::Bearer,
            Self::Other => AuthorizationHeader::Other,
            Self::Several => AuthorizationHeader::Repeated,
        }
    }

    /// The scheme in which a refusal must challenge (N-035).
    pub(crate) const fn scheme(&self) -> Scheme {
        match self {
            Self::Absent => Scheme::None,
            Self::Basic(_) | Self::MalformedBasic => Scheme::Basic,
            Self::Bearer(_) | Self::MalformedBearer => Scheme::Bearer,
            Self::Other | Self::Several => Scheme::Other,
        }
    }

    /// `credentials = auth-scheme [ 1*SP ( token68 / … ) ]`, the scheme in any case (N-032).
    fn parse(value: &'a str) -> Self {
        let value = value.trim_matches([' ', '\t']);
        let (scheme, rest) = value.split_once(' ').unwrap_or((value, ""));
        let token = rest.trim_start_matches(' ');
        if scheme.eq_ignore_ascii_case("Basic") {
            BasicCredentials::parse(token).map_or(Self::MalformedBasic, Self::Basic)
        } else if scheme.eq_ignore_ascii_case("Bearer") {
            BearerToken::parse(token).map_or(Self::MalformedBearer, Self::Bearer)
        } else {
            Self::Other
        }
    }
}

/// The token of a `Bearer` header: `b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`.
#[derive(Clone, Copy)]
pub struct BearerToken<'a>(&'a str);

impl<'a> BearerToken<'a> {
    fn parse(token: &'a str) -> Option<Self> {
        let body = token.trim_end_matches('=');
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
        (!body.is_empty() && body.bytes().all(legal)).then_some(Self(token))
    }

    /// The token as it was sent. The one door to it.
    pub fn expose_secret(&self) -> &'a str {
        self.0
    }
}

impl std::fmt::Debug for BearerToken<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BearerToken(..)")
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn headers(values: &[&[u8]]) -> HeaderMap {
        values.iter().map(|value| (AUTHORIZATION, HeaderValue::from_bytes(value).unwrap())).collect()
    }

    /// One word for what was read.
    fn kind(values: &[&[u8]]) -> String {
        match Authorization::of(&headers(values)) {
            Authorization::Absent => "absent".to_owned(),
            Authorization::Basic(read) => {
                format!("basic {} {}", read.client_id(), read.expose_secret())
            }
            Authorization::MalformedBasic => "malformed basic".to_owned(),
            Authorization::Bearer(token) => format!("bearer {}", token.expose_secret()),
            Authorization::MalformedBearer => "malformed bearer".to_owned(),
            Authorization::Other => "other".to_owned(),
            Authorization::Several => "several".to_owned(),
        }
    }

    #[test]
    fn tells_the_schemes_apart() {
        assert_eq!(kind(&[]), "absent");
        // N-032: any case, any number of spaces.
        for value in ["Basic d2ViOnM=", "basic d2ViOnM=", "BASIC   d2ViOnM=", " Basic d2ViOnM= "] {
            assert_eq!(kind(&[value.as_bytes()]), "basic web s", "{value}");
        }
        for value in ["Basic", "Basic ", "Basic !!!!", "Basic d2Vi", "Basic d2ViOnM= x", "Basic \td2ViOnM="] {
            assert_eq!(kind(&[value.as_bytes()]), "malformed basic", "{value}");
        }
        for value in ["Digest username=\"web\"", "", "BasicX d2ViOnM=", "Basic\td2ViOnM=", "d2ViOnM="] {
            assert_eq!(kind(&[value.as_bytes()]), "other", "{value}");
        }
        assert_eq!(kind(&[b"Basic d2Vi\xffOnM="]), "other", "not even ASCII");
    }

    #[test]
    fn reads_a_bearer_token() {
        assert_eq!(kind(&[b"Bearer aZ0-._~+/=="]), "bearer aZ0-._~+/==");
        assert_eq!(kind(&[b"bearer  nope"]), "bearer nope");
        for value in ["Bearer", "Bearer ", "Bearer =", "Bearer a b", "Bearer a=b", "Bearer \"a\"", "Bearer a,b"] {
            assert_eq!(kind(&[value.as_bytes()]), "malformed bearer", "{value}");
        }
    }

    #[test]
    fn several_headers_are_several_mechanisms() {
        // N-023
        assert_eq!(kind(&[b"Basic d2ViOnM=", b"Basic d2ViOnM="]), "several");
        assert_eq!(kind(&[b"Basic d2ViOnM=", b"x"]), "several");
    }

    #[test]
    fn debug_shows_no_secret() {
        for value in [b"Basic d2ViOmh1bnRlcjI=".as_slice(), b"Bearer hunter2"] {
            let headers = headers(&[value]);
            assert!(!format!("{:?}", Authorization::of(&headers)).contains("hunter2"));
        }
    }

    proptest! {
        #[test]
        fn no_header_is_too_strange(value in "[ -~\u{80}-\u{ff}\t]{0,60}") {
            let _ = kind(&[value.as_bytes()]);
        }
    }
}
