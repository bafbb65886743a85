//! The SQLite store keeps every obligation of its ports.
#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;

use regrant_sqlite::{Options, SqliteStore};
use regrant_testkit::conformance;
use regrant_testkit::conformance::{Durable, Fixture, Runtime, block_on};
use tempfile::TempDir;

/// The directories of one database: the last is where it is, the others are what crashes left behind.
struct Files(Mutex<Vec<TempDir>>);

impl Files {
    /// The database is in the last directory.
    fn database(&self) -> PathBuf {
        self.0.lock().unwrap().last().unwrap().path().join("grants.db")
    }
}

impl Fixture for Files {
    type Store = SqliteStore;

    fn fresh() -> Self {
        Self(Mutex::new(vec![tempfile::tempdir().unwrap()]))
    }

    fn open(&self) -> SqliteStore {
        SqliteStore::open(&Options::new(self.database())).unwrap()
    }
}

impl Durable for Files {
    /// Copies the database and its write-ahead log as they are, without the shared memory, which no crash leaves.
    fn crash(&self, store: SqliteStore) -> SqliteStore {
        let (before, after) = (self.database(), tempfile::tempdir().unwrap());
        for name in ["grants.db", "grants.db-wal"] {
            fs::copy(before.with_file_name(name), after.path().join(name)).unwrap();
        }
        drop(store);
        self.0.lock().unwrap().push(after);
        self.open()
    }
}

impl Runtime for Files {
    fn run<T: Send>(&self, future: impl Future<Output = T> + Send) -> T {
        block_on(future)
    }
}

conformance!(sync: Files);
conformance!(async: Files);
conformance!(management: Files);
conformance!(async management: Files);
