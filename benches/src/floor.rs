//! The bare work of a refresh: hashes, HMACs, random bytes, encodings and one map update, with nothing around them.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Mutex;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};
use sha2::{Digest as _, Sha256};

/// A map of as many records as the store under test has, each the size of the part of a record that a refresh writes.
#[derive(Debug)]
pub struct Bare {
    records: Mutex<HashMap<[u8; 16], [u8; 192]>>,
    ids: Vec<[u8; 16]>,
    pick: SmallRng,
}

impl Bare {
    /// A map of `count` records.
    pub fn new(count: usize) -> Self {
        let mut pick = SmallRng::seed_from_u64(1);
        let ids: Vec<[u8; 16]> = (0..count).map(|_| pick.random()).collect();
        let records = Mutex::new(ids.iter().map(|id| (*id, [0; 192])).collect());
        Self { records, ids, pick }
    }

    /// The bare work of one refresh, on a record picked at random.
    pub fn refresh(&mut self) {
        let at = self.pick.random_range(0..self.ids.len());
        let Some(id) = self.ids.get(at).copied() else { return };
        let digest = bare_refresh(&id);
        let Ok(mut records) = self.records.lock() else { return };
        if let Some(record) = records.get_mut(&id) {
            record.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
        }
    }
}

/// One digest of the client secret and four of token parts, two HMACs under one key, 96 random bytes, one decoding and
/// two encodings.
pub fn bare_refresh(id: &[u8; 16]) -> [u8; 32] {
    let mut fresh = [0; 96];
    rand::rng().fill(&mut fresh);
    let written = URL_SAFE_NO_PAD.encode([7; 64]);
    let mut presented = [0; 64];
    let _ = black_box(URL_SAFE_NO_PAD.decode_slice(&written, &mut presented));
    black_box(Sha256::digest(b"web-secret"));
    let key: Hmac<Sha256> = Hmac::new((&presented).into());
    let refresh = key.clone().chain_update(id).chain_update(presented).finalize().into_bytes();
    let access = key.chain_update(id).chain_update(presented).chain_update(b"read write").finalize().into_bytes();
    for part in [&presented[..16], &presented[32..], &access] {
        black_box(Sha256::new().chain_update([1]).chain_update(id).chain_update(part).finalize());
    }
    black_box(URL_SAFE_NO_PAD.encode([*id, *id, *id, *id].concat()));
    black_box(URL_SAFE_NO_PAD.encode([*id, *id, *id].concat()));
    Sha256::new().chain_update([1]).chain_update(id).chain_update(refresh).finalize().into()
}
