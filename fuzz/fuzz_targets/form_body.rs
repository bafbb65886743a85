//! Any bytes as a form body: no panic, and no value that the body does not spell.
#![no_main]

use libfuzzer_sys::fuzz_target;
use regrant_http::{Form, Limits};

const DEFINED: [&str; 3] = ["grant_type", "refresh_token", "scope"];

fuzz_target!(|body: &[u8]| {
    let limits = Limits::default();
    let Ok(form) = Form::parse(body, &DEFINED, &limits) else { return };
    // What was read, written again, is read the same.
    let again: Vec<String> =
        DEFINED.iter().filter_map(|name| form.value(name).map(|value| format!("{name}={}", escape(value)))).collect();
    let again = again.join("&");
    let second = Form::parse(again.as_bytes(), &DEFINED, &limits).expect("what is escaped is well-formed");
    for name in DEFINED {
        assert_eq!(form.value(name), second.value(name), "{name}");
    }
});

fn escape(value: &str) -> String {
    value.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
