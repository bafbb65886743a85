//! The bare work of a refresh: hashes, HMACs, random bytes, encodings and one map update, with nothing around them.
//!
//! Nothing here is slower than it must be, or the store beside it would look better than it is: every input of a hash is laid
//! out whole, nothing is allocated, and the map is `hashbrown`'s, with the hash and the shards of the store, and with its
//! records in the table itself.

use std::fmt;
use std::hint::black_box;
use std::iter::repeat_with;
use std::sync::Mutex;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hashbrown::HashTable;
use hmac::{Hmac, KeyInit as _, Mac as _};
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};
use sha2::{Digest as _, Sha256};

use crate::world::{SCOPE, SECRET};

type Id = [u8; 16];

/// As many maps as the store under test has.
const SHARD_BITS: u32 = 10;

/// The label, the id and the secret of a token: what both HMACs are of.
const MESSAGE: usize = 24 + 16 + 32;

/// A record with its id.
struct Entry {
    id: Id,
    record: [u8; 256],
}

/// One of the maps, behind a lock that nobody else ever holds.
#[derive(Default)]
#[repr(align(64))]
struct Shard(Mutex<HashTable<Entry>>);

/// A map of as many records as the store under test has, each the size of what a refresh reads and writes, and the texts
/// of as many current tokens.
pub struct Bare {
    shards: Vec<Shard>,
    tokens: Vec<[u8; 86]>,
    pick: SmallRng,
}

impl fmt::Debug for Bare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bare").field("records", &self.tokens.len()).finish_non_exhaustive()
    }
}

impl Bare {
    /// A map of `count` records.
    pub fn new(count: u32) -> Self {
        let shards = repeat_with(Shard::default).take(1 << SHARD_BITS).collect();
        let mut bare = Self { shards, tokens: Vec::new(), pick: SmallRng::seed_from_u64(1) };
        for _ in 0..count {
            let id: Id = bare.pick.random();
            let mut token = [0; 86];
            let written = URL_SAFE_NO_PAD.encode_slice([id; 4].as_flattened(), &mut token);
            if written.is_ok() && bare.insert(id).is_some() {
                bare.tokens.push(token);
            }
        }
        bare
    }

    fn insert(&self, id: Id) -> Option<()> {
        let mut records = self.shards.get(shard_of(&id))?.0.lock().ok()?;
        records.insert_unique(hash_of(&id), Entry { id, record: [0; 256] }, |entry| hash_of(&entry.id));
        Some(())
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
        URL_SAFE_NO_PAD.decode_slice(token.as_slice(), &mut presented).ok()?;
        let id = presented.first_chunk::<16>()?;
        let digest = bare_refresh(id, &presented)?;
        URL_SAFE_NO_PAD.encode_slice(presented, token).ok()?;
        let mut access = [0; 64];
        URL_SAFE_NO_PAD.encode_slice([*id; 3].as_flattened(), &mut access).ok()?;
        black_box(&access);
        self.update(id, digest)
    }

    fn update(&self, id: &Id, digest: [u8; 32]) -> Option<()> {
        let mut records = self.shards.get(shard_of(id))?.0.lock().ok()?;
        let entry = records.find_mut(hash_of(id), |entry| entry.id == *id)?;
        let mut next = entry.record;
        next.iter_mut().zip(digest).for_each(|(to, from)| *to ^= from);
        entry.record = next;
        Some(())
    }
}

/// As in the store: the first bits of an id, which is random, choose the map.
fn shard_of(id: &Id) -> usize {
    let [first, second, ..] = *id;
    usize::from(u16::from_be_bytes([first, second]) >> (u16::BITS - SHARD_BITS))
}

/// As in the store: the last bytes are the hash.
fn hash_of(id: &Id) -> u64 {
    id.last_chunk().copied().map_or(0, u64::from_le_bytes)
}

/// One digest of the client secret and four of token parts, two HMACs under one key, and 96 random bytes.
fn bare_refresh(id: &Id, presented: &[u8; 64]) -> Option<[u8; 32]> {
    let mut fresh = [0_u8; 96];
    rand::rng().fill(&mut fresh);
    black_box(&fresh);
    black_box(Sha256::digest(SECRET));
    let secret = presented.last_chunk::<32>()?;
    let mut message = [0; MESSAGE + SCOPE.len()];
    message.get_mut(24..40)?.copy_from_slice(id);
    message.get_mut(40..MESSAGE)?.copy_from_slice(secret);
    message.get_mut(MESSAGE..)?.copy_from_slice(SCOPE.as_bytes());
    let key: Hmac<Sha256> = Hmac::new(presented.into());
    let refresh = hmac(key.clone(), message.get(..MESSAGE)?);
    let access = hmac(key, &message);
    black_box(digest(id, id));
    black_box(digest(id, secret));
    black_box(digest(id, &access));
    Some(digest(id, &refresh))
}

fn hmac(mut key: Hmac<Sha256>, message: &[u8]) -> [u8; 32] {
    key.update(message);
    key.finalize().into_bytes().into()
}

/// The digest of a part, bound to its kind and its grant: a single block.
fn digest<const N: usize>(id: &Id, part: &[u8; N]) -> [u8; 32] {
    let mut input = [0; 17 + 32];
    let (head, rest) = input.split_at_mut(17);
    if let Some((kind, to_id)) = head.split_first_mut() {
        *kind = 1;
        to_id.copy_from_slice(id);
    }
    rest.iter_mut().zip(part).for_each(|(to, from)| *to = *from);
    let (input, _) = input.split_at(17 + N);
    Sha256::digest(input).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bare_work_is_done_on_every_record() {
        let mut bare = Bare::new(3);
        assert_eq!(bare.tokens.len(), 3);
        assert!((0..20).all(|_| bare.refresh().is_some() && bare.touch().is_some()));
        let changed = |shard: &Shard| shard.0.lock().unwrap().iter().filter(|entry| entry.record != [0; 256]).count();
        assert_eq!(bare.shards.iter().map(changed).sum::<usize>(), 3);
    }
}
