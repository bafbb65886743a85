//! What the connections of a store are, seen from inside: no other connection can tell.
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::sync::Arc;

use regrant::{
    Attributes, Change, ClientId, CommitOutcome, Digest, Grant, GrantId, GrantState, RefreshFamily, Revision, Scope,
    Terms, Timestamp, TokenStore,
};
use rusqlite::{Connection, StatementStatus};

use crate::error::Error;
use crate::grants::{LOAD, REFRESH};
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
        spent: Vec::new(),
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
    assert_eq!(store.commit(Change::Insert(grant.clone())).unwrap(), CommitOutcome::Committed);
    for _ in 0..200 {
        assert_eq!(store.load(&grant.id()).unwrap().as_ref(), Some(&grant));
        let change = Change::Replace { expected: grant.revision(), grant: next(&grant) };
        assert_eq!(store.commit(change).unwrap(), CommitOutcome::Committed);
        grant = next(&grant);
    }
    // A statement that was prepared anew would count its runs from 0.
    assert_eq!(store.file().write(|connection| runs(connection, REFRESH)).unwrap(), (200, 0));
    assert_eq!(store.file().read(|connection| runs(connection, LOAD)).unwrap(), (200, 0));
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
