//! 64 threads present one refresh token at once, a thousand times.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by a panic")]

use std::time::Duration;

use regrant_sqlite::{Options, SqliteStore};
use regrant_testkit::race;

const ROUNDS: usize = 1000;
const WINDOW: Duration = Duration::from_secs(10);

fn with_store(race: impl FnOnce(SqliteStore)) {
    let directory = tempfile::tempdir().unwrap();
    race(SqliteStore::open(&Options::new(directory.path().join("grants.db"))).unwrap());
}

#[test]
fn one_rotation_and_equal_answers_on_the_blocking_port() {
    with_store(|store| race::blocking(store, WINDOW, ROUNDS).unwrap());
}

#[test]
fn one_success_without_a_window_on_the_blocking_port() {
    with_store(|store| race::blocking(store, Duration::ZERO, ROUNDS).unwrap());
}

#[test]
fn one_rotation_and_equal_answers_on_the_awaited_port() {
    with_store(|store| race::awaited(store, WINDOW, ROUNDS).unwrap());
}

#[test]
fn one_success_without_a_window_on_the_awaited_port() {
    with_store(|store| race::awaited(store, Duration::ZERO, ROUNDS).unwrap());
}
