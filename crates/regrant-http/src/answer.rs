//! The headers that every answer carries. RFC 6749 §5.1 and §5.2, RFC 7009 §2.2 (N-130, N-135, N-146).

use http::header::{ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, Response, StatusCode};

/// The media type of an answer as the RFCs name it.
pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// The media type of an answer as the server behind the `payu` dialect writes it.
pub(crate) const JSON_UTF_8: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

/// An answer that no cache may keep: tokens, errors, everything that these endpoints say (N-135, N-146, N-219,
/// N-220).
pub(crate) fn uncacheable(status: StatusCode, media_type: HeaderValue, body: Vec<u8>) -> Response<Vec<u8>> {
    let answer = cacheable(status, media_type, body);
    let answer = with_header(answer, CACHE_CONTROL, HeaderValue::from_static("no-store"));
    with_header(answer, PRAGMA, HeaderValue::from_static("no-cache"))
}

/// An answer without a word about caches, for the metadata document.
pub(crate) fn cacheable(status: StatusCode, media_type: HeaderValue, body: Vec<u8>) -> Response<Vec<u8>> {
    // Stated even where it is 0: clients in wide use refuse an empty answer otherwise.
    let length = HeaderValue::from(body.len());
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    let answer = with_header(answer, CONTENT_TYPE, media_type);
    with_header(answer, CONTENT_LENGTH, length)
}

/// Adds the challenge that a `401` owes (RFC 9110 §15.5.2).
pub(crate) fn with_challenge(answer: Response<Vec<u8>>, challenge: HeaderValue) -> Response<Vec<u8>> {
    with_header(answer, WWW_AUTHENTICATE, challenge)
}

/// Adds the methods that a `405` owes (RFC 9110 §15.5.6).
pub(crate) fn with_allow(answer: Response<Vec<u8>>, methods: &'static str) -> Response<Vec<u8>> {
    with_header(answer, ALLOW, HeaderValue::from_static(methods))
}

/// Adds the seconds after which to ask again (RFC 9110 §10.2.3).
pub(crate) fn with_retry_after(answer: Response<Vec<u8>>, seconds: u64) -> Response<Vec<u8>> {
    with_header(answer, RETRY_AFTER, HeaderValue::from(seconds))
}

fn with_header(mut answer: Response<Vec<u8>>, name: HeaderName, value: HeaderValue) -> Response<Vec<u8>> {
    answer.headers_mut().insert(name, value);
    answer
}
