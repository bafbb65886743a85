//! The check before a protected resource. RFC 6750 §2.1, §3 (N-180 to N-184).
//!
//! A token counts in the `Authorization` header and nowhere else: in the query it is not looked for, and in a form it is
//! an error beside the header and nothing without it.

use http::{HeaderMap, Response};
use regrant::{Reason, Refusal, Scheme};

use crate::answer::{JSON, uncacheable, with_challenge};
use crate::authorization::{Authorization, BearerToken};
use crate::challenge::Realm;
use crate::dialect::Dialect;
use crate::envelope;
use crate::limits::Limits;
use crate::media_type;
use crate::refusal;

/// How these answers are written: as RFC 6750 says.
const DIALECT: Dialect = Dialect::Rfc6749 { issuer: None };

/// The access token of a request to a protected resource.
///
/// # Errors
///
/// A [`Refusal`] that [`refuse`] knows how to write: no token at all, one that cannot be one, or more than one.
pub fn read<'a>(headers: &'a HeaderMap, body: &[u8], limits: &Limits) -> Result<BearerToken<'a>, Refusal> {
    read_token(headers, body, limits).map_err(|reason| Refusal::new(reason, Scheme::Bearer))
}

fn read_token<'a>(headers: &'a HeaderMap, body: &[u8], limits: &Limits) -> Result<BearerToken<'a>, Reason> {
    envelope::check_size(body, limits)?;
    match Authorization::of(headers) {
        Authorization::Bearer(_) if form_names_token(headers, body, limits)? => Err(Reason::MultipleAccessTokens),
        Authorization::Bearer(token) => Ok(token),
        Authorization::MalformedBearer => Err(Reason::InactiveAccessToken),
        Authorization::Several => Err(Reason::MultipleAccessTokens),
        // N-181: whoever speaks another scheme has sent no token, and so none that is wrong.
        Authorization::Absent | Authorization::Basic(_) | Authorization::MalformedBasic | Authorization::Other => {
            Err(Reason::NoAccessToken)
        }
    }
}

/// Whether the body is a form that carries a token as well (N-184).
fn form_names_token(headers: &HeaderMap, body: &[u8], limits: &Limits) -> Result<bool, Reason> {
    if !media_type::is_form(headers) {
        return Ok(false);
    }
    let form = envelope::read_form(&["access_token"], headers, body, limits)?;
    Ok(form.value("access_token").is_some())
}

/// Writes the refusal of a protected resource: the status of the code, and always a `Bearer` challenge.
pub fn refuse(realm: &Realm, refusal: &Refusal) -> Response<Vec<u8>> {
    let status = DIALECT.status(refusal.reason);
    if refusal.reason == Reason::NoAccessToken {
        // N-181: no error code where nothing was sent that could be wrong.
        return with_challenge(uncacheable(status, JSON, Vec::new()), realm.bearer());
    }
    let body = refusal::error_body(refusal.code(), refusal.description());
    let challenge = realm.bearer_error(refusal.code().as_str(), refusal.description());
    with_challenge(uncacheable(status, JSON, body), challenge)
}

#[cfg(test)]
mod tests {
    use http::header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
    use http::{HeaderValue, StatusCode};

    use super::*;

    const FORM: &str = "application/x-www-form-urlencoded";

    fn reason(authorization: &[&str], media_type: &str, body: &str) -> Result<String, Reason> {
        let mut headers = HeaderMap::new();
        for value in authorization {
            headers.append(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        headers.insert(CONTENT_TYPE, HeaderValue::from_str(media_type).unwrap());
        let token = read(&headers, body.as_bytes(), &Limits::default());
        token.map(|token| token.expose_secret().to_owned()).map_err(|refusal| refusal.reason)
    }

    #[test]
    fn the_token_counts_in_the_header_alone() {
        assert_eq!(reason(&["Bearer abc"], "text/plain", ""), Ok("abc".to_owned()));
        assert_eq!(reason(&["bearer abc"], FORM, "a=b"), Ok("abc".to_owned()));
        assert_eq!(reason(&["Bearer abc"], "text/plain", "access_token=abc"), Ok("abc".to_owned()));
        for authorization in [&[][..], &["Basic d2ViOnM="], &["Basic x"], &["Digest x"]] {
            assert_eq!(reason(authorization, FORM, "access_token=abc"), Err(Reason::NoAccessToken));
        }
    }

    #[test]
    fn more_than_one_token_is_an_error() {
        // N-184
        assert_eq!(reason(&["Bearer abc"], FORM, "access_token=abc"), Err(Reason::MultipleAccessTokens));
        assert_eq!(reason(&["Bearer abc", "Bearer abc"], FORM, ""), Err(Reason::MultipleAccessTokens));
        assert_eq!(reason(&["Bearer abc"], FORM, "access_token=a&access_token=a"), Err(Reason::RepeatedParameter));
        assert_eq!(reason(&["Bearer abc"], FORM, "a=%zz"), Err(Reason::MalformedBody));
    }

    #[test]
    fn a_malformed_token_is_an_invalid_one() {
        for value in ["Bearer", "Bearer a b", "Bearer \"a\""] {
            assert_eq!(reason(&[value], FORM, ""), Err(Reason::InactiveAccessToken), "{value}");
        }
    }

    #[test]
    fn every_refusal_challenges() {
        // N-180, N-181, N-182
        let realm = Realm::parse("r").unwrap();
        let answer = |reason| refuse(&realm, &Refusal::new(reason, Scheme::Bearer));
        let none = answer(Reason::NoAccessToken);
        assert_eq!(none.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(none.headers()[WWW_AUTHENTICATE], "Bearer realm=\"r\"");
        assert!(none.body().is_empty());
        for (reason, status, code) in [
            (Reason::InactiveAccessToken, StatusCode::UNAUTHORIZED, "invalid_token"),
            (Reason::MultipleAccessTokens, StatusCode::BAD_REQUEST, "invalid_request"),
        ] {
            let answer = answer(reason);
            assert_eq!(answer.status(), status);
            let challenge = answer.headers()[WWW_AUTHENTICATE].to_str().unwrap();
            assert!(challenge.starts_with(&format!("Bearer realm=\"r\", error=\"{code}\", error_description=\"")));
        }
    }
}
