//! Several nodes over real servers: connections that break at every point, a primary that is killed and its standby
//! promoted, clocks that differ, and news that must reach every cache.
//!
//! `cargo test -p regrant-postgres --test nodes` runs all of it for a short while. The long runs are
//! `cargo test -p regrant-postgres --test nodes -- --ignored`. Every run prints its figures.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by a panic")]

mod cache;
mod common;
mod failover;
mod faults;
mod feed;
mod line;
mod proxy;
mod replication;
mod revoked;
mod servers;
mod skew;

use std::io::Write as _;

use tokio::runtime::Runtime;

/// Says something that is seen when the test passes, too: past the capture of the test harness.
fn report(text: &str) {
    std::io::stderr().write_all(format!("{text}\n").as_bytes()).unwrap();
}

/// A runtime for one test.
fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}
