//! A refresh writes no index: its update stays on the page of the row.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test fails by a panic, and prints what it measured")]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use common::{NOW, beside, client, engine_at, issue, options, refresh, wait_for};
use regrant::Policy;
use regrant_postgres::{ClientRecord, PostgresStore};

/// How many refreshes are under way at once.
const LINES: usize = 32;
const UPDATES: &str = "SELECT n_tup_upd FROM pg_stat_user_tables WHERE relname = 'grants'";

/// Refreshes every grant so many times, in rounds; `pause` goes by between two rounds. The share of heap-only updates.
async fn share_of_hot_updates(grants: usize, rounds: u32, pause: Duration, fillfactor: Option<&str>) -> f64 {
    let url = throwaway_postgres::fresh_database();
    let mut options = options(&url);
    (options.queue, options.patience) = (100_000, common::DAY);
    let store = PostgresStore::open(options).await.unwrap();
    let beside = beside(&url).await;
    if let Some(fillfactor) = fillfactor {
        let set = format!("ALTER TABLE regrant.grants SET (fillfactor = {fillfactor})");
        beside.batch_execute(&set).await.unwrap();
    }
    store.clients(Policy::default()).add(&ClientRecord::new(client())).await.unwrap();
    let round = Arc::new(AtomicU64::new(0));
    let passed = Arc::clone(&round);
    let now = move || NOW.after(pause * u32::try_from(passed.load(Ordering::SeqCst)).unwrap());
    let engine = Arc::new(engine_at(&store, now));
    let mut tokens: Vec<Option<String>> = vec![None; grants];
    for _ in 0..=rounds {
        let share = grants.div_ceil(LINES);
        let lines: Vec<_> = tokens
            .chunks(share)
            .map(|chunk| {
                let (engine, chunk) = (Arc::clone(&engine), chunk.to_vec());
                tokio::spawn(async move {
                    let mut next = Vec::with_capacity(chunk.len());
                    for token in chunk {
                        next.push(Some(match token {
                            None => issue(&engine).await,
                            Some(token) => refresh(&engine, &token).await,
                        }));
                    }
                    next
                })
            })
            .collect();
        tokens.clear();
        for line in lines {
            tokens.extend(line.await.unwrap());
        }
        round.fetch_add(1, Ordering::SeqCst);
    }
    // The server counts what a session did when the session ends.
    drop((engine, store));
    let updates = i64::try_from(grants).unwrap() * i64::from(rounds);
    wait_for(&beside, UPDATES, updates).await;
    let counts = "SELECT n_tup_upd, n_tup_hot_upd, pg_relation_size('regrant.grants') / 1024 \
                  FROM pg_stat_user_tables WHERE relname = 'grants'";
    let row = beside.query_one(counts, &[]).await.unwrap();
    let (all, hot, kilobytes): (i64, i64, i64) = (row.get(0), row.get(1), row.get(2));
    assert_eq!(all, updates, "a refresh is one update");
    eprintln!("fillfactor {fillfactor:?}, a refresh every {pause:?}: {hot} of {all} heap-only, {kilobytes} kB");
    #[expect(clippy::cast_precision_loss, reason = "a share of small counts")]
    let share = hot as f64 / all as f64;
    share
}

/// A client that refreshes when its access token is about to end has at most two that live.
const HOURLY: Duration = Duration::from_mins(50);

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_is_a_heap_only_update() {
    let share = share_of_hot_updates(2_000, 10, HOURLY, None).await;
    assert!(share >= 0.95, "{share}");
}

/// `cargo test --release -p regrant-postgres --test hot -- --ignored --nocapture`
#[tokio::test(flavor = "multi_thread")]
#[ignore = "minutes of work, for the figures of the documents"]
async fn a_hundred_thousand_refreshes_over_ten_thousand_grants_are_heap_only() {
    for fillfactor in ["100", "90", "80", "70", "60", "50"] {
        for pause in [HOURLY, Duration::ZERO] {
            share_of_hot_updates(10_000, 10, pause, Some(fillfactor)).await;
        }
    }
    let share = share_of_hot_updates(10_000, 10, HOURLY, None).await;
    assert!(share >= 0.95, "{share}");
}
