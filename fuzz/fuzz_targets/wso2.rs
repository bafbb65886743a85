//! Whole requests and their answers in the dialect `wso2`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use regrant_fuzz::wire::converse;
use regrant_http::Dialect;

fuzz_target!(|text: &[u8]| converse(Dialect::Wso2, text));
