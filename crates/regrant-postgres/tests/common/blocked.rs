//! A store whose only connection is held up, so that what comes meanwhile goes together.

use std::time::Duration;

use regrant::{AsyncTokenStore as _, Change, CommitOutcome};
use regrant_postgres::{Error, Options, PostgresStore};
use tokio::task::JoinHandle;
use tokio_postgres::Client;

use super::{WAITING, beside, id, insert, options, replace, wait_for};

/// A store of one connection over grants 0 to 9, and a session that holds the row of grant 0.
pub(crate) struct Blocked {
    pub(crate) url: String,
    pub(crate) store: PostgresStore,
    pub(crate) holder: Client,
}

impl Blocked {
    pub(crate) async fn new(adjust: impl FnOnce(&mut Options)) -> Self {
        Self::over(throwaway_postgres::fresh_database(), 10, adjust).await
    }

    /// The same over so many grants of this database.
    pub(crate) async fn over(url: String, grants: u64, adjust: impl FnOnce(&mut Options)) -> Self {
        let mut options = options(&url);
        (options.connections, options.statement_timeout) = (1, Duration::from_secs(20));
        options.patience = Duration::from_secs(20);
        adjust(&mut options);
        let store = PostgresStore::open(options).await.unwrap();
        for n in 0..grants {
            assert_eq!(store.commit(insert(id(n))).await.unwrap(), CommitOutcome::Committed);
        }
        let blocked = Self { holder: beside(&url).await, url, store };
        blocked.hold().await;
        blocked
    }

    async fn hold(&self) {
        self.holder.batch_execute("BEGIN").await.unwrap();
        self.holder.execute("SELECT FROM regrant.grants WHERE id = $1 FOR UPDATE", &[id(0).as_bytes()]).await.unwrap();
    }

    /// From now on the server refuses a version of this grant.
    pub(crate) async fn poison(&self, n: u64, revision: u64) {
        self.release().await;
        let refuse = format!(
            "ALTER TABLE regrant.grants ADD CONSTRAINT poison \
             CHECK (id <> '\\x{}' OR revision <> {revision}) NOT VALID",
            id(n).to_hex()
        );
        self.holder.batch_execute(&refuse).await.unwrap();
        self.hold().await;
    }

    pub(crate) fn commit(&self, change: Change) -> JoinHandle<Result<CommitOutcome, Error>> {
        let store = self.store.clone();
        tokio::spawn(async move { store.commit(change).await })
    }

    /// A commit that has reached the server, and waits there.
    pub(crate) async fn stuck(&self) -> JoinHandle<Result<CommitOutcome, Error>> {
        let stuck = self.commit(replace(id(0), 1));
        wait_for(&beside(&self.url).await, WAITING, 1).await;
        stuck
    }

    pub(crate) async fn release(&self) {
        self.holder.batch_execute("COMMIT").await.unwrap();
    }
}

/// Gives everything that was spawned its turn, so that it waits in the queue of the store.
pub(crate) async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}
