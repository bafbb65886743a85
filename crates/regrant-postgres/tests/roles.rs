//! The roles of `docs/SCALING.md`: one owns the tables, the other one only uses them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

mod common;

use common::{DAY, NOW, client, id, insert, options, replace, web};
use regrant::{AsyncGrantManagement as _, AsyncTokenStore as _, Change, CommitOutcome, EndReason, GrantFilter, Policy};
use regrant_postgres::{ClientRecord, Error, PostgresStore};
use throwaway_postgres::{Server, shared};

const DOCUMENT: &str = include_str!("../../../docs/SCALING.md");

/// The block of SQL that begins with this line.
fn block(first_line: &str) -> &'static str {
    let fence = format!("```sql\n{first_line}\n");
    let (_, rest) = DOCUMENT.split_once(&fence).unwrap();
    rest.split_once("```").unwrap().0
}

/// The address of a database for a role.
fn url_of(server: &Server, role: &str, database: &str) -> String {
    format!("postgres://{role}@127.0.0.1:{}/{database}", server.port())
}

#[tokio::test]
async fn the_owner_migrates_and_the_other_role_serves_but_changes_no_table() {
    let (server, database) = (shared(), shared().database().unwrap());
    let roles = block("-- once, as the administrator of the database");
    server.sql(&database, &roles.replace("DATABASE tokens", &format!("DATABASE {database}"))).unwrap();
    let (owner, service) = (url_of(server, "regrant_owner", &database), url_of(server, "regrant_service", &database));

    let error = PostgresStore::open(options(&service)).await.unwrap_err();
    assert!(matches!(error, Error::NotMigrated { found: 0, .. } | Error::Refused(_)), "{error}");
    PostgresStore::open(options(&owner)).await.unwrap();
    let beside = common::beside(&owner).await;
    beside.batch_execute(block("-- after each migration, as regrant_owner")).await.unwrap();

    let store = PostgresStore::open(options(&service)).await.unwrap();
    serve(&store).await;
    let beside = common::beside(&service).await;
    for forbidden in [
        "DROP TABLE regrant.grants",
        "TRUNCATE regrant.grants",
        "ALTER TABLE regrant.grants ADD surprise int",
        "CREATE TABLE regrant.surprise ()",
        "CREATE TABLE public.surprise ()",
        "INSERT INTO regrant.migrations (number) VALUES (9)",
        "DROP SCHEMA regrant CASCADE",
    ] {
        let error = beside.batch_execute(forbidden).await.unwrap_err();
        assert_eq!(error.code().unwrap().code(), "42501", "{forbidden}: {error}");
    }
}

/// Everything that a store does.
async fn serve(store: &PostgresStore) {
    let clients = store.clients(Policy::default());
    clients.add(&ClientRecord::new(client())).await.unwrap();
    assert!(clients.set_enabled(&web(), false).await.unwrap());
    assert_eq!(clients.raise_epoch(&web()).await.unwrap(), Some(1));
    for n in 0..3 {
        assert_eq!(store.commit(insert(id(n))).await.unwrap(), CommitOutcome::Committed);
    }
    assert_eq!(store.commit(replace(id(0), 1)).await.unwrap(), CommitOutcome::Committed);
    let end = Change::End { id: id(1), at: NOW, reason: EndReason::Revoked };
    assert_eq!(store.commit(end).await.unwrap(), CommitOutcome::Committed);
    assert_eq!(store.list(&GrantFilter::All, None, 9).await.unwrap().len(), 3);
    assert_eq!(store.end(&GrantFilter::Client(web()), NOW, EndReason::EndedByHost, 9).await.unwrap(), 2);
    assert_eq!(store.purge(NOW.after(DAY), 9).await.unwrap(), 3);
    assert!(clients.delete(&web()).await.unwrap());
}
