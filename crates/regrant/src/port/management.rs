//! What an operator asks of a store, apart from what the engine asks.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::error::Error;
use core::future::Future;

use crate::client::ClientId;
use crate::record::{EndReason, Grant, GrantId, Subject};
use crate::time::Timestamp;

/// Which grants are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GrantFilter {
    /// All of them.
    All,
    /// Those of one client.
    Client(ClientId),
    /// Those of one subject.
    Subject(Subject),
}

impl GrantFilter {
    /// Whether a grant is meant.
    pub fn matches(&self, grant: &Grant) -> bool {
        match self {
            Self::All => true,
            Self::Client(id) => grant.terms().client_id == *id,
            Self::Subject(subject) => grant.terms().subject.as_ref() == Some(subject),
        }
    }
}

/// Management of a blocking store. Every call is bounded by `limit`, so that none stalls the requests beside it.
///
/// What a store owes. Each obligation is a case of that name in the conformance kit of the crate `regrant-testkit`.
///
/// - `list-is-complete`: following the pages from `None`, every grant that was there throughout is seen exactly once,
///   in ascending order of ids.
/// - `filter-is-exact`: names are equal byte for byte, or they are different names.
/// - `end-spares-the-ended`: only grants that are alive are ended and counted; each has its revision raised.
/// - `end-misses-none`: calls repeated until one answers 0 leave no grant of the filter alive.
/// - `purge-spares-the-living`: only records whose [`Grant::dead_from`] is before the given instant are deleted, and
///   only if they did not change meanwhile.
/// - `purge-misses-none`: calls repeated until one answers 0 leave no such record, and nothing brings one back.
/// - `limit-holds`: no call lists, ends or deletes more than `limit`, and it answers how many it did.
/// - `counted-is-durable`: what a call has counted, a crash cannot take back.
pub trait GrantManagement {
    /// A fault of the store.
    type Error: Error + Send + Sync + 'static;

    /// Up to `limit` grants with ids above `after`, in ascending order of ids; ended ones included.
    ///
    /// # Errors
    /// The store failed.
    fn list(&self, filter: &GrantFilter, after: Option<GrantId>, limit: usize) -> Result<Vec<Grant>, Self::Error>;

    /// Ends up to `limit` living grants, each by itself; answers how many.
    ///
    /// # Errors
    /// The store failed; what was ended before stays ended.
    fn end(&self, filter: &GrantFilter, at: Timestamp, reason: EndReason, limit: usize) -> Result<usize, Self::Error>;

    /// Deletes up to `limit` records that were dead before `before`; answers how many. A host subtracts a margin from
    /// the present, a day for instance, so that late replays are still told from unknown tokens.
    ///
    /// # Errors
    /// The store failed; what was deleted before stays deleted.
    fn purge(&self, before: Timestamp, limit: usize) -> Result<usize, Self::Error>;
}

/// Management of a store that is awaited.
///
/// It owes what [`GrantManagement`] owes, and beside that:
///
/// - `management-never-blocks`: no poll makes its thread wait for a disk, a network or another request.
pub trait AsyncGrantManagement: Send + Sync {
    /// A fault of the store.
    type Error: Error + Send + Sync + 'static;

    /// See [`GrantManagement::list`].
    fn list(
        &self,
        filter: &GrantFilter,
        after: Option<GrantId>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Grant>, Self::Error>> + Send;

    /// See [`GrantManagement::end`].
    fn end(
        &self,
        filter: &GrantFilter,
        at: Timestamp,
        reason: EndReason,
        limit: usize,
    ) -> impl Future<Output = Result<usize, Self::Error>> + Send;

    /// See [`GrantManagement::purge`].
    fn purge(&self, before: Timestamp, limit: usize) -> impl Future<Output = Result<usize, Self::Error>> + Send;
}

impl<M: GrantManagement + ?Sized> GrantManagement for Arc<M> {
    type Error = M::Error;

    fn list(&self, filter: &GrantFilter, after: Option<GrantId>, limit: usize) -> Result<Vec<Grant>, Self::Error> {
        (**self).list(filter, after, limit)
    }

    fn end(&self, filter: &GrantFilter, at: Timestamp, reason: EndReason, limit: usize) -> Result<usize, Self::Error> {
        (**self).end(filter, at, reason, limit)
    }

    fn purge(&self, before: Timestamp, limit: usize) -> Result<usize, Self::Error> {
        (**self).purge(before, limit)
    }
}

impl<M: AsyncGrantManagement + ?Sized> AsyncGrantManagement for Arc<M> {
    type Error = M::Error;

    fn list(
        &self,
        filter: &GrantFilter,
        after: Option<GrantId>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Grant>, Self::Error>> + Send {
        (**self).list(filter, after, limit)
    }

    fn end(
        &self,
        filter: &GrantFilter,
        at: Timestamp,
        reason: EndReason,
        limit: usize,
    ) -> impl Future<Output = Result<usize, Self::Error>> + Send {
        (**self).end(filter, at, reason, limit)
    }

    fn purge(&self, before: Timestamp, limit: usize) -> impl Future<Output = Result<usize, Self::Error>> + Send {
        (**self).purge(before, limit)
    }
}

/// How many records one step of a bulk operation touches.
const BATCH: usize = 256;

/// Ends every grant of a filter, in bounded batches, until a pass finds none. Answers how many were ended.
///
/// # Errors
/// The store failed; what was ended before stays ended.
pub fn end_all<M: GrantManagement>(
    store: &M,
    filter: &GrantFilter,
    at: Timestamp,
    reason: EndReason,
) -> Result<usize, M::Error> {
    let mut ended = 0;
    loop {
        match store.end(filter, at, reason, BATCH)? {
            0 => return Ok(ended),
            batch => ended += batch,
        }
    }
}

/// [`end_all`] for a store that is awaited.
///
/// # Errors
/// The store failed; what was ended before stays ended.
pub async fn end_all_async<M: AsyncGrantManagement>(
    store: &M,
    filter: &GrantFilter,
    at: Timestamp,
    reason: EndReason,
) -> Result<usize, M::Error> {
    let mut ended = 0;
    loop {
        match store.end(filter, at, reason, BATCH).await? {
            0 => return Ok(ended),
            batch => ended += batch,
        }
    }
}
