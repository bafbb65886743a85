//! News of access tokens that are taken away: told by the statement that takes them, if and only if it is committed.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by a panic")]

mod common;

use common::blocked::{Blocked, settle};
use common::ear::Ear;
use common::{client, engine, id, issue, options, refresh, replace, revoke};
use regrant::{AsyncTokenStore as _, CommitOutcome, GrantId, Policy, PolicyOverrides, PreviousAccessToken};
use regrant_postgres::{ClientRecord, PostgresStore};

/// The line that such a change is told by.
fn line(id: GrantId) -> String {
    format!("token {id} {}", "ab".repeat(32))
}

#[tokio::test]
async fn a_token_that_is_taken_away_is_told_if_the_change_is_written() {
    let url = throwaway_postgres::fresh_database();
    let (store, ear) = (PostgresStore::open(options(&url)).await.unwrap(), Ear::new(&url).await);
    assert_eq!(store.commit(common::insert(id(1))).await.unwrap(), CommitOutcome::Committed);
    assert_eq!(store.commit(revoke(id(1), 7)).await.unwrap(), CommitOutcome::Conflict);
    assert_eq!(store.commit(replace(id(1), 1)).await.unwrap(), CommitOutcome::Committed);
    assert!(ear.heard().await.is_empty(), "neither a conflict nor a change that takes nothing away is news");
    assert_eq!(store.commit(revoke(id(1), 2)).await.unwrap(), CommitOutcome::Committed);
    assert_eq!(ear.heard().await, [line(id(1))]);
    assert_eq!(store.load(&id(1)).await.unwrap().unwrap(), common::grant(id(1), 3), "written like any other");
}

#[tokio::test]
async fn of_a_batch_only_the_rows_are_told_that_take_something_away_and_are_written() {
    let blocked = Blocked::new(|_| ()).await;
    let ear = Ear::new(&blocked.url).await;
    let stuck = blocked.stuck().await;
    let written =
        [blocked.commit(revoke(id(1), 1)), blocked.commit(revoke(id(2), 1)), blocked.commit(replace(id(3), 1))];
    let stale = blocked.commit(revoke(id(4), 7));
    settle().await;
    blocked.release().await;
    assert_eq!(stuck.await.unwrap().unwrap(), CommitOutcome::Committed);
    for commit in written {
        assert_eq!(commit.await.unwrap().unwrap(), CommitOutcome::Committed);
    }
    assert_eq!(stale.await.unwrap().unwrap(), CommitOutcome::Conflict);
    assert_eq!(ear.heard().await, [line(id(1)), line(id(2))]);
    for n in 1..4 {
        assert_eq!(blocked.store.load(&id(n)).await.unwrap().unwrap(), common::grant(id(n), 2), "grant {n}");
    }
}

#[tokio::test]
async fn a_change_that_waits_for_another_of_its_grant_is_still_told() {
    let blocked = Blocked::new(|_| ()).await;
    let ear = Ear::new(&blocked.url).await;
    let stuck = blocked.stuck().await;
    let (first, second) = (blocked.commit(replace(id(1), 1)), blocked.commit(revoke(id(1), 2)));
    settle().await;
    blocked.release().await;
    for commit in [stuck, first, second] {
        assert_eq!(commit.await.unwrap().unwrap(), CommitOutcome::Committed);
    }
    assert_eq!(ear.heard().await, [line(id(1))]);
}

#[tokio::test]
async fn a_refresh_tells_of_the_tokens_that_it_revokes() {
    let url = throwaway_postgres::fresh_database();
    let (store, ear) = (PostgresStore::open(options(&url)).await.unwrap(), Ear::new(&url).await);
    let previous_access_token = Some(PreviousAccessToken::Revoke);
    let overrides = PolicyOverrides { previous_access_token, ..PolicyOverrides::default() };
    store.clients(Policy::default()).add(&ClientRecord { client: client(), overrides }).await.unwrap();
    let engine = engine(&store);
    let token = issue(&engine).await;
    ear.heard().await;
    refresh(&engine, &token).await;
    let heard = ear.heard().await;
    assert!(matches!(&heard[..], [line] if line.starts_with("tokens ")), "{heard:?}");
}

#[tokio::test]
async fn where_it_is_switched_off_nothing_is_told() {
    let blocked = Blocked::new(|options| options.notify = false).await;
    let ear = Ear::new(&blocked.url).await;
    let stuck = blocked.stuck().await;
    let together = [blocked.commit(revoke(id(1), 1)), blocked.commit(revoke(id(2), 1))];
    settle().await;
    blocked.release().await;
    for commit in [stuck].into_iter().chain(together) {
        assert_eq!(commit.await.unwrap().unwrap(), CommitOutcome::Committed);
    }
    assert_eq!(blocked.store.commit(revoke(id(3), 1)).await.unwrap(), CommitOutcome::Committed);
    assert!(ear.heard().await.is_empty());
}
