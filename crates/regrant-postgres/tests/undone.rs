//! Statements that the server undoes because another writer was in the way, `40001` and `40P01`: a lost race like any other.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

mod common;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use common::{WAITING, beside, client, engine, id, insert, issue, refresh, replace, wait_for};
use regrant::{AsyncTokenStore as _, CommitOutcome, Policy, Revision};
use regrant_postgres::{ClientRecord, PostgresStore};
use throwaway_postgres::Server;
use tokio_postgres::Client;

/// A server whose log tells the code of each error, and in which database it was.
fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::start(&[("log_line_prefix", "%e in %d: ")]).unwrap())
}

/// A database with settings of its own, a store over it, and two sessions beside: one that writes, one that watches.
struct Place {
    database: String,
    store: PostgresStore,
    writer: Client,
    watcher: Client,
}

impl Place {
    async fn new(settings: &[&str]) -> Self {
        let database = server().database().unwrap();
        let url = server().url(&database);
        let writer = beside(&url).await;
        for setting in settings {
            server().sql(&database, &format!("ALTER DATABASE {database} SET {setting}")).unwrap();
        }
        let mut options = common::options(&url);
        (options.connections, options.statement_timeout) = (1, Duration::from_mins(1));
        options.patience = Duration::from_mins(1);
        let store = PostgresStore::open(options).await.unwrap();
        for n in 0..4 {
            assert_eq!(store.commit(insert(id(n))).await.unwrap(), CommitOutcome::Committed);
        }
        Self { watcher: beside(&url).await, database, store, writer }
    }

    /// How often the server has answered with this code here.
    fn undone(&self, code: &str) -> usize {
        server().log().unwrap().matches(&format!("{code} in {}: ERROR", self.database)).count()
    }

    /// Waits until a statement waits for a lock.
    async fn waiting(&self) {
        wait_for(&self.watcher, WAITING, 1).await;
    }
}

/// Both levels raise it where another transaction has changed the row meanwhile. READ COMMITTED looks at the row again.
const LEVELS: [&str; 2] =
    ["default_transaction_isolation = 'repeatable read'", "default_transaction_isolation = serializable"];
const TOUCH: &str = "UPDATE regrant.grants SET revision = revision + 1 WHERE id = $1";

#[tokio::test]
async fn a_write_that_cannot_be_serialized_is_a_conflict() {
    for level in LEVELS {
        let place = Place::new(&[level]).await;
        place.writer.batch_execute("BEGIN").await.unwrap();
        place.writer.execute(TOUCH, &[id(0).as_bytes()]).await.unwrap();
        let store = place.store.clone();
        let commit = tokio::spawn(async move { store.commit(replace(id(0), 1)).await });
        place.waiting().await;
        place.writer.batch_execute("COMMIT").await.unwrap();
        assert_eq!(commit.await.unwrap().unwrap(), CommitOutcome::Conflict, "{level}");
        assert_eq!(place.undone("40001"), 1, "{level}");
        // The same connection goes on.
        assert_eq!(place.store.commit(replace(id(0), 2)).await.unwrap(), CommitOutcome::Committed);
    }
}

#[tokio::test]
async fn of_a_batch_that_cannot_be_serialized_only_the_row_in_the_way_is_a_conflict() {
    for level in LEVELS {
        let place = Place::new(&[level]).await;
        let hold = |n: u64| {
            let (store, change) = (place.store.clone(), replace(id(n), 1));
            tokio::spawn(async move { store.commit(change).await })
        };
        place.writer.batch_execute("BEGIN").await.unwrap();
        place.writer.execute(TOUCH, &[id(0).as_bytes()]).await.unwrap();
        place.writer.execute(TOUCH, &[id(2).as_bytes()]).await.unwrap();
        // The first holds the connection, so that the other three go together.
        let first = hold(0);
        place.waiting().await;
        let together = [hold(1), hold(2), hold(3)];
        common::blocked::settle().await;
        place.writer.batch_execute("COMMIT").await.unwrap();
        assert_eq!(first.await.unwrap().unwrap(), CommitOutcome::Conflict, "{level}");
        let mut outcomes = Vec::new();
        for commit in together {
            outcomes.push(commit.await.unwrap().unwrap());
        }
        let wanted = [CommitOutcome::Committed, CommitOutcome::Conflict, CommitOutcome::Committed];
        assert_eq!(outcomes, wanted, "{level}");
        for (n, revision) in [(1, 2), (2, 2), (3, 2)] {
            let found = place.store.load(&id(n)).await.unwrap().unwrap().revision();
            assert_eq!(found, Revision::new(revision), "{level}, grant {n}");
        }
    }
}

