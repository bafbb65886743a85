//! Any bytes as an `Authorization` header: no panic, and only printable ASCII comes out.
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
        let printable = |text: &str| text.bytes().all(|byte| (0x20..=0x7E).contains(&byte));
        assert!(printable(credentials.client_id()) && printable(credentials.expose_secret()));
        assert!(
            !format!("{credentials:?}").contains(credentials.expose_secret()) || credentials.expose_secret().len() < 8
        );
    }
});
