//! A whole request and its answer in the dialect `payu`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use regrant_fuzz::wire::{Input, exercise};
use regrant_http::Dialect;

fuzz_target!(|input: Input| exercise(Dialect::Payu, &input));
