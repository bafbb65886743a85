//! How a database comes to have its tables.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

mod common;

use common::{beside, options};
use regrant_postgres::{Error, PostgresStore};

const APPLIED: &str = "SELECT count(*) FROM regrant.migrations";

#[tokio::test(flavor = "multi_thread")]
async fn of_many_nodes_that_start_at_once_one_migrates() {
    let url = throwaway_postgres::fresh_database();
    let nodes: Vec<_> = (0..8).map(|_| tokio::spawn(PostgresStore::open(options(&url)))).collect();
    for node in nodes {
        node.await.unwrap().unwrap();
    }
    let applied: i64 = beside(&url).await.query_one(APPLIED, &[]).await.unwrap().get(0);
    assert_eq!(applied, 1);
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_left_as_it_was() {
    let url = throwaway_postgres::fresh_database();
    PostgresStore::open(options(&url)).await.unwrap();
    let beside = beside(&url).await;
    beside.execute("INSERT INTO regrant.migrations (number) VALUES (2)", &[]).await.unwrap();
    let error = PostgresStore::open(options(&url)).await.unwrap_err();
    assert!(matches!(error, Error::NewerSchema { found: 2, known: 1 }), "{error}");
    assert_eq!(beside.query_one(APPLIED, &[]).await.unwrap().get::<_, i64>(0), 2);
}

#[tokio::test]
async fn a_migration_that_fails_leaves_nothing_behind() {
    let url = throwaway_postgres::fresh_database();
    let beside = beside(&url).await;
    // A table of that name stands in the way of the last statements of the migration.
    beside.batch_execute("CREATE SCHEMA regrant; CREATE TABLE regrant.clients ()").await.unwrap();
    let error = PostgresStore::open(options(&url)).await.unwrap_err();
    assert!(matches!(error, Error::Refused(_)), "{error}");
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'regrant'";
    assert_eq!(beside.query_one(tables, &[]).await.unwrap().get::<_, i64>(0), 1);
    beside.batch_execute("DROP TABLE regrant.clients").await.unwrap();
    PostgresStore::open(options(&url)).await.unwrap();
}

#[tokio::test]
async fn a_node_that_may_not_migrate_says_so() {
    let mut options = options(&throwaway_postgres::fresh_database());
    options.migrate = false;
    let error = PostgresStore::open(options).await.unwrap_err();
    assert!(matches!(error, Error::NotMigrated { found: 0, needed: 1 }), "{error}");
}
