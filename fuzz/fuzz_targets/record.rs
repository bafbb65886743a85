//! Any bytes as a stored list: no panic, and what is read is written the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use regrant::{Digest, RefreshFamily, Timestamp, decode_attributes, decode_tokens, encode_attributes, encode_tokens};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(attributes) = decode_attributes(bytes) {
        assert_eq!(encode_attributes(&attributes), bytes);
    }
    if let Ok(lists) = decode_tokens(bytes) {
        let family = RefreshFamily {
            lineage: Digest::from_bytes([0; 32]),
            current: Digest::from_bytes([1; 32]),
            issued_at: Timestamp::EPOCH,
            expires_at: Timestamp::EPOCH,
            generation: 0,
            retry: lists.retry.clone(),
            spent: lists.spent.clone(),
        };
        assert_eq!(encode_tokens(Some(&family), &lists.access), bytes);
    }
});
