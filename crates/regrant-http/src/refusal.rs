//! Writing a refusal. RFC 6749 §5.2, RFC 6750 §3.

use std::time::Duration;

use http::{HeaderValue, Response, StatusCode};
use regrant::{ErrorCode, Refusal, Scheme};

use crate::answer::{JSON, uncacheable, with_allow, with_challenge, with_retry_after};
use crate::challenge::Realm;
use crate::dialect::Dialect;
use crate::json::JsonObject;

/// The answer that a dialect gives to a refused request.
pub(crate) fn write(dialect: &Dialect, realm: &Realm, refusal: &Refusal) -> Response<Vec<u8>> {
    let status = dialect.status(refusal.reason);
    let body = error_body(refusal.code(), dialect.description(refusal.reason));
    let answer = uncacheable(status, dialect.media_type(), body);
    let answer = match status {
        StatusCode::UNAUTHORIZED => with_challenge(answer, challenge(realm, refusal)),
        _ => answer,
    };
    match refusal.retry_after {
        Some(wait) => with_retry_after(answer, whole_seconds(wait)),
        None => answer,
    }
}

/// Rounded up: a client that waits as long as it is told must not come too early.
pub(crate) fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0))
}

/// `{"error":"…","error_description":"…"}`.
pub(crate) fn error_body(code: ErrorCode, description: &str) -> Vec<u8> {
    JsonObject::new().string("error", code.as_str()).string("error_description", description).finish()
}

/// The challenge in the scheme that the request used, `Basic` where it used none that is known here (N-035, N-036).
fn challenge(realm: &Realm, refusal: &Refusal) -> HeaderValue {
    match refusal.scheme {
        Scheme::Bearer => {
            // No bearer token authenticates a client, so whichever was sent is not valid here (N-182).
            realm.bearer_error(ErrorCode::InvalidToken.as_str(), ErrorCode::InvalidToken.description())
        }
        Scheme::None | Scheme::Basic | Scheme::Other => realm.basic(),
    }
}

/// A method that the endpoint does not know (N-002, N-191).
pub(crate) fn method_not_allowed(allowed: &'static str) -> Response<Vec<u8>> {
    let body = error_body(ErrorCode::InvalidRequest, "the method is not allowed here");
    with_allow(uncacheable(StatusCode::METHOD_NOT_ALLOWED, JSON, body), allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_rounded_up_to_whole_seconds() {
        let whole = |millis| whole_seconds(Duration::from_millis(millis));
        assert_eq!([0, 1, 999, 1_000, 1_001, 2_000].map(whole), [0, 1, 1, 1, 2, 2]);
        assert_eq!(whole_seconds(Duration::MAX), u64::MAX);
    }
}
