//! The awaited ports of the store with one fault.

use std::convert::Infallible;
use std::future::poll_fn;
use std::task::Poll;
use std::thread;
use std::time::Duration;

use regrant::{
    AsyncGrantManagement, AsyncTokenStore, Change, CommitOutcome, EndReason, Grant, GrantFilter, GrantId,
    GrantManagement, Timestamp, TokenStore,
};

use super::store::half;
use super::{Fault, Liar};

impl Liar {
    /// What [`Fault::BlocksRuntime`] does to the thread that polls.
    fn block(&self) {
        if self.has(Fault::BlocksRuntime) {
            thread::sleep(Duration::from_micros(20));
        }
    }

    /// [`Fault::TornByDrop`]: writes one half, and waits for the next poll before the other.
    async fn tear(&self, change: &Change) {
        let (true, Change::Replace { expected, grant, .. }) = (self.has(Fault::TornByDrop), change) else {
            return;
        };
        let torn = self.disk().with(|records| {
            let old = records.get_mut(&grant.id()).filter(|old| old.revision() == *expected)?;
            let whole = old.clone();
            *old = half(old, grant);
            Some(whole)
        });
        yield_once().await;
        if let Some(whole) = torn {
            self.disk().with(|records| records.insert(grant.id(), whole));
        }
    }
}

async fn yield_once() {
    let mut yielded = false;
    poll_fn(|context| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

impl AsyncTokenStore for Liar {
    type Error = Infallible;

    async fn load(&self, id: &GrantId) -> Result<Option<Grant>, Infallible> {
        self.block();
        TokenStore::load(self, id)
    }

    async fn commit(&self, change: Change) -> Result<CommitOutcome, Infallible> {
        self.block();
        self.tear(&change).await;
        TokenStore::commit(self, change)
    }
}

impl AsyncGrantManagement for Liar {
    type Error = Infallible;

    async fn list(&self, filter: &GrantFilter, after: Option<GrantId>, limit: usize) -> Result<Vec<Grant>, Infallible> {
        self.block();
        GrantManagement::list(self, filter, after, limit)
    }

    async fn end(
        &self,
        filter: &GrantFilter,
        at: Timestamp,
        reason: EndReason,
        limit: usize,
    ) -> Result<usize, Infallible> {
        self.block();
        GrantManagement::end(self, filter, at, reason, limit)
    }

    async fn purge(&self, before: Timestamp, limit: usize) -> Result<usize, Infallible> {
        self.block();
        GrantManagement::purge(self, before, limit)
    }
}
