//! A synchronous standby that is away: what its commits take of the server's connections, for however long.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use common::{beside, client, id, insert, options, replace, wait_for, web};
use regrant::{AsyncTokenStore as _, CommitOutcome, Policy};
use regrant_postgres::{ClientRecord, Error, PostgresStore};
use throwaway_postgres::Server;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_postgres::Client;

const HELD: &str = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
const LINES: u64 = 16;

/// A server whose standby may go away, and a store that gives a commit up after two seconds.
struct Place {
    server: Server,
    url: String,
    store: PostgresStore,
    beside: Client,
}

impl Place {
    async fn new() -> Self {
        Self::of("").await
    }

    /// The same, where the store serves as the role `service` after these statements.
    async fn of(statements: &str) -> Self {
        let server = Server::start(&[]).unwrap();
        let database = server.database().unwrap();
        let mut url = server.url(&database);
        if !statements.is_empty() {
            drop(PostgresStore::open(options(&url)).await.unwrap());
            server.sql(&database, statements).unwrap();
            url = url.replace("postgres@", "service@");
        }
        let mut options = options(&url);
        // A machine that stands still for a moment must not have the server give the question up.
        (options.connections, options.statement_timeout) = (4, Duration::from_secs(1));
        options.patience = Duration::from_mins(1);
        let store = PostgresStore::open(options).await.unwrap();
        let url = server.url(&database);
        store.clients(Policy::default()).add(&ClientRecord::new(client())).await.unwrap();
        for n in 0..LINES {
            assert_eq!(store.commit(insert(id(n))).await.unwrap(), CommitOutcome::Committed);
        }
        Self { store, beside: beside(&url).await, url, server }
    }

    /// From now on every commit waits for a standby that never comes.
    async fn lose_the_standby(&self) {
        self.server.configure(&[("synchronous_standby_names", "nobody")]).unwrap();
        // The server takes it up in its own time, for all sessions at once.
        let (prober, url) = (AtomicBool::new(false), self.url.clone());
        let waits = async {
            let session = beside(&url).await;
            while session.batch_execute("SELECT pg_logical_emit_message(true, '', '')").await.is_ok() {
                if prober.load(Ordering::SeqCst) {
                    break;
                }
            }
        };
        let cancelled = async {
            wait_for(&self.beside, HELD, 1).await;
            prober.store(true, Ordering::SeqCst);
            self.cancel().await;
        };
        tokio::join!(waits, cancelled);
        assert_eq!(self.held().await, 0);
    }

    /// An operator ends every wait for the standby.
    async fn cancel(&self) {
        self.beside.query(&HELD.replace("count(*)", "pg_cancel_backend(pid)"), &[]).await.unwrap();
    }

    /// The operator gives the promise up. If the standby came back instead, it would be the same to the server.
    fn do_without(&self) {
        self.server.configure(&[("synchronous_standby_names", "")]).unwrap();
    }

    async fn held(&self) -> i64 {
        self.beside.query_one(HELD, &[]).await.unwrap().get(0)
    }

    /// Everybody writes, again and again: lines that begin, and an operator. No two write the same row, or they would wait for it.
    /// Each counts how often it was told that nothing was written.
    fn write_on(&self, stop: &Arc<AtomicBool>) -> Vec<JoinHandle<u64>> {
        let lines = (0..=LINES).map(|n| {
            let (store, stop) = (self.store.clone(), Arc::clone(stop));
            tokio::spawn(async move {
                let clients = store.clients(Policy::default());
                let (mut failed, mut refused) = (0, 0);
                while !stop.load(Ordering::SeqCst) {
                    let outcome = if n < LINES {
                        store.commit(insert(id(1_000_000 * (n + 1) + failed))).await
                    } else {
                        clients.set_enabled(&web(), true).await.map(|_| CommitOutcome::Committed)
                    };
                    failed += 1;
                    match outcome {
                        Err(Error::Overloaded) => refused += 1,
                        Err(Error::NoAnswer | Error::Refused(_)) => {}
                        other => panic!("answered without the standby: {other:?}"),
                    }
                    sleep(Duration::from_millis(10)).await;
                }
                refused
            })
        });
        lines.collect()
    }
}

