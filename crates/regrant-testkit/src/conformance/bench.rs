//! One view of both ports, so that every case is written once: blocking, with the errors of the store as failures.

use std::future::Future;

use regrant::{
    AsyncGrantManagement, AsyncTokenStore, Change, CommitOutcome, EndReason, Grant, GrantFilter, GrantId,
    GrantManagement, Timestamp, TokenStore,
};

use super::{Durable, Failure, Fixture, Handle, Runtime};

/// A place under test, whatever its port.
pub trait Bench: Sync + Sized {
    /// The store.
    type Store: Send + Sync;

    /// Another handle to the same records.
    fn open(&self) -> Handle<'_, Self>;

    /// [`TokenStore::load`] or its like.
    ///
    /// # Errors
    /// The store failed.
    fn load(&self, store: &Self::Store, id: &GrantId) -> Result<Option<Grant>, Failure>;

    /// [`TokenStore::commit`] or its like.
    ///
    /// # Errors
    /// The store failed.
    fn commit(&self, store: &Self::Store, change: Change) -> Result<CommitOutcome, Failure>;
}

/// A place that outlives a crash.
pub trait DurableBench: Bench {
    /// See [`Durable::crash`].
    fn crash(&self, store: Self::Store) -> Self::Store;
}

/// A place whose store is also managed.
pub trait ManagedBench: Bench {
    /// [`GrantManagement::list`] or its like.
    ///
    /// # Errors
    /// The store failed.
    fn list(
        &self,
        store: &Self::Store,
        filter: &GrantFilter,
        after: Option<GrantId>,
        limit: usize,
    ) -> Result<Vec<Grant>, Failure>;

    /// [`GrantManagement::end`] or its like.
    ///
    /// # Errors
    /// The store failed.
    fn end(
        &self,
        store: &Self::Store,
        filter: &GrantFilter,
        end: (Timestamp, EndReason),
        limit: usize,
    ) -> Result<usize, Failure>;

    /// [`GrantManagement::purge`] or its like.
    ///
    /// # Errors
    /// The store failed.
    fn purge(&self, store: &Self::Store, before: Timestamp, limit: usize) -> Result<usize, Failure>;
}

/// The blocking port of a fixture.
#[derive(Debug)]
pub struct Blocking<F>(
    /// The fixture.
    pub F,
);

impl<F: Fixture> Blocking<F> {
    /// A new and empty place.
    pub fn fresh() -> Self {
        Self(F::fresh())
    }
}

impl<F: Fixture<Store: TokenStore>> Bench for Blocking<F> {
    type Store = F::Store;

    fn open(&self) -> Handle<'_, Self> {
        Handle::new(self, self.0.open())
    }

    fn load(&self, store: &F::Store, id: &GrantId) -> Result<Option<Grant>, Failure> {
        store.load(id).map_err(|error| Failure::of_store("load", &error))
    }

    fn commit(&self, store: &F::Store, change: Change) -> Result<CommitOutcome, Failure> {
        store.commit(change).map_err(|error| Failure::of_store("commit", &error))
    }
}

impl<F: Durable<Store: TokenStore>> DurableBench for Blocking<F> {
    fn crash(&self, store: F::Store) -> F::Store {
        self.0.crash(store)
    }
}

impl<F: Fixture<Store: TokenStore + GrantManagement>> ManagedBench for Blocking<F> {
    fn list(
        &self,
        store: &F::Store,
        filter: &GrantFilter,
        after: Option<GrantId>,
        limit: usize,
    ) -> Result<Vec<Grant>, Failure> {
        store.list(filter, after, limit).map_err(|error| Failure::of_store("list", &error))
    }

    fn end(
        &self,
        store: &F::Store,
        filter: &GrantFilter,
        (at, reason): (Timestamp, EndReason),
        limit: usize,
    ) -> Result<usize, Failure> {
        store.end(filter, at, reason, limit).map_err(|error| Failure::of_store("end", &error))
    }

    fn purge(&self, store: &F::Store, before: Timestamp, limit: usize) -> Result<usize, Failure> {
        store.purge(before, limit).map_err(|error| Failure::of_store("purge", &error))
    }
}

/// The awaited port of a fixture.
#[derive(Debug)]
pub struct Awaited<F>(
    /// The fixture.
    pub F,
);

impl<F: Runtime> Awaited<F> {
    /// A new and empty place.
    pub fn fresh() -> Self {
        Self(F::fresh())
    }

    fn run<T: Send, E>(&self, verb: &str, future: impl Future<Output = Result<T, E>> + Send) -> Result<T, Failure>
    where
        E: std::error::Error + Send,
    {
        self.0.run(future).map_err(|error| Failure::of_store(verb, &error))
    }
}

impl<F: Runtime<Store: AsyncTokenStore>> Bench for Awaited<F> {
    type Store = F::Store;

    fn open(&self) -> Handle<'_, Self> {
        Handle::new(self, self.0.open())
    }

    fn load(&self, store: &F::Store, id: &GrantId) -> Result<Option<Grant>, Failure> {
        self.run("load", store.load(id))
    }

    fn commit(&self, store: &F::Store, change: Change) -> Result<CommitOutcome, Failure> {
        self.run("commit", store.commit(change))
    }
}

impl<F: Runtime<Store: AsyncTokenStore> + Durable> DurableBench for Awaited<F> {
    fn crash(&self, store: <Self as Bench>::Store) -> <Self as Bench>::Store {
        self.0.crash(store)
    }
}

impl<F: Runtime<Store: AsyncTokenStore + AsyncGrantManagement>> ManagedBench for Awaited<F> {
    fn list(
        &self,
        store: &F::Store,
        filter: &GrantFilter,
        after: Option<GrantId>,
        limit: usize,
    ) -> Result<Vec<Grant>, Failure> {
        self.run("list", store.list(filter, after, limit))
    }

    fn end(
        &self,
        store: &F::Store,
        filter: &GrantFilter,
        (at, reason): (Timestamp, EndReason),
        limit: usize,
    ) -> Result<usize, Failure> {
        self.run("end", store.end(filter, at, reason, limit))
    }

    fn purge(&self, store: &F::Store, before: Timestamp, limit: usize) -> Result<usize, Failure> {
        self.run("purge", store.purge(before, limit))
    }
}
