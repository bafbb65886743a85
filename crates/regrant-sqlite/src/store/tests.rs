//! What the connections of a store are, seen from inside: no other connection can tell.
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::sync::Arc;
use std::task::{Context, Waker};

use regrant::{
    AsyncTokenStore, Attributes, Change, ClientId, CommitOutcome, Digest, EndReason, Few, Grant, GrantId, GrantState,
    RefreshFamily, Revision, Scope, Terms, Timestamp, TokenStore,
};
use regrant_testkit::race::block_on;
use rusqlite::{Connection, StatementStatus};

use crate::change::{INSERT, REFRESH};
use crate::error::Error;
use crate::grants::LOAD;
use crate::{Options, SqliteStore};

fn grant() -> Grant {
    let at = Timestamp::from_unix_seconds(1_800_000_000);
    let terms = Terms {
        client_id: ClientId::parse("web").unwrap(),
        client_epoch: 0,
        subject: None,
        scope: Scope::parse("read").unwrap(),
        attributes: Attributes::new(),
        created_at: at,
        expires_at: None,
    };
    let refresh = RefreshFamily {
        lineage: Digest::from_bytes([1; 32]),
        current: Digest::from_bytes([2; 32]),
        issued_at: at,
        expires_at: at,
        generation: 0,
        retry: None,
        spent: Few::new(),
    };
    let id = GrantId::from_bytes([3; 16]);
    Grant::new(id, Revision::FIRST, GrantState::Active, Arc::new(terms), Some(refresh), Vec::new()).unwrap()
}

fn next(grant: &Grant) -> Grant {
    let (terms, refresh) = (Arc::clone(grant.terms()), grant.refresh().cloned());
    Grant::new(grant.id(), grant.revision().next(), grant.state(), terms, refresh, Vec::new()).unwrap()
}

/// How often a cached statement ran, and how often it had to be prepared again.
fn runs(connection: &Connection, sql: &str) -> Result<(i32, i32), Error> {
    let statement = connection.prepare_cached(sql)?;
    Ok((statement.get_status(StatementStatus::Run), statement.get_status(StatementStatus::RePrepare)))
}

#[test]
fn no_statement_of_a_refresh_is_prepared_twice() {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&Options::new(directory.path().join("grants.db"))).unwrap();
    let mut grant = grant();
    assert_eq!(TokenStore::commit(&store, Change::Insert(grant.clone())).unwrap(), CommitOutcome::Committed);
    for _ in 0..200 {
        assert_eq!(TokenStore::load(&store, &grant.id()).unwrap().as_ref(), Some(&grant));
        let change = Change::Replace { expected: grant.revision(), grant: next(&grant), revocation: None };
        assert_eq!(TokenStore::commit(&store, change).unwrap(), CommitOutcome::Committed);
        grant = next(&grant);
    }
    // A statement that was prepared anew would count its runs from 0. Alone, a commit is one statement.
    for (sql, count) in [(INSERT, 1), (REFRESH, 200), ("BEGIN IMMEDIATE", 0), ("COMMIT", 0)] {
        assert_eq!(store.file().write(|connection| runs(connection, sql)).unwrap(), (count, 0), "{sql}");
    }
    assert_eq!(store.file().read(|connection| runs(connection, LOAD)).unwrap(), (200, 0));
    for _ in 0..200 {
        let change = Change::Replace { expected: grant.revision(), grant: next(&grant), revocation: None };
        assert_eq!(block_on(AsyncTokenStore::commit(&store, change)).unwrap(), CommitOutcome::Committed);
        grant = next(&grant);
    }
    for (sql, count) in [(REFRESH, 400), ("BEGIN IMMEDIATE", 200), ("COMMIT", 200)] {
        assert_eq!(store.file().write(|connection| runs(connection, sql)).unwrap(), (count, 0), "{sql}");
    }
    assert_eq!(store.prepared_again().unwrap(), 0);
}

#[test]
fn of_two_commits_of_one_grant_in_one_group_the_first_is_committed() {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&Options::new(directory.path().join("grants.db"))).unwrap();
    let first = grant();
    assert_eq!(TokenStore::commit(&store, Change::Insert(first.clone())).unwrap(), CommitOutcome::Committed);
    let rotation = |mark: u8| {
        let mut family = first.refresh().unwrap().clone();
        family.current = Digest::from_bytes([mark; 32]);
        let terms = Arc::clone(first.terms());
        Grant::new(first.id(), first.revision().next(), first.state(), terms, Some(family), Vec::new()).unwrap()
    };
    let replace = |mark| Change::Replace { expected: first.revision(), grant: rotation(mark), revocation: None };
    let end = Change::End { id: first.id(), at: first.terms().created_at, reason: EndReason::Revoked };
    let insert = Change::Insert(first.clone());
    let turn = store.writer().hold().unwrap();
    let changes = [replace(7), replace(8), insert, end, replace(9)];
    let mut commits: Vec<_> = changes.map(|change| Box::pin(AsyncTokenStore::commit(&store, change))).into();
    for commit in &mut commits {
        assert!(commit.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    drop(turn);
    let outcomes: Vec<_> = commits.into_iter().map(|commit| block_on(commit).unwrap()).collect();
    let (committed, conflict) = (CommitOutcome::Committed, CommitOutcome::Conflict);
    assert_eq!(outcomes, [committed, conflict, conflict, committed, conflict]);
    let statistics = store.statistics();
    assert_eq!((statistics.groups, statistics.largest_group), (3, 5));
    let found = TokenStore::load(&store, &first.id()).unwrap().unwrap();
    assert_eq!(found.refresh().unwrap().current, Digest::from_bytes([7; 32]));
    assert!(found.is_ended());
}

#[test]
fn a_commit_waits_for_the_disk_unless_that_was_given_up() {
    let directory = tempfile::tempdir().unwrap();
    let durable = Options::new(directory.path().join("grants.db"));
    for (options, level) in [(durable.clone(), 2), (durable.dangerous().synchronous_normal(), 1)] {
        let store = SqliteStore::open(&options).unwrap();
        let found = |connection: &Connection| -> Result<_, Error> {
            Ok(connection.pragma_query_value(None, "synchronous", |row| row.get::<_, i32>(0))?)
        };
        assert_eq!(store.file().write(|connection| found(connection)).unwrap(), level);
        assert_eq!(store.file().read(found).unwrap(), level);
    }
}