/// One place for each connection of the store, four for requests and one for the operator, and not one more.
#[tokio::test(flavor = "multi_thread")]
async fn a_standby_that_is_away_takes_one_place_for_each_connection_however_long() {
    let place = Place::new().await;
    place.lose_the_standby().await;
    let stop = Arc::new(AtomicBool::new(false));
    let lines = place.write_on(&stop);
    let (since, mut most) = (Instant::now(), 0);
    while since.elapsed() < Duration::from_secs(6) {
        most = most.max(place.held().await);
        assert!(most <= 5, "{most} places are taken");
        // Reads go on.
        assert!(place.store.load(&id(0)).await.unwrap().is_some());
        sleep(Duration::from_millis(20)).await;
    }
    stop.store(true, Ordering::SeqCst);
    for line in lines {
        assert!(line.await.unwrap() > 20, "whoever writes is refused at once, the operator too, and can come again");
    }
    assert_eq!(place.held().await, most, "what was sent is still there");
    place.do_without();
    let since = Instant::now();
    for n in 0..LINES {
        // It was written before, or is now.
        while place.store.commit(replace(id(n), 1)).await.is_err() {
            assert!(since.elapsed() < Duration::from_secs(30), "commits are still held back");
            sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(place.store.load(&id(n)).await.unwrap().unwrap(), common::grant(id(n), 2));
    }
    assert_eq!(place.held().await, 0);
}

/// Somebody cancels the wait of a commit: a warning, after which the store reads nothing before it has asked for the standby.
/// That question waits for it as well, so it must not be asked again and again.
#[tokio::test(flavor = "multi_thread")]
async fn the_question_whether_the_standby_has_all_takes_no_more_places_either() {
    let place = Place::new().await;
    place.lose_the_standby().await;
    let store = place.store.clone();
    let commit = tokio::spawn(async move { store.commit(replace(id(0), 1)).await });
    wait_for(&place.beside, HELD, 1).await;
    place.cancel().await;
    assert!(matches!(commit.await.unwrap().unwrap_err(), Error::NotReplicated));
    let since = Instant::now();
    while since.elapsed() < Duration::from_secs(6) {
        let loads = (0..LINES).map(|n| {
            let store = place.store.clone();
            tokio::spawn(async move { store.load(&id(n)).await })
        });
        for load in loads.collect::<Vec<_>>() {
            assert!(load.await.unwrap().is_err(), "read what the primary alone has");
        }
        assert!(place.held().await <= 5, "{} places are taken", place.held().await);
        sleep(Duration::from_millis(20)).await;
    }
    assert!(place.held().await > 0);
    place.do_without();
    let since = Instant::now();
    while place.store.load(&id(0)).await.is_err() {
        assert!(since.elapsed() < Duration::from_secs(30), "nothing is read yet");
        sleep(Duration::from_millis(10)).await;
    }
}

const TABLES: &str = "CREATE ROLE service LOGIN; GRANT USAGE ON SCHEMA regrant TO PUBLIC; \
                      GRANT ALL ON ALL TABLES IN SCHEMA regrant TO PUBLIC; ";

/// The server holds one commit of a role. However often somebody writes, it gets no other.
async fn one_is_held(of_the_role: &str) {
    let place = Place::of(&format!("{TABLES}{of_the_role}")).await;
    place.lose_the_standby().await;
    assert!(matches!(place.store.commit(replace(id(0), 1)).await.unwrap_err(), Error::NoAnswer));
    let since = Instant::now();
    while since.elapsed() < Duration::from_secs(1) {
        let error = place.store.commit(replace(id(1), 1)).await.unwrap_err();
        assert!(matches!(error, Error::Overloaded), "{error}");
        sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(place.held().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_refuses_the_question_what_it_holds_is_sent_nothing() {
    one_is_held("REVOKE SELECT ON pg_stat_activity FROM PUBLIC").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_is_known_by_the_role_that_has_logged_in() {
    // A role sees what another one waits for only so.
    let acts_as_another = "CREATE ROLE worker; GRANT worker TO service; ALTER ROLE service SET role = worker; \
                           GRANT pg_read_all_stats TO worker";
    one_is_held(acts_as_another).await;
}

/// Nobody hears the warning of a commit that was given up.
#[tokio::test(flavor = "multi_thread")]
async fn after_a_given_up_commit_whose_wait_is_cancelled_nothing_is_read_before_the_standby_has_it() {
    let place = Place::new().await;
    place.lose_the_standby().await;
    assert!(matches!(place.store.commit(replace(id(0), 1)).await.unwrap_err(), Error::NoAnswer));
    sleep(Duration::from_millis(500)).await;
    assert!(matches!(place.store.commit(replace(id(1), 1)).await.unwrap_err(), Error::Overloaded));
    assert!(place.store.load(&id(0)).await.unwrap().is_some());
    place.cancel().await;
    sleep(Duration::from_millis(500)).await;
    // Whoever writes next asks, and the standby with it.
    let error = place.store.commit(replace(id(1), 1)).await.unwrap_err();
    assert!(matches!(error, Error::Overloaded), "{error}");
    let error = place.store.load(&id(0)).await.unwrap_err();
    assert!(matches!(error, Error::NotReplicated), "{error}");
    place.do_without();
    let since = Instant::now();
    while place.store.load(&id(0)).await.is_err() {
        assert!(since.elapsed() < Duration::from_secs(30), "nothing is read yet");
        sleep(Duration::from_millis(10)).await;
    }
}
