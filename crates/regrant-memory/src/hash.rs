//! The hash of an id that is random already.

use std::hash::Hasher;

/// Takes the last eight bytes it is given as the hash, and mixes nothing.
///
/// Safe here, and only here: the keys of the maps are grant ids, which the engine draws at random when it inserts. A
/// stranger chooses ids for lookups only, and a lookup of an id that is not there costs what its neighbours in the map
/// cost, which the stranger did not place. Without the first bytes, which choose the shard, so that the maps of the
/// shards fill evenly.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(last) = bytes.last_chunk() {
            self.0 = u64::from_le_bytes(*last);
        }
    }

    /// The length that precedes the bytes of an array says nothing: all ids are of one length.
    fn write_usize(&mut self, _: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use std::hash::{BuildHasher as _, BuildHasherDefault};

    use regrant::GrantId;

    use super::*;

    #[test]
    fn the_hash_is_the_end_of_the_id() {
        let id = GrantId::from_bytes([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
        let hash = BuildHasherDefault::<IdHasher>::default().hash_one(id);
        assert_eq!(hash.to_le_bytes(), [8, 9, 10, 11, 12, 13, 14, 15]);
    }
}
