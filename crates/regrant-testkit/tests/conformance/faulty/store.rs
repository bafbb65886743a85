//! The blocking port of the store with one fault.

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use regrant::{
    AccessEntry, Attributes, Change, CommitOutcome, Grant, GrantId, GrantState, RefreshFamily, Revision, Terms,
    Timestamp, TokenStore,
};

use super::{Disk, Fault, Records};

/// The present of the store that filters.
const PRESENT: Timestamp = Timestamp::from_unix_millis(1_800_000_000_000);

/// A store with at most one fault.
pub(crate) struct Liar {
    pub(super) fault: Fault,
    disk: Arc<Disk>,
    /// What [`Fault::StaleRead`] has loaded.
    copies: Mutex<Records>,
    /// Which record [`Fault::RecordsSwapped`] wrote last.
    last: Mutex<Option<GrantId>>,
    /// How many commits of [`Fault::GuardNotAtomic`] are between the look and the write.
    between: AtomicUsize,
}

impl Liar {
    pub(crate) fn new(fault: Fault, disk: Arc<Disk>) -> Self {
        Self { fault, disk, copies: Mutex::default(), last: Mutex::default(), between: AtomicUsize::new(0) }
    }

    pub(super) fn has(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    pub(super) fn disk(&self) -> &Disk {
        &self.disk
    }

    /// The key of a record.
    fn key(&self, id: GrantId) -> GrantId {
        let mut bytes = *id.as_bytes();
        if self.has(Fault::IdCut) {
            bytes[8..].fill(0);
        }
        GrantId::from_bytes(bytes)
    }

    /// Writes and, unless the fault is to do so too late, makes it durable.
    fn write(&self, change: Change) -> CommitOutcome {
        self.wait_between(&change);
        self.disk.with(|records| {
            if self.has(Fault::AcknowledgedEarly) || self.has(Fault::CountedEarly) {
                self.disk.sync(records);
            }
            let outcome = self.apply(records, change);
            if !self.has(Fault::AcknowledgedEarly) {
                self.disk.sync(records);
            }
            outcome
        })
    }

    fn apply(&self, records: &mut Records, change: Change) -> CommitOutcome {
        let key = self.key(change.grant_id());
        let stored = records.get(&key).cloned();
        let written = match (change, stored) {
            (Change::Insert(grant), None) => {
                self.disk.remember_death(&grant);
                self.kept(grant)
            }
            (Change::Insert(grant), Some(_)) if self.has(Fault::InsertOverwrites) => grant,
            (Change::Replace { grant, .. }, None) if self.has(Fault::ReplaceUpserts) => grant,
            (Change::Replace { expected, grant, .. }, Some(old)) if self.passes(&old, expected) => {
                self.replaced(&old, grant)
            }
            (Change::End { at, reason, .. }, Some(old)) => match self.ended(&old, at, reason) {
                Some(ended) => ended,
                None => return CommitOutcome::Conflict,
            },
            (Change::End { .. }, None) if self.has(Fault::EndOfNothingCommits) => return CommitOutcome::Committed,
            _ if self.has(Fault::ConflictAsSuccess) => return CommitOutcome::Committed,
            _ => return CommitOutcome::Conflict,
        };
        let (key, written) = self.swapped(records, key, written);
        records.insert(key, written);
        if self.has(Fault::SuccessAsConflict) { CommitOutcome::Conflict } else { CommitOutcome::Committed }
    }

    /// Whether a replacement may take place.
    fn passes(&self, old: &Grant, expected: Revision) -> bool {
        match self.fault {
            Fault::GuardIgnored | Fault::GuardNotAtomic => true,
            Fault::GuardCut => old.revision().get() << 32 == expected.get() << 32,
            Fault::GuardTooWide => old.revision() <= expected,
            Fault::LateCommitResurrects => old.revision() == expected || old.is_ended(),
            _ => old.revision() == expected,
        }
    }

    /// What is stored of a new record.
    fn kept(&self, grant: Grant) -> Grant {
        let mut parts = Parts::of(&grant);
        match self.fault {
            Fault::AttributesLost => parts.terms.attributes = Attributes::new(),
            Fault::AttributesReordered => parts.terms.attributes = sorted(&parts.terms.attributes),
            Fault::TimesTruncated => parts.terms.created_at = seconds(parts.terms.created_at),
            Fault::ListTimesTruncated => {
                for entry in &mut parts.access {
                    entry.issued_at = seconds(entry.issued_at);
                }
            }
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_precision_loss,
                clippy::cast_sign_loss,
                reason = "that is the fault"
            )]
            Fault::NumbersRounded => parts.revision = Revision::new(parts.revision.get() as f64 as u64),
            _ => return grant,
        }
        parts.build()
    }

    /// What is stored of a replacement.
    fn replaced(&self, old: &Grant, new: Grant) -> Grant {
        let mut parts = Parts::of(&new);
        match self.fault {
            Fault::RevisionNotBumped => parts.revision = old.revision(),
            Fault::HalfWritten => parts.access = old.access().to_vec(),
            _ => return self.kept(new),
        }
        parts.build()
    }

    /// What is stored of an end.
    fn ended(&self, old: &Grant, at: Timestamp, reason: regrant::EndReason) -> Option<Grant> {
        let mut ended = old.clone();
        ended.end(at, reason);
        let mut parts = Parts::of(&ended);
        match self.fault {
            Fault::EndKeepsRevision => parts.revision = old.revision(),
            Fault::EndOverwritesEnd => parts.state = GrantState::Ended { at, reason },
            Fault::EndClearsTokens => parts.access.clear(),
            Fault::EndNeedsRevision if old.revision() > Revision::FIRST.next() => return None,
            _ => return Some(ended),
        }
        Some(parts.build())
    }

    /// Where and what is written: with [`Fault::RecordsSwapped`] it changes places with the record written before, and
    /// each keeps its own id.
    fn swapped(&self, records: &mut Records, key: GrantId, written: Grant) -> (GrantId, Grant) {
        if !self.has(Fault::RecordsSwapped) {
            return (key, written);
        }
        match self.last.lock().unwrap().replace(key).filter(|last| *last != key) {
            Some(last) => {
                let other = records.remove(&last).unwrap();
                records.insert(key, Parts { id: key, ..Parts::of(&other) }.build());
                (last, Parts { id: last, ..Parts::of(&written) }.build())
            }
            None => (key, written),
        }
    }

    /// [`Fault::GuardNotAtomic`]: looks at the revision, and gives others the time to do the same before the write.
    fn wait_between(&self, change: &Change) {
        let (true, Change::Replace { .. }) = (self.has(Fault::GuardNotAtomic), change) else {
            return;
        };
        self.between.fetch_add(1, Ordering::SeqCst);
        for _ in 0..1000 {
            if self.between.load(Ordering::SeqCst) > 1 {
                break;
            }
            thread::yield_now();
        }
    }

    fn expired(grant: &Grant) -> bool {
        grant.dead_from() < PRESENT
    }
}