/// A refresh whose write is undone: it is decided anew, over what the other writer has left, and answered.
async fn a_refresh_is_answered(place: Place, code: &str, hold: &str, then: Option<&str>) {
    place.store.clients(Policy::default()).add(&ClientRecord::new(client())).await.unwrap();
    let engine = Arc::new(engine(&place.store));
    let first = issue(&engine).await;
    place.writer.batch_execute("BEGIN").await.unwrap();
    place.writer.batch_execute(hold).await.unwrap();
    let refreshing = {
        let (engine, first) = (Arc::clone(&engine), first.clone());
        tokio::spawn(async move { refresh(&engine, &first).await })
    };
    place.waiting().await;
    if let Some(then) = then {
        place.writer.batch_execute(then).await.unwrap();
    }
    place.writer.batch_execute("COMMIT").await.unwrap();
    let second = refreshing.await.unwrap();
    assert_eq!(place.undone(code), 1, "the server has not said {code}");
    assert_eq!(refresh(&engine, &first).await, second, "there is one successor, and it is answered again");
    refresh(&engine, &second).await;
}

const TOUCH_ALL: &str = "UPDATE regrant.grants SET revision = revision + 1";

#[tokio::test]
async fn a_refresh_that_cannot_be_serialized_is_decided_anew_and_answered() {
    for level in LEVELS {
        a_refresh_is_answered(Place::new(&[level]).await, "40001", TOUCH_ALL, None).await;
    }
}

/// Whoever holds the row waits for the table, and for an hour before looking for a deadlock; so the store's session is the one
/// that is undone.
const PATIENT: &str = "SET deadlock_timeout = '1h'";
/// Long enough for the other to begin to wait, since a session looks only once, on a machine that stands still for a moment too;
/// and shorter than the store waits for a lock, an eighth of a minute.
const SOON: &str = "deadlock_timeout = '5s'";
const LOCK: &str = "LOCK TABLE regrant.grants IN SHARE MODE";

#[tokio::test]
async fn a_refresh_that_meets_a_deadlock_is_decided_anew_and_answered() {
    let place = Place::new(&[SOON]).await;
    place.writer.batch_execute(PATIENT).await.unwrap();
    a_refresh_is_answered(place, "40P01", TOUCH_ALL, Some(LOCK)).await;
}

#[tokio::test]
async fn a_write_that_meets_a_deadlock_is_a_conflict() {
    let place = Place::new(&[SOON]).await;
    place.writer.batch_execute(PATIENT).await.unwrap();
    place.writer.batch_execute("BEGIN").await.unwrap();
    place.writer.execute("SELECT FROM regrant.grants WHERE id = $1 FOR UPDATE", &[id(0).as_bytes()]).await.unwrap();
    let store = place.store.clone();
    let commit = tokio::spawn(async move { store.commit(replace(id(0), 1)).await });
    place.waiting().await;
    place.writer.batch_execute(LOCK).await.unwrap();
    assert_eq!(commit.await.unwrap().unwrap(), CommitOutcome::Conflict);
    assert_eq!(place.undone("40P01"), 1);
    place.writer.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(place.store.commit(replace(id(0), 1)).await.unwrap(), CommitOutcome::Committed);
}
