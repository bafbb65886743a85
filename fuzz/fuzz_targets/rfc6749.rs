//! Whole requests and their answers in the dialect `rfc6749`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use regrant_fuzz::wire::converse;
use regrant_http::Dialect;

fuzz_target!(|text: &[u8]| converse(Dialect::Rfc6749 { issuer: None }, text));
