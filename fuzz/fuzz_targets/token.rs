//! Any text as a token, in every encoding: what is read is canonical.
#![no_main]

use libfuzzer_sys::fuzz_target;
use regrant::{PresentedToken, TokenEncoding};

fuzz_target!(|text: &str| {
    let Ok(token) = PresentedToken::parse(text) else { return };
    let canonical = [TokenEncoding::Base64Url, TokenEncoding::Hex].into_iter().any(|encoding| match &token {
        PresentedToken::Refresh(token) => token.expose(encoding).as_str() == text,
        PresentedToken::Access(token) => token.expose(encoding).as_str() == text,
    });
    assert!(canonical, "one token has one text in each encoding");
});
