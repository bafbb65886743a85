//! A store in the hands of a case.

use std::fmt;

use regrant::{Change, CommitOutcome, EndReason, Grant, GrantFilter, GrantId, Timestamp};

use super::failure::ensure;
use super::records::replace;
use super::{Bench, DurableBench, Failure, ManagedBench};

/// One handle to the records of a [`Bench`], with what every case asks of it.
pub struct Handle<'b, B: Bench> {
    bench: &'b B,
    store: B::Store,
}

impl<B: Bench> fmt::Debug for Handle<'_, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").finish_non_exhaustive()
    }
}

impl<'b, B: Bench> Handle<'b, B> {
    /// A handle around a store.
    pub const fn new(bench: &'b B, store: B::Store) -> Self {
        Self { bench, store }
    }

    pub(super) fn load(&self, id: &GrantId) -> Result<Option<Grant>, Failure> {
        self.bench.load(&self.store, id)
    }

    pub(super) fn commit(&self, change: Change) -> Result<CommitOutcome, Failure> {
        self.bench.commit(&self.store, change)
    }

    /// Inserts what is not there yet.
    pub(super) fn insert(&self, grant: &Grant) -> Result<(), Failure> {
        self.must_commit(Change::Insert(grant.clone()))
    }

    /// Replaces one version by the next.
    pub(super) fn replace(&self, old: &Grant, new: &Grant) -> Result<(), Failure> {
        self.must_commit(replace(old, new))
    }

    pub(super) fn must_commit(&self, change: Change) -> Result<(), Failure> {
        let (kind, id) = (kind(&change), change.grant_id());
        let outcome = self.commit(change)?;
        ensure(outcome == CommitOutcome::Committed, || format!("{kind} of {id} was due, and answered as a conflict"))
    }

    pub(super) fn must_conflict(&self, change: Change) -> Result<(), Failure> {
        let (kind, id) = (kind(&change), change.grant_id());
        let outcome = self.commit(change)?;
        ensure(outcome == CommitOutcome::Conflict, || format!("{kind} of {id} was no longer due, and was committed"))
    }

    /// Loads a record, which must be there.
    pub(super) fn must_load(&self, id: &GrantId) -> Result<Grant, Failure> {
        self.load(id)?.ok_or_else(|| Failure::new(format!("{id} is gone")))
    }

    /// A load must give back `grant` and nothing else.
    pub(super) fn must_hold(&self, grant: &Grant) -> Result<(), Failure> {
        must_equal(&self.must_load(&grant.id())?, grant)
    }

    pub(super) fn must_lack(&self, id: &GrantId) -> Result<(), Failure> {
        ensure(self.load(id)?.is_none(), || format!("{id} is there, where no record should be"))
    }
}

impl<B: DurableBench> Handle<'_, B> {
    /// The same records after a crash.
    #[must_use]
    pub(super) fn crash(self) -> Self {
        Self { store: self.bench.crash(self.store), bench: self.bench }
    }
}

impl<B: ManagedBench> Handle<'_, B> {
    pub(super) fn list(
        &self,
        filter: &GrantFilter,
        after: Option<GrantId>,
        limit: usize,
    ) -> Result<Vec<Grant>, Failure> {
        self.bench.list(&self.store, filter, after, limit)
    }

    pub(super) fn end(
        &self,
        filter: &GrantFilter,
        end: (Timestamp, EndReason),
        limit: usize,
    ) -> Result<usize, Failure> {
        self.bench.end(&self.store, filter, end, limit)
    }

    pub(super) fn purge(&self, before: Timestamp, limit: usize) -> Result<usize, Failure> {
        self.bench.purge(&self.store, before, limit)
    }
}

const fn kind(change: &Change) -> &'static str {
    match change {
        Change::Insert(_) => "an insert",
        Change::Replace { .. } => "a replacement",
        Change::End { .. } => "an end",
    }
}

/// Two records must be one and the same; if not, the failure names the part.
pub(super) fn must_equal(found: &Grant, due: &Grant) -> Result<(), Failure> {
    ensure(found == due, || {
        let (id, part) = (due.id(), difference(found, due));
        format!("{id} differs in its {part} (revision {} for {})", found.revision().get(), due.revision().get())
    })
}

fn difference(found: &Grant, due: &Grant) -> &'static str {
    let (own, other) = (found.terms(), due.terms());
    let parts = [
        (found.id() == due.id(), "id"),
        (found.revision() == due.revision(), "revision"),
        (found.state() == due.state(), "state"),
        (own.client_id == other.client_id, "client id"),
        (own.client_epoch == other.client_epoch, "client epoch"),
        (own.subject == other.subject, "subject"),
        (own.scope == other.scope, "scope"),
        (own.attributes == other.attributes, "attributes"),
        (own.created_at == other.created_at, "time of creation"),
        (own.expires_at == other.expires_at, "end of life"),
        (found.refresh() == due.refresh(), "refresh family"),
    ];
    parts.iter().find(|(equal, _)| !equal).map_or("access tokens", |(_, part)| part)
}
