//! Commits with news wait for each other, on one lock of the whole server: who waits for it, and what becomes of them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

mod common;

use std::sync::OnceLock;
use std::time::Duration;

use common::blocked::{Blocked, settle};
use common::{beside, id, replace, revoke, wait_for};
use regrant::{AsyncTokenStore as _, CommitOutcome, Revision};
use regrant_postgres::Error;
use throwaway_postgres::Server;
use tokio::task::JoinHandle;
use tokio_postgres::Client;

/// A server whose standby never comes. Nobody waits for it who does not say so.
fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    let settings = [("synchronous_standby_names", "nobody"), ("synchronous_commit", "local")];
    SERVER.get_or_init(|| Server::start(&settings).unwrap())
}

/// A session that has the lock: it has told something, and its commit waits for the standby.
struct Holder(Client, i32);

impl Holder {
    async fn new(url: &str) -> Self {
        let teller = beside(url).await;
        let pid: i32 = teller.query_one("SELECT pg_backend_pid()", &[]).await.unwrap().get(0);
        tokio::spawn(async move {
            let tell = "SET synchronous_commit = on; BEGIN; SELECT pg_logical_emit_message(true, '', ''); \
                        NOTIFY regrant, 'x'; COMMIT";
            // A commit whose wait is cancelled is committed.
            teller.batch_execute(tell).await.unwrap();
        });
        let beside = beside(url).await;
        let waits = format!("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND pid = {pid}");
        wait_for(&beside, &waits, 1).await;
        Self(beside, pid)
    }

    async fn release(self) {
        self.0.query("SELECT pg_cancel_backend($1)", &[&self.1]).await.unwrap();
    }
}

/// How often a statement was given up here because it waited for a lock.
fn given_up() -> usize {
    server().log().unwrap().matches("canceling statement due to lock timeout").count()
}

async fn blocked(lock_timeout: Duration) -> Blocked {
    let database = server().database().unwrap();
    Blocked::over(server().url(&database), 10, |options| options.statement_timeout = lock_timeout * 8).await
}

async fn are_refused(commits: Vec<JoinHandle<Result<CommitOutcome, Error>>>) {
    for commit in commits {
        let error = commit.await.unwrap().unwrap_err();
        assert!(matches!(&error, Error::Refused(fault) if fault.sqlstate() == Some("55P03")), "{error}");
        assert!(!error.is_in_doubt());
    }
}

/// They count what the server gives up, so they take turns.
#[tokio::test]
async fn whoever_has_news_waits_for_others_with_news_and_holds_up_nobody_else() {
    what_has_no_news_does_not_wait().await;
    what_waits_in_vain_is_not_tried_row_by_row().await;
    what_waits_for_a_row_is_and_stops_at_the_lock().await;
}

async fn what_has_no_news_does_not_wait() {
    let blocked = blocked(Duration::from_secs(20)).await;
    let stuck = blocked.stuck().await;
    // All of these go in the next batch. The one with news has the lowest id.
    let mut aloud = [1, 2].map(|n| blocked.commit(revoke(id(n), 1)));
    let quiet = [3, 4, 5].map(|n| blocked.commit(replace(id(n), 1)));
    settle().await;
    let holder = Holder::new(&blocked.url).await;
    blocked.release().await;
    assert_eq!(stuck.await.unwrap().unwrap(), CommitOutcome::Committed);
    for commit in quiet {
        assert_eq!(commit.await.unwrap().unwrap(), CommitOutcome::Committed);
    }
    assert!(aloud.iter().all(|commit| !commit.is_finished()), "the lock is held");
    holder.release().await;
    for commit in &mut aloud {
        assert_eq!(commit.await.unwrap().unwrap(), CommitOutcome::Committed);
    }
}

async fn what_waits_in_vain_is_not_tried_row_by_row() {
    let blocked = blocked(Duration::from_secs(1)).await;
    let holder = Holder::new(&blocked.url).await;
    let before = given_up();
    let stuck = blocked.stuck().await;
    let aloud = (1..9).map(|n| blocked.commit(revoke(id(n), 1))).collect();
    settle().await;
    blocked.release().await;
    assert_eq!(stuck.await.unwrap().unwrap(), CommitOutcome::Committed);
    are_refused(aloud).await;
    assert_eq!(given_up() - before, 1, "all of them waited together, and once");
    holder.release().await;
    for n in 1..9 {
        assert_eq!(blocked.store.load(&id(n)).await.unwrap().unwrap().revision(), Revision::FIRST);
        assert_eq!(blocked.store.commit(revoke(id(n), 1)).await.unwrap(), CommitOutcome::Committed);
    }
}

async fn what_waits_for_a_row_is_and_stops_at_the_lock() {
    for lock_is_held in [false, true] {
        let blocked = blocked(Duration::from_secs(1)).await;
        let holder = if lock_is_held { Some(Holder::new(&blocked.url).await) } else { None };
        let before = given_up();
        // Somebody holds the row of grant 0, and goes on.
        let stuck = blocked.stuck().await;
        let mut aloud: Vec<_> = (0..9).map(|n| blocked.commit(revoke(id(n), 1))).collect();
        let others = aloud.split_off(1);
        are_refused(vec![stuck]).await;
        are_refused(aloud).await;
        if let Some(holder) = holder {
            are_refused(others).await;
            holder.release().await;
        } else {
            for commit in others {
                assert_eq!(commit.await.unwrap().unwrap(), CommitOutcome::Committed);
            }
        }
        // What was stuck, the batch, its first row alone; and the second, which waits for the lock.
        assert_eq!(given_up() - before, 3 + usize::from(lock_is_held));
    }
}
