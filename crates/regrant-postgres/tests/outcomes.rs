//! What a caller is told, and that it is true: in batches, behind locks, and when somebody else ends a statement.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by a panic")]

mod common;

use std::time::Duration;

use common::blocked::{Blocked, settle};
use common::{beside, id, insert, options, replace, wait_for};
use regrant::{AsyncTokenStore as _, CommitOutcome, Revision};
use regrant_postgres::{Error, PostgresStore};
use throwaway_postgres::Server;

#[tokio::test]
async fn each_caller_of_a_batch_is_told_the_outcome_of_their_own_row() {
    let blocked = Blocked::new(|_| ()).await;
    let stuck = blocked.stuck().await;
    // All of these go in the next batch: one of two rivals, stale ones, a missing one, an insert beside.
    let rivals = [blocked.commit(replace(id(1), 1)), blocked.commit(replace(id(1), 1))];
    let stale = blocked.commit(replace(id(2), 7));
    let missing = blocked.commit(replace(id(77), 1));
    let fine: Vec<_> = (3..9).map(|n| blocked.commit(replace(id(n), 1))).collect();
    let (fresh, known) = (blocked.commit(insert(id(78))), blocked.commit(insert(id(9))));
    settle().await;
    blocked.release().await;
    assert_eq!(stuck.await.unwrap().unwrap(), CommitOutcome::Committed);
    let [first, second] = rivals;
    assert_eq!(first.await.unwrap().unwrap(), CommitOutcome::Committed);
    assert_eq!(second.await.unwrap().unwrap(), CommitOutcome::Conflict);
    assert_eq!(stale.await.unwrap().unwrap(), CommitOutcome::Conflict);
    assert_eq!(missing.await.unwrap().unwrap(), CommitOutcome::Conflict);
    assert_eq!(fresh.await.unwrap().unwrap(), CommitOutcome::Committed);
    assert_eq!(known.await.unwrap().unwrap(), CommitOutcome::Conflict);
    for commit in fine {
        assert_eq!(commit.await.unwrap().unwrap(), CommitOutcome::Committed);
    }
    for (n, revision) in [(0, 2), (1, 2), (2, 1), (3, 2), (9, 1)] {
        let loaded = blocked.store.load(&id(n)).await.unwrap().unwrap();
        assert_eq!(loaded.revision(), Revision::new(revision), "grant {n}");
    }
}

#[tokio::test]
async fn two_changes_of_one_grant_that_follow_each_other_are_both_written() {
    let blocked = Blocked::new(|_| ()).await;
    let stuck = blocked.stuck().await;
    let (first, second) = (blocked.commit(replace(id(1), 1)), blocked.commit(replace(id(1), 2)));
    settle().await;
    blocked.release().await;
    assert_eq!(stuck.await.unwrap().unwrap(), CommitOutcome::Committed);
    assert_eq!(first.await.unwrap().unwrap(), CommitOutcome::Committed);
    assert_eq!(second.await.unwrap().unwrap(), CommitOutcome::Committed);
}

#[tokio::test]
async fn a_row_that_the_server_refuses_fails_nobody_else() {
    let blocked = Blocked::new(|_| ()).await;
    blocked.poison(1, 2).await;
    let stuck = blocked.stuck().await;
    let (bad, good) = (blocked.commit(replace(id(1), 1)), blocked.commit(replace(id(2), 1)));
    settle().await;
    blocked.release().await;
    assert_eq!(stuck.await.unwrap().unwrap(), CommitOutcome::Committed);
    assert_eq!(good.await.unwrap().unwrap(), CommitOutcome::Committed);
    let error = bad.await.unwrap().unwrap_err();
    assert!(matches!(error, Error::Refused(_)) && !error.is_in_doubt(), "{error}");
    // The server shows the whole row in the detail of such an error.
    assert!(!format!("{error} {error:?}").contains("Failing row"), "{error:?}");
}

#[tokio::test]
async fn a_statement_that_waits_too_long_for_a_row_has_written_nothing() {
    let blocked = Blocked::new(|options| options.statement_timeout = Duration::from_millis(200)).await;
    let error = blocked.commit(replace(id(0), 1)).await.unwrap().unwrap_err();
    // Waiting for a row ends before the statement's time does: an eighth of it.
    assert!(matches!(&error, Error::Refused(fault) if fault.sqlstate() == Some("55P03")), "{error}");
    assert!(!error.is_in_doubt());
    blocked.release().await;
    assert_eq!(blocked.store.commit(replace(id(0), 1)).await.unwrap(), CommitOutcome::Committed);
}

#[tokio::test]
async fn a_session_that_is_ended_during_a_commit_leaves_a_doubt_and_the_next_one_connects_anew() {
    let blocked = Blocked::new(|_| ()).await;
    let stuck = blocked.stuck().await;
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE datname = current_database() AND wait_event_type = 'Lock'";
    blocked.holder.query(end, &[]).await.unwrap();
    let error = stuck.await.unwrap().unwrap_err();
    assert!(matches!(error, Error::Lost(_)) && error.is_in_doubt(), "{error}");
    blocked.release().await;
    assert_eq!(blocked.store.commit(replace(id(0), 1)).await.unwrap(), CommitOutcome::Committed);
}

#[tokio::test]
async fn a_full_queue_refuses_at_once_and_a_turn_that_comes_too_late_is_not_taken() {
    let blocked = Blocked::new(|options| {
        (options.queue, options.patience) = (2, Duration::from_millis(50));
    })
    .await;
    let stuck = blocked.stuck().await;
    let waiting = [blocked.commit(replace(id(1), 1)), blocked.commit(replace(id(2), 1))];
    settle().await;
    let error = blocked.store.commit(replace(id(3), 1)).await.unwrap_err();
    assert!(matches!(error, Error::Overloaded), "{error}");
    tokio::time::sleep(Duration::from_millis(60)).await;
    blocked.release().await;
    assert_eq!(stuck.await.unwrap().unwrap(), CommitOutcome::Committed);
    for late in waiting {
        let error = late.await.unwrap().unwrap_err();
        assert!(matches!(error, Error::Overloaded), "{error}");
    }
    let untouched = blocked.store.load(&id(1)).await.unwrap().unwrap();
    assert_eq!(untouched.revision(), Revision::FIRST);
}

#[tokio::test]
async fn a_commit_whose_wait_for_the_standby_is_cancelled_is_not_acknowledged() {
    let server = Server::start(&[]).unwrap();
    let url = server.url(&server.database().unwrap());
    let mut options = options(&url);
    options.connections = 1;
    let store = PostgresStore::open(options).await.unwrap();
    assert_eq!(store.commit(insert(id(0))).await.unwrap(), CommitOutcome::Committed);
    // A standby that never comes.
    server.configure(&[("synchronous_standby_names", "nobody")]).unwrap();
    let beside = beside(&url).await;
    wait_for(&beside, "SELECT count(*) FROM pg_settings WHERE name = 'synchronous_standby_names' AND setting <> ''", 1)
        .await;
    let commit = tokio::spawn(async move { store.commit(replace(id(0), 1)).await });
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
    wait_for(&beside, waiting, 1).await;
    let cancel = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
    beside.query(cancel, &[]).await.unwrap();
    let error = commit.await.unwrap().unwrap_err();
    assert!(matches!(error, Error::NotReplicated) && error.is_in_doubt(), "{error}");
}
