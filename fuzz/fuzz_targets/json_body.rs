//! Any bytes as a JSON body: no panic, and a member that is read is the one that another reader finds.
#![no_main]

use libfuzzer_sys::fuzz_target;
use regrant_http::{JsonObject, json_body};

fuzz_target!(|body: &[u8]| {
    let Ok(Some(token)) = json_body::string_member(body, "refreshToken") else { return };
    // What was read, written by our own writer, is read the same.
    let again = JsonObject::new().string("refreshToken", &token).finish();
    let second = json_body::string_member(&again, "refreshToken").expect("our own JSON is well-formed");
    assert_eq!(second.as_deref(), Some(&*token));
});
