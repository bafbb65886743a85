//! A whole request and its answer in the dialect `partner_json`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use regrant_fuzz::wire::{Input, exercise, partners};
use regrant_http::Dialect;

fuzz_target!(|input: Input| exercise(Dialect::PartnerJson(partners()), &input));
