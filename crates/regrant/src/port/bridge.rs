//! The bridge from the blocking port to the awaited one.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::{
    AsyncClientStore, AsyncGrantManagement, AsyncTokenStore, Change, ClientStore, CommitOutcome, GrantFilter,
    GrantManagement, TokenStore,
};
use crate::client::{Client, ClientId};
use crate::record::{EndReason, Grant, GrantId};
use crate::time::Timestamp;

/// Serves the awaited ports by calling a blocking store in place, on the thread that polls.
///
/// Right for a store that answers from memory. Wrong for one that touches a disk or a network: it would hold up every
/// other task of that thread. Hence a type that must be written down, and no blanket implementation.
#[derive(Clone, Copy, Debug, Default)]
pub struct Inline<S>(pub S);

impl<S: TokenStore + Send + Sync> AsyncTokenStore for Inline<S> {
    type Error = S::Error;

    async fn load(&self, id: &GrantId) -> Result<Option<Grant>, Self::Error> {
        self.0.load(id)
    }

    async fn commit(&self, change: Change) -> Result<CommitOutcome, Self::Error> {
        self.0.commit(change)
    }
}

impl<C: ClientStore + Send + Sync> AsyncClientStore for Inline<C> {
    type Error = C::Error;

    async fn client(&self, id: &ClientId) -> Result<Option<Arc<Client>>, Self::Error> {
        self.0.client(id)
    }
}

impl<M: GrantManagement + Send + Sync> AsyncGrantManagement for Inline<M> {
    type Error = M::Error;

    async fn list(
        &self,
        filter: &GrantFilter,
        after: Option<GrantId>,
        limit: usize,
    ) -> Result<Vec<Grant>, Self::Error> {
        self.0.list(filter, after, limit)
    }

    async fn end(
        &self,
        filter: &GrantFilter,
        at: Timestamp,
        reason: EndReason,
        limit: usize,
    ) -> Result<usize, Self::Error> {
        self.0.end(filter, at, reason, limit)
    }

    async fn purge(&self, before: Timestamp, limit: usize) -> Result<usize, Self::Error> {
        self.0.purge(before, limit)
    }
}
