//! How many statements a refresh and a batch take, counted by the server.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by a panic")]

mod common;

use std::sync::OnceLock;

use common::blocked::{Blocked, settle};
use common::{client, engine, id, issue, options, refresh, replace};
use regrant::{CommitOutcome, Policy, PolicyOverrides, PreviousAccessToken, RevocationSink as _};
use regrant_postgres::{ClientRecord, PostgresStore};
use throwaway_postgres::Server;

/// A server that counts.
fn counting() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::start(&[("shared_preload_libraries", "pg_stat_statements")]).unwrap())
}

/// The statements of 20 refreshes, one after the other: over grants, over clients, and all.
async fn statements(cached: bool, batch: usize, previous: PreviousAccessToken) -> [usize; 3] {
    let database = counting().database().unwrap();
    counting().sql(&database, "CREATE EXTENSION pg_stat_statements").unwrap();
    let mut options = options(&counting().url(&database));
    (options.batch, options.connections) = (batch, 1);
    let store = PostgresStore::open(options).await.unwrap();
    let overrides = PolicyOverrides { previous_access_token: Some(previous), ..PolicyOverrides::default() };
    store.clients(Policy::default()).add(&ClientRecord { client: client(), overrides }).await.unwrap();
    let engine = engine(&store);
    if cached {
        engine.clients().cache().connected(common::NOW);
    }
    let mut token = issue(&engine).await;
    let count = |what: &str| {
        let sql = format!(
            "SELECT coalesce(sum(s.calls), 0) FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid \
             WHERE d.datname = '{database}' AND s.query LIKE '%{what}%' AND s.query NOT LIKE '%pg_stat_%'"
        );
        counting().sql(&database, &sql).unwrap().parse::<usize>().unwrap()
    };
    let counts = || ["regrant.grants", "regrant.clients", ""].map(count);
    let before = counts();
    for _ in 0..20 {
        // What a listener says a few times in each second.
        engine.clients().cache().current(common::NOW);
        token = refresh(&engine, &token).await;
    }
    let after = counts();
    [after[0] - before[0], after[1] - before[1], after[2] - before[2]]
}

#[tokio::test]
async fn a_refresh_is_two_statements_with_a_client_that_is_cached() {
    // Where it revokes the previous access token, the news of that goes along.
    for (batch, previous) in
        [(1, PreviousAccessToken::Keep), (128, PreviousAccessToken::Keep), (128, PreviousAccessToken::Revoke)]
    {
        let mut counted = statements(true, batch, previous).await;
        // On a machine that stands still for a second, the cache rightly trusts nobody and the client is read.
        for _ in 0..4 {
            if counted[1] > 0 {
                counted = statements(true, batch, previous).await;
            }
        }
        assert_eq!(counted, [40, 0, 40], "batch {batch}, {previous:?}");
    }
}

#[tokio::test]
async fn without_a_listener_the_client_is_read_each_time() {
    assert_eq!(statements(false, 128, PreviousAccessToken::Keep).await, [40, 20, 60]);
}

/// One of 64 rows is refused, wherever it stands: each half without it is written in one statement.
#[tokio::test]
async fn a_row_that_the_server_refuses_costs_its_batch_few_statements() {
    for bad in [1, 27, 64] {
        let database = counting().database().unwrap();
        counting().sql(&database, "CREATE EXTENSION pg_stat_statements").unwrap();
        let blocked = Blocked::over(counting().url(&database), 65, |_| ()).await;
        blocked.poison(bad, 2).await;
        let stuck = blocked.stuck().await;
        let refused = || counting().log().unwrap().matches("violates check constraint \"poison\"").count();
        let before = refused();
        let commits: Vec<_> = (1..65).map(|n| (n, blocked.commit(replace(id(n), 1)))).collect();
        settle().await;
        blocked.release().await;
        assert_eq!(stuck.await.unwrap().unwrap(), CommitOutcome::Committed);
        for (n, commit) in commits {
            let outcome = commit.await.unwrap();
            assert_eq!(outcome.is_err(), n == bad, "grant {n}: {outcome:?}");
            assert!(n == bad || outcome.unwrap() == CommitOutcome::Committed, "grant {n}");
        }
        let written = "SELECT sum(calls) FROM pg_stat_statements JOIN pg_database ON oid = dbid \
                       WHERE datname = current_database() AND query LIKE 'UPDATE regrant.grants%'";
        let written: usize = counting().sql(&database, written).unwrap().parse().unwrap();
        // 64, 32, 16, 8, 4, 2 and 1 rows with the bad one are refused; 32 to 1 rows without it are written, and the one that
        // was stuck.
        assert_eq!((refused() - before, written), (7, 7), "grant {bad} is refused");
    }
}
