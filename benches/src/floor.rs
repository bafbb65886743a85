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

/// A map of as many records as the store under test has, each the size of what a refresh reads and writes, and the texts
/// of as many current tokens.
#[derive(Debug)]
pub struct Bare {
    records: Mutex<HashMap<[u8; 16], [u8; 256]>>,
    tokens: Vec<String>,
    pick: SmallRng,
}

impl Bare {
    /// A map of `count` records.
    pub fn new(count: u32) -> Self {
        let mut pick = SmallRng::seed_from_u64(1);
        let mut records = HashMap::new();
        let tokens = (0..count).map(|_| {
            let id: [u8; 16] = pick.random();
            records.insert(id, [0; 256]);
            URL_SAFE_NO_PAD.encode([id, id, id, id].concat())
        });
        let tokens = tokens.collect();
        Self { records: Mutex::new(records), tokens, pick }
    }

    /// The map update alone: what of a refresh depends on how many records there are.
    pub fn touch(&mut self) -> Option<()> {
        let at = self.pick.random_range(0..self.tokens.len());
        let mut presented = [0; 64];
        URL_SAFE_NO_PAD.decode_slice(self.tokens.get(at)?, &mut presented).ok()?;
        self.update(presented.first_chunk()?, [1; 32])
    }

    /// The bare work of one refresh, on a record picked at random. `None` never happens.
    pub fn refresh(&mut self) -> Option<()> {
        let at = self.pick.random_range(0..self.tokens.len());
        let token = self.tokens.get_mut(at)?;
        let mut presented = [0; 64];
        URL_SAFE_NO_PAD.decode_slice(&*token, &mut presented).ok()?;
        let id = presented.first_chunk::<16>()?;
        let digest = bare_refresh(id, &presented);
        token.clear();
        URL_SAFE_NO_PAD.encode_string(presented, token);
        black_box(URL_SAFE_NO_PAD.encode([*id, *id, *id].concat()));
        self.update(id, digest)
    }

    fn update(&self, id: &[u8; 16], digest: [u8; 32]) -> Option<()> {
        let mut records = self.records.lock().ok()?;
        let record = records.get_mut(id)?;
        let mut next = *record;
        next.iter_mut().zip(digest).for_each(|(to, from)| *to ^= from);
        *record = next;
        Some(())
    }
}

/// One digest of the client secret and four of token parts, two HMACs under one key, and 96 random bytes.
fn bare_refresh(id: &[u8; 16], presented: &[u8; 64]) -> [u8; 32] {
    let mut fresh = [0_u8; 96];
    rand::rng().fill(&mut fresh);
    black_box(&fresh);
    black_box(Sha256::digest(b"web-secret"));
    let key: Hmac<Sha256> = Hmac::new(presented.into());
    let refresh = key.clone().chain_update(id).chain_update(presented).finalize().into_bytes();
    let access = key.chain_update(id).chain_update(presented).chain_update(b"read write").finalize().into_bytes();
    for part in [id.as_slice(), presented.last_chunk::<32>().map_or(&[][..], |part| part), &access] {
        black_box(Sha256::new().chain_update([1]).chain_update(id).chain_update(part).finalize());
    }
    Sha256::new().chain_update([1]).chain_update(id).chain_update(refresh).finalize().into()
}