impl TokenStore for Liar {
    type Error = Infallible;

    fn load(&self, id: &GrantId) -> Result<Option<Grant>, Infallible> {
        let copy = self.copies.lock().unwrap().get(id).filter(|_| self.has(Fault::StaleRead)).cloned();
        let loaded = copy.or_else(|| self.disk.with(|records| records.get(&self.key(*id)).cloned()));
        let Some(grant) = loaded else {
            return Ok(None);
        };
        self.copies.lock().unwrap().insert(*id, grant.clone());
        let hidden = match self.fault {
            Fault::LoadFiltersExpired => Self::expired(&grant),
            Fault::LoadFiltersEnded => grant.is_ended(),
            _ => false,
        };
        Ok((!hidden).then_some(grant))
    }

    fn commit(&self, change: Change) -> Result<CommitOutcome, Infallible> {
        self.copies.lock().unwrap().remove(&change.grant_id());
        if let (Fault::GuardNotAtomic, Change::Replace { expected, grant, .. }) = (self.fault, &change) {
            let stored = self.load(&grant.id())?;
            if stored.is_none_or(|stored| stored.revision() != *expected) {
                return Ok(CommitOutcome::Conflict);
            }
        }
        let outcome = self.write(change);
        if self.has(Fault::GuardNotAtomic) {
            self.between.store(0, Ordering::SeqCst);
        }
        Ok(outcome)
    }
}

/// A record taken apart.
struct Parts {
    id: GrantId,
    revision: Revision,
    state: GrantState,
    terms: Terms,
    refresh: Option<RefreshFamily>,
    access: Vec<AccessEntry>,
}

impl Parts {
    fn of(grant: &Grant) -> Self {
        let (refresh, access) = (grant.refresh().cloned(), grant.access().to_vec());
        let terms = (**grant.terms()).clone();
        Self { id: grant.id(), revision: grant.revision(), state: grant.state(), terms, refresh, access }
    }

    fn build(self) -> Grant {
        Grant::new(self.id, self.revision, self.state, Arc::new(self.terms), self.refresh, self.access).unwrap()
    }
}

/// A record with another revision or state.
pub(super) fn altered(grant: &Grant, revision: Revision, state: GrantState) -> Grant {
    Parts { revision, state, ..Parts::of(grant) }.build()
}

/// A record with the refresh family of `new` and everything else of `old`.
pub(super) fn half(old: &Grant, new: &Grant) -> Grant {
    let Parts { revision, refresh, .. } = Parts::of(new);
    Parts { revision, refresh, ..Parts::of(old) }.build()
}

fn sorted(attributes: &Attributes) -> Attributes {
    let mut pairs: Vec<_> = attributes.iter().collect();
    pairs.sort_unstable();
    let mut sorted = Attributes::new();
    for (name, value) in pairs {
        sorted.insert(name, value).unwrap();
    }
    sorted
}

fn seconds(at: Timestamp) -> Timestamp {
    Timestamp::from_unix_seconds(at.unix_seconds())
}
