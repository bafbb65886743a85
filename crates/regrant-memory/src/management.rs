//! Listing, ending and purging: one map after the other.

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};

use regrant::{AsyncGrantManagement, EndReason, Grant, GrantFilter, GrantId, GrantManagement, Timestamp};

use crate::MemoryStore;
use crate::shard::Shard;

/// No call holds a lock for longer than one look at one map.
impl GrantManagement for MemoryStore {
    type Error = Infallible;

    fn list(&self, filter: &GrantFilter, after: Option<GrantId>, limit: usize) -> Result<Vec<Grant>, Infallible> {
        let mut page = Vec::new();
        // The maps follow one another in the order of ids, so the page is complete as soon as it is full.
        for shard in self.shards().iter().skip(after.as_ref().map_or(0, Self::shard_number)) {
            if page.len() >= limit {
                break;
            }
            page.extend(shard.page(filter, after, limit - page.len()));
        }
        Ok(page)
    }

    fn end(&self, filter: &GrantFilter, at: Timestamp, reason: EndReason, limit: usize) -> Result<usize, Infallible> {
        Ok(self.round(&self.next_end, limit, |shard, rest| shard.end_living(filter, at, reason, rest)))
    }

    fn purge(&self, before: Timestamp, limit: usize) -> Result<usize, Infallible> {
        Ok(self.round(&self.next_purge, limit, |shard, rest| shard.purge(before, rest)))
    }
}

/// In place, as the token port is.
impl AsyncGrantManagement for MemoryStore {
    type Error = Infallible;

    async fn list(&self, filter: &GrantFilter, after: Option<GrantId>, limit: usize) -> Result<Vec<Grant>, Infallible> {
        GrantManagement::list(self, filter, after, limit)
    }

    async fn end(
        &self,
        filter: &GrantFilter,
        at: Timestamp,
        reason: EndReason,
        limit: usize,
    ) -> Result<usize, Infallible> {
        GrantManagement::end(self, filter, at, reason, limit)
    }

    async fn purge(&self, before: Timestamp, limit: usize) -> Result<usize, Infallible> {
        GrantManagement::purge(self, before, limit)
    }
}

impl MemoryStore {
    /// Visits every map once at most, beginning where the last call left off, until `limit` records were touched.
    ///
    /// It answers 0 only after a whole round, so a caller that repeats it until then has missed nothing.
    fn round(&self, next: &AtomicUsize, limit: usize, visit: impl Fn(&Shard, usize) -> usize) -> usize {
        let start = next.load(Ordering::Relaxed) % Self::SHARDS;
        let order = (start..Self::SHARDS).chain(0..start);
        let mut touched = 0;
        for (number, shard) in order.filter_map(|number| self.shards().get(number).map(|shard| (number, shard))) {
            touched += visit(shard, limit - touched);
            if touched >= limit {
                // There may be more in this map.
                next.store(number, Ordering::Relaxed);
                break;
            }
        }
        touched
    }
}
