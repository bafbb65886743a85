//! Whole requests and their answers in the dialect `partner_json`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use regrant_fuzz::wire::{converse, partners};
use regrant_http::Dialect;

fuzz_target!(|text: &[u8]| converse(Dialect::PartnerJson(partners()), text));
