//! One of the maps, behind its lock.

use std::mem;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use regrant::{Change, CommitOutcome, EndReason, Grant, GrantFilter, GrantId, Revision, Timestamp};

use crate::table::Table;

/// A share of the records. On cache lines of its own, so that threads which work on neighbours do not slow each other down.
#[derive(Debug, Default)]
#[repr(align(64))]
pub(crate) struct Shard(RwLock<Records>);

/// The records, and since when one of them may be dead.
#[derive(Debug)]
struct Records {
    /// A grant is a pointer to its record, so a lookup reads little beside the record itself.
    by_id: Table,
    // INVARIANT: no record is dead from an earlier instant. It spares the purge a look at maps that hold nothing for it.
    earliest: Timestamp,
}

impl Default for Records {
    fn default() -> Self {
        Self { by_id: Table::default(), earliest: Timestamp::MAX }
    }
}

impl Records {
    fn find(&self, id: &GrantId) -> Option<&Grant> {
        self.by_id.find(id)
    }

    fn find_mut(&mut self, id: &GrantId) -> Option<&mut Grant> {
        self.by_id.find_mut(id)
    }
}

impl Shard {
    // INVARIANT: no writer leaves a record half changed. Each write is one insertion, one exchange, one removal or one
    // `Grant::end`, made of values that were complete before the map was touched. Hence a lock that another thread
    // poisoned by its panic is taken as it is.
    fn read(&self) -> RwLockReadGuard<'_, Records> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Records> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// One record.
    pub(crate) fn load(&self, id: &GrantId) -> Option<Grant> {
        self.read().find(id).cloned()
    }

    /// How many records there are.
    pub(crate) fn len(&self) -> usize {
        self.read().by_id.len()
    }

    /// Writes one record, or nothing.
    pub(crate) fn commit(&self, change: Change) -> CommitOutcome {
        match change {
            Change::Insert(grant) => self.insert(grant),
            Change::Replace { expected, grant, .. } => self.replace(expected, grant),
            Change::End { id, at, reason } => self.end(&id, at, reason),
        }
    }

    fn insert(&self, grant: Grant) -> CommitOutcome {
        let dead_from = grant.dead_from();
        let mut records = self.write();
        if records.find(&grant.id()).is_some() {
            return CommitOutcome::Conflict;
        }
        records.earliest = records.earliest.min(dead_from);
        records.by_id.insert(grant);
        CommitOutcome::Committed
    }

    fn replace(&self, expected: Revision, grant: Grant) -> CommitOutcome {
        let dead_from = grant.dead_from();
        let mut records = self.write();
        let replaced = match records.find_mut(&grant.id()) {
            Some(stored) if stored.revision() == expected => mem::replace(stored, grant),
            Some(_) | None => return CommitOutcome::Conflict,
        };
        records.earliest = records.earliest.min(dead_from);
        drop(records);
        // After the lock: nobody should wait while memory is freed.
        drop(replaced);
        CommitOutcome::Committed
    }

    fn end(&self, id: &GrantId, at: Timestamp, reason: EndReason) -> CommitOutcome {
        let mut records = self.write();
        let Some(stored) = records.find_mut(id) else {
            return CommitOutcome::Conflict;
        };
        stored.end(at, reason);
        records.earliest = records.earliest.min(at);
        CommitOutcome::Committed
    }

    /// The grants of a filter with ids above `after`: the first `limit` of them, in ascending order of ids.
    pub(crate) fn page(&self, filter: &GrantFilter, after: Option<GrantId>, limit: usize) -> Vec<Grant> {
        let records = self.read();
        let above = records.by_id.iter().filter(|grant| after.is_none_or(|after| grant.id() > after));
        let mut page: Vec<&Grant> = above.filter(|grant| filter.matches(grant)).collect();
        page.sort_unstable_by_key(|grant| grant.id());
        page.into_iter().take(limit).cloned().collect()
    }

    /// Ends up to `limit` living grants of a filter; answers how many.
    pub(crate) fn end_living(&self, filter: &GrantFilter, at: Timestamp, reason: EndReason, limit: usize) -> usize {
        let living: Vec<GrantId> = {
            let records = self.read();
            let meant = records.by_id.iter().filter(|grant| !grant.is_ended() && filter.matches(grant));
            meant.map(Grant::id).take(limit).collect()
        };
        living.iter().filter(|id| self.end_if_living(id, at, reason)).count()
    }

    fn end_if_living(&self, id: &GrantId, at: Timestamp, reason: EndReason) -> bool {
        let mut records = self.write();
        match records.find_mut(id) {
            Some(stored) if !stored.is_ended() => stored.end(at, reason),
            Some(_) | None => return false,
        }
        records.earliest = records.earliest.min(at);
        true
    }

    /// Removes up to `limit` records that were dead before `before`; answers how many.
    pub(crate) fn purge(&self, before: Timestamp, limit: usize) -> usize {
        if self.read().earliest >= before {
            return 0;
        }
        let mut records = self.write();
        let mut earliest = Timestamp::MAX;
        let removed = records.by_id.take_dead(limit, |grant| {
            let dead_from = grant.dead_from();
            let dead = dead_from < before;
            if !dead {
                earliest = earliest.min(dead_from);
            }
            dead
        });
        if removed.len() < limit {
            records.earliest = earliest;
        }
        drop(records);
        removed.len()
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn a_lock_that_a_panic_poisoned_goes_on_working() {
        let shard = Shard::default();
        let died = thread::scope(|scope| {
            let holder = scope.spawn(|| {
                let _guard = shard.write();
                panic!("a thread dies while it holds the lock");
            });
            holder.join().is_err()
        });
        assert!(died && shard.0.is_poisoned());
        let (id, at) = (GrantId::from_bytes([1; 16]), Timestamp::EPOCH);
        assert_eq!(shard.commit(Change::End { id, at, reason: EndReason::Revoked }), CommitOutcome::Conflict);
        assert_eq!((shard.load(&id), shard.len(), shard.purge(Timestamp::MAX, 1)), (None, 0, 0));
    }
}
