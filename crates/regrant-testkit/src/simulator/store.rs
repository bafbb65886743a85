//! The simulated store: a map with a compare-and-swap, and the stores that break their promises.

use std::collections::BTreeMap;

use regrant::{Change, CommitOutcome, Grant, GrantId, Timestamp};

use super::plant::Plant;
use super::prng::Prng;

/// The records. What faults do to a caller is the world's affair; the store itself is honest but for a planted bug.
#[derive(Debug, Default)]
pub(super) struct Store {
    records: BTreeMap<GrantId, Grant>,
    /// The version before the last one, for stale reads.
    previous: BTreeMap<GrantId, Grant>,
    plant: Option<Plant>,
}

/// What a commit did to the record.
#[derive(Debug)]
pub(super) struct Applied {
    pub(super) outcome: CommitOutcome,
    pub(super) before: Option<Grant>,
    /// The record as it is now, if it was written.
    pub(super) written: Option<Grant>,
}

impl Store {
    pub(super) fn new(plant: Option<Plant>) -> Self {
        Self { plant, ..Self::default() }
    }

    pub(super) fn load(&self, id: &GrantId, rng: &mut Prng) -> Option<Grant> {
        if self.plant == Some(Plant::StaleReads) && rng.chance(100) {
            return self.previous.get(id).or_else(|| self.records.get(id)).cloned();
        }
        self.records.get(id).cloned()
    }

    /// Applies a change, or finds a conflict.
    pub(super) fn commit(&mut self, change: Change, rng: &mut Prng) -> Applied {
        let id = change.grant_id();
        let before = self.records.get(&id).cloned();
        if self.plant == Some(Plant::AcknowledgedAndLost) && rng.chance(50) {
            return Applied { outcome: CommitOutcome::Committed, before, written: None };
        }
        let Some(next) = self.next(before.as_ref(), change) else {
            return Applied { outcome: CommitOutcome::Conflict, before, written: None };
        };
        let next = if self.plant == Some(Plant::HalfARecord) && rng.chance(50) { halved(next) } else { next };
        let written = (before.as_ref() != Some(&next)).then(|| next.clone());
        if let Some(old) = self.records.insert(id, next) {
            self.previous.insert(id, old);
        }
        Applied { outcome: CommitOutcome::Committed, before, written }
    }

    /// The record after a change; `None` for a conflict.
    fn next(&self, before: Option<&Grant>, change: Change) -> Option<Grant> {
        match (change, before) {
            (Change::Insert(grant), None) => Some(grant),
            (Change::Replace { expected, grant, .. }, Some(old)) => {
                let guarded = self.plant != Some(Plant::GuardIgnored);
                (!guarded || old.revision() == expected).then_some(grant)
            }
            (Change::Replace { grant, .. }, None) if self.plant == Some(Plant::Upsert) => Some(grant),
            (Change::End { at, reason, .. }, Some(old)) => {
                let mut ended = old.clone();
                ended.end(at, reason);
                Some(if self.plant == Some(Plant::EndedWithoutRevision) { at_revision_of(old, ended) } else { ended })
            }
            (Change::Insert(_), Some(_)) | (Change::Replace { .. } | Change::End { .. }, None) => None,
        }
    }

    /// Deletes what was dead before an instant, and tells what.
    pub(super) fn purge(&mut self, before: Timestamp) -> Vec<GrantId> {
        let dead: Vec<GrantId> =
            self.records.values().filter(|grant| grant.dead_from() < before).map(Grant::id).collect();
        for id in &dead {
            self.records.remove(id);
            self.previous.remove(id);
        }
        dead
    }
}

/// The record without its latest access token.
fn halved(grant: Grant) -> Grant {
    let access = grant.access().split_last().map_or_else(Vec::new, |(_, rest)| rest.to_vec());
    let (terms, refresh) = (grant.terms().clone(), grant.refresh().cloned());
    Grant::new(grant.id(), grant.revision(), grant.state(), terms, refresh, access).unwrap_or(grant)
}

/// An ended record that carries the revision it had before.
fn at_revision_of(old: &Grant, ended: Grant) -> Grant {
    let (terms, refresh) = (ended.terms().clone(), ended.refresh().cloned());
    let access = ended.access().to_vec();
    Grant::new(ended.id(), old.revision(), ended.state(), terms, refresh, access).unwrap_or(ended)
}
