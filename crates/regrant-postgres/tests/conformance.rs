//! The Postgres store keeps every obligation of its ports, with batches and without, and behind a pooler's restrictions.

mod common;

use common::{open, options};
use regrant_postgres::PostgresStore;
use regrant_testkit::conformance;
use regrant_testkit::conformance::{Durable, Fixture, Runtime, block_on};

/// A database of its own, and how it is used.
struct Database<const BATCH: usize, const POOLER: bool>(String);

impl<const BATCH: usize, const POOLER: bool> Fixture for Database<BATCH, POOLER> {
    type Store = PostgresStore;

    fn fresh() -> Self {
        Self(throwaway_postgres::fresh_database())
    }

    fn open(&self) -> PostgresStore {
        let mut options = options(&self.0);
        (options.batch, options.pooler) = (BATCH, POOLER);
        open(options)
    }
}

impl<const BATCH: usize, const POOLER: bool> Durable for Database<BATCH, POOLER> {
    /// Another node takes over at once: what the first one was told, it finds. Crashes of the server itself have tests of
    /// their own.
    fn crash(&self, store: PostgresStore) -> PostgresStore {
        let next = self.open();
        drop(store);
        next
    }
}

impl<const BATCH: usize, const POOLER: bool> Runtime for Database<BATCH, POOLER> {
    /// The futures of the store need no runtime of their own.
    fn run<T: Send>(&self, future: impl Future<Output = T> + Send) -> T {
        block_on(future)
    }
}

mod in_batches {
    use super::*;
    conformance!(async: Database<128, false>);
    conformance!(async management: Database<128, false>);
}

mod one_by_one {
    use super::*;
    conformance!(async: Database<1, false>);
}

mod without_named_statements {
    use super::*;
    conformance!(async: Database<128, true>);
    conformance!(async management: Database<128, true>);
}
