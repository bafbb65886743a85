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

/// A server whose standby may go away, and a store that gives a commit up after a second and a bit.
struct Place {
    server: Server,
    url: String,
    store: PostgresStore,
    beside: Client,
}

impl Place {
    async fn new() -> Self {
        let server = Server::start(&[]).unwrap();
        let url = server.url(&server.database().unwrap());
        let mut options = options(&url);
        (options.connections, options.statement_timeout) = (4, Duration::from_millis(100));
        options.patience = Duration::from_mins(1);
        let store = PostgresStore::open(options).await.unwrap();
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
    fn write_on(&self, stop: &Arc<AtomicBool>) -> Vec<JoinHandle<u64>> {
        let lines = (0..=LINES).map(|n| {
            let (store, stop) = (self.store.clone(), Arc::clone(stop));
            tokio::spawn(async move {
                let clients = store.clients(Policy::default());
                let mut failed = 0;
                while !stop.load(Ordering::SeqCst) {
                    let outcome = if n < LINES {
                        store.commit(insert(id(1_000_000 * (n + 1) + failed))).await
                    } else {
                        clients.set_enabled(&web(), true).await.map(|_| CommitOutcome::Committed)
                    };
                    failed += u64::from(match outcome {
                        Err(Error::Overloaded | Error::NoAnswer | Error::Refused(_)) => true,
                        other => panic!("answered without the standby: {other:?}"),
                    });
                    sleep(Duration::from_millis(10)).await;
                }
                failed
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
    while since.elapsed() < Duration::from_secs(8) {
        most = most.max(place.held().await);
        assert!(most <= 5, "{most} places are taken");
        // Reads go on.
        assert!(place.store.load(&id(0)).await.unwrap().is_some());
        sleep(Duration::from_millis(20)).await;
    }
    stop.store(true, Ordering::SeqCst);
    for line in lines {
        assert!(line.await.unwrap() > 20, "whoever writes is refused at once, and can come again");
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
    while since.elapsed() < Duration::from_secs(8) {
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
