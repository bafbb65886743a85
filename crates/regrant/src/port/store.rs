//! The store of grants: two verbs, no policy.

use core::error::Error;
use core::future::Future;

use super::{Change, CommitOutcome};
use crate::record::{Grant, GrantId};

/// A blocking store of grants.
///
/// A store has no clock, no random source and no opinion: it neither filters what has expired nor decides anything.
/// "Not found" is `Ok(None)`, "lost the race" is `Ok(Conflict)`; an `Err` is a fault of the store.
///
/// What a store owes. Each obligation is a case of that name in the conformance kit of the crate `regrant-testkit`.
///
/// - `load-sees-commits`: a load sees every commit that was acknowledged before it began, on any thread or process.
/// - `committed-is-durable`: `Committed` is answered only for what a crash cannot take back.
/// - `insert-never-overwrites`: inserting an id that exists is a conflict.
/// - `replace-needs-revision`: replacing takes place only where the stored revision is the expected one; a missing
///   record is a conflict. Nothing is ever upserted: a purged grant stays purged.
/// - `one-winner`: of several changes at once that expect the same revision, or insert the same id, exactly one is
///   committed.
/// - `end-ignores-revision`: ending takes place at any revision, raises it, and keeps the first end.
/// - `end-is-final`: a change that was decided before the end of its record, and comes after it, is a conflict.
/// - `every-write-raises-revision`: so does every write of management.
/// - `outcome-is-true`: `Committed` is answered for what was written, or had ended before, and `Conflict` for what
///   was not written.
/// - `load-does-not-filter`: ended and expired records are loaded like any other.
/// - `whole-records`: a load gives back every field exactly as it was committed; half a record is never seen.
/// - `one-record`: a change touches the record it names and no other.
pub trait TokenStore {
    /// A fault of the store.
    type Error: Error + Send + Sync + 'static;

    /// Reads one record.
    ///
    /// # Errors
    /// The store failed, or what it holds under that id is no record.
    fn load(&self, id: &GrantId) -> Result<Option<Grant>, Self::Error>;

    /// Writes one record, or nothing.
    ///
    /// # Errors
    /// The store failed. Whether the change was written may then be unknown; the engine reads the record again.
    fn commit(&self, change: Change) -> Result<CommitOutcome, Self::Error>;
}

/// A store of grants that is awaited.
///
/// It owes what a [`TokenStore`] owes, and beside that:
///
/// - `never-blocks-the-runtime`: no poll makes its thread wait for a disk, a network or another request.
/// - `dropping-is-harmless`: a future that is dropped halfway has written its whole change, or will, or never does; it
///   leaves no half of a record and holds up no other change.
pub trait AsyncTokenStore: Send + Sync {
    /// A fault of the store.
    type Error: Error + Send + Sync + 'static;

    /// Reads one record. See [`TokenStore::load`].
    fn load(&self, id: &GrantId) -> impl Future<Output = Result<Option<Grant>, Self::Error>> + Send;

    /// Writes one record, or nothing. See [`TokenStore::commit`].
    fn commit(&self, change: Change) -> impl Future<Output = Result<CommitOutcome, Self::Error>> + Send;
}

impl<S: TokenStore + ?Sized> TokenStore for &S {
    type Error = S::Error;

    fn load(&self, id: &GrantId) -> Result<Option<Grant>, Self::Error> {
        (**self).load(id)
    }

    fn commit(&self, change: Change) -> Result<CommitOutcome, Self::Error> {
        (**self).commit(change)
    }
}

impl<S: TokenStore + ?Sized> TokenStore for alloc::sync::Arc<S> {
    type Error = S::Error;

    fn load(&self, id: &GrantId) -> Result<Option<Grant>, Self::Error> {
        (**self).load(id)
    }

    fn commit(&self, change: Change) -> Result<CommitOutcome, Self::Error> {
        (**self).commit(change)
    }
}

impl<S: AsyncTokenStore + ?Sized> AsyncTokenStore for alloc::sync::Arc<S> {
    type Error = S::Error;

    fn load(&self, id: &GrantId) -> impl Future<Output = Result<Option<Grant>, Self::Error>> + Send {
        (**self).load(id)
    }

    fn commit(&self, change: Change) -> impl Future<Output = Result<CommitOutcome, Self::Error>> + Send {
        (**self).commit(change)
    }
}
