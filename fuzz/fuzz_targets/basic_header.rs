//! Any bytes as an `Authorization` header: no panic, an id of printable ASCII, a secret without control characters.
#![no_main]

use http::{HeaderMap, HeaderValue, header};
use libfuzzer_sys::fuzz_target;
use regrant_http::Authorization;

fuzz_target!(|bytes: &[u8]| {
    let mut headers = HeaderMap::new();
    for part in bytes.split(|byte| *byte == 0) {
        let Ok(value) = HeaderValue::from_bytes(part) else { return };
        headers.append(header::AUTHORIZATION, value);
    }
    if let Authorization::Basic(credentials) = Authorization::of(&headers) {
        let (id, secret) = (credentials.client_id(), credentials.expose_secret());
        assert!(!id.is_empty() && id.bytes().all(|byte| (0x20..=0x7E).contains(&byte)));
        assert!(!secret.contains(char::is_control));
        assert_eq!(format!("{credentials:?}"), format!("BasicCredentials {{ client_id: {id:?}, .. }}"));
    }
});
