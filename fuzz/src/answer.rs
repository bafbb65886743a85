//! What every answer must be, whatever was asked.

use http::{Response, StatusCode, header};

/// The members of an error body, checked.
pub fn check(response: &Response<Vec<u8>>) {
    let status = response.status();
    let known = [200, 400, 401, 403, 404, 405, 413];
    assert!(known.contains(&status.as_u16()), "an unexpected status: {status}");
    let challenged = response.headers().contains_key(header::WWW_AUTHENTICATE);
    assert!(challenged || status != StatusCode::UNAUTHORIZED, "a 401 without a challenge");
    let body = response.body();
    assert!(body.iter().all(u8::is_ascii), "a byte outside ASCII in an answer");
    if status.is_client_error() && status != StatusCode::NOT_FOUND && !body.is_empty() {
        let text = std::str::from_utf8(body).expect("ASCII");
        assert!(text.starts_with("{\"error\":\""), "an error without a code: {text}");
        // N-141, N-142: two members, in the alphabet, and so no quote but the eight of the two members.
        assert_eq!(text.matches('"').count(), 8, "{text}");
        assert!(!text.contains('\\') && text.bytes().all(|byte| (0x20..=0x7E).contains(&byte)), "{text}");
    }
}
