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
    let mut answer = cacheable(status, media_type, body);
    let headers = answer.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    answer
}

/// An answer without a word about caches, for the metadata document.
pub(crate) fn cacheable(status: StatusCode, media_type: HeaderValue, body: Vec<u8>) -> Response<Vec<u8>> {
    // Stated even where it is 0: clients in wide use refuse an empty answer otherwise.
    let length = content_length(body.len());
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, media_type);
    headers.insert(CONTENT_LENGTH, length);
    answer
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

/// The lengths below 1000 as text, so that the header of an ordinary answer takes no allocation.
static LENGTHS: [[u8; 3]; 1000] = lengths();

#[expect(clippy::indexing_slicing, reason = "computed when this is compiled, where a wrong index is an error")]
#[expect(clippy::cast_possible_truncation, reason = "a digit is less than ten")]
const fn lengths() -> [[u8; 3]; 1000] {
    let mut table = [[b'0'; 3]; 1000];
    let mut number = 0;
    while number < table.len() {
        table[number] = [b'0' + (number / 100) as u8, b'0' + (number / 10 % 10) as u8, b'0' + (number % 10) as u8];
        number += 1;
    }
    table
}

fn content_length(length: usize) -> HeaderValue {
    let short = LENGTHS.get(length).and_then(|digits| std::str::from_utf8(digits).ok());
    match short.map(|digits| digits.trim_start_matches('0')) {
        Some("") => HeaderValue::from_static("0"),
        Some(digits) => HeaderValue::from_static(digits),
        None => HeaderValue::from(length),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_lengths_is_right() {
        for length in 0..1500 {
            assert_eq!(content_length(length), length.to_string().as_str());
        }
    }
}
