//! A small store that is right, and one with any single fault: what the kit is tested with.

mod awaited;
mod fault;
mod management;
mod store;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use regrant::{Grant, GrantId, Timestamp};
use regrant_testkit::conformance::{Durable, Fixture, Runtime, block_on};

pub(crate) use fault::Fault;
pub(crate) use store::Liar;

/// All records.
pub(crate) type Records = BTreeMap<GrantId, Grant>;

/// What the handles to one place share.
#[derive(Default)]
pub(crate) struct Disk {
    /// What every handle sees.
    records: Mutex<Records>,
    /// What a crash leaves.
    durable: Mutex<Records>,
    /// When each record was to die as it was inserted.
    deaths: Mutex<BTreeMap<GrantId, Timestamp>>,
}

impl Disk {
    /// Changes the records under one lock.
    pub(crate) fn with<T>(&self, change: impl FnOnce(&mut Records) -> T) -> T {
        change(&mut self.records.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Makes durable what `records` are now.
    pub(crate) fn sync(&self, records: &Records) {
        self.durable.lock().unwrap_or_else(PoisonError::into_inner).clone_from(records);
    }

    /// Notes when a new record is to die.
    pub(crate) fn remember_death(&self, grant: &Grant) {
        self.deaths.lock().unwrap().insert(grant.id(), grant.dead_from());
    }

    /// When a record was to die as it was inserted.
    pub(crate) fn first_death(&self, grant: &Grant) -> Timestamp {
        self.deaths.lock().unwrap().get(&grant.id()).copied().unwrap_or_else(|| grant.dead_from())
    }

    fn after_crash(&self) -> Self {
        let left = self.durable.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Self { records: Mutex::new(left.clone()), durable: Mutex::new(left), deaths: Mutex::default() }
    }
}

/// Where a [`Liar`] keeps its records.
pub(crate) struct Place {
    fault: Fault,
    disk: Arc<Disk>,
}

impl Place {
    /// A place whose stores have this fault.
    pub(crate) fn with(fault: Fault) -> Self {
        Self { fault, disk: Arc::default() }
    }
}

impl Fixture for Place {
    type Store = Liar;

    fn fresh() -> Self {
        Self::with(Fault::None)
    }

    fn open(&self) -> Liar {
        Liar::new(self.fault, Arc::clone(&self.disk))
    }
}

impl Durable for Place {
    fn crash(&self, store: Liar) -> Liar {
        Liar::new(self.fault, Arc::new(store.disk().after_crash()))
    }
}

impl Runtime for Place {
    fn run<T: Send>(&self, future: impl Future<Output = T> + Send) -> T {
        block_on(future)
    }
}
