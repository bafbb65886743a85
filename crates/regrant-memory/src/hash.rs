//! The hash of an id that is random already.

use regrant::GrantId;

/// The last eight bytes of an id, and nothing mixed.
///
/// Safe here, and only here: the keys of the tables are grant ids, which the engine draws at random when it inserts. A
/// stranger chooses ids for lookups only, and a lookup of an id that is not there costs what its neighbours in the table
/// cost, which the stranger did not place. Without the first bytes, which choose the shard, so that the tables of the
/// shards fill evenly.
pub(crate) fn hash_of(id: &GrantId) -> u64 {
    id.as_bytes().last_chunk().copied().map_or(0, u64::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_end_of_the_id() {
        let id = GrantId::from_bytes([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
        assert_eq!(hash_of(&id).to_le_bytes(), [8, 9, 10, 11, 12, 13, 14, 15]);
    }
}
