//! The store.

use std::convert::Infallible;
use std::sync::atomic::AtomicUsize;

use regrant::{AsyncTokenStore, Change, CommitOutcome, Grant, GrantId, TokenStore};

use crate::shard::Shard;

/// All grants, in memory.
///
/// It is shared by reference or in an [`Arc`](std::sync::Arc); the ports are implemented for both. It cannot fail.
#[derive(Debug)]
pub struct MemoryStore {
    shards: Box<[Shard]>,
    /// Where the next purge and the next bulk end begin, so that repeated calls do not look at the same maps again.
    pub(crate) next_purge: AtomicUsize,
    pub(crate) next_end: AtomicUsize,
}

impl MemoryStore {
    /// How many maps there are. A pass of management holds one lock for one map at a time: of a million grants, about
    /// a thousand are behind each lock.
    pub(crate) const SHARDS: usize = 1 << Self::SHARD_BITS;
    const SHARD_BITS: u32 = 10;

    /// An empty store.
    pub fn new() -> Self {
        let shards = std::iter::repeat_with(Shard::default).take(Self::SHARDS).collect();
        Self { shards, next_purge: AtomicUsize::new(0), next_end: AtomicUsize::new(0) }
    }

    /// How many grants it holds, ended ones included. Beside other threads that write, a number between what it was
    /// and what it is.
    pub fn len(&self) -> usize {
        self.shards.iter().map(Shard::len).sum()
    }

    /// Whether it holds no grant.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn shards(&self) -> &[Shard] {
        &self.shards
    }

    /// The number of the map for an id: its first bits, so that the maps follow one another in the order of ids.
    pub(crate) fn shard_number(id: &GrantId) -> usize {
        let [first, second, ..] = *id.as_bytes();
        usize::from(u16::from_be_bytes([first, second]) >> (u16::BITS - Self::SHARD_BITS))
    }

    fn shard(&self, id: &GrantId) -> Option<&Shard> {
        self.shards.get(Self::shard_number(id))
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl TokenStore for MemoryStore {
    type Error = Infallible;

    fn load(&self, id: &GrantId) -> Result<Option<Grant>, Infallible> {
        Ok(self.shard(id).and_then(|shard| shard.load(id)))
    }

    fn commit(&self, change: Change) -> Result<CommitOutcome, Infallible> {
        let shard = self.shard(&change.grant_id());
        // There is a map for every id; an id without one would have no record that could be replaced either.
        Ok(shard.map_or(CommitOutcome::Conflict, |shard| shard.commit(change)))
    }
}

/// Answers in place: a lock that is held for a lookup and a clone does not hold a runtime's thread up.
impl AsyncTokenStore for MemoryStore {
    type Error = Infallible;

    async fn load(&self, id: &GrantId) -> Result<Option<Grant>, Infallible> {
        TokenStore::load(self, id)
    }

    async fn commit(&self, change: Change) -> Result<CommitOutcome, Infallible> {
        TokenStore::commit(self, change)
    }
}
