//! 64 threads present one refresh token at once.
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

mod common;

use std::time::Duration;

use common::{open, options};
use regrant_testkit::race;

const ROUNDS: usize = 100;
const WINDOW: Duration = Duration::from_secs(10);

fn with_batches_of(batch: usize, window: Duration) {
    let mut options = options(&throwaway_postgres::fresh_database());
    (options.batch, options.patience) = (batch, Duration::from_secs(30));
    race::awaited(open(options), window, ROUNDS).unwrap();
}

#[test]
fn one_rotation_and_equal_answers_in_batches() {
    with_batches_of(128, WINDOW);
}

#[test]
fn one_rotation_and_equal_answers_one_by_one() {
    with_batches_of(1, WINDOW);
}

#[test]
fn one_success_without_a_window_in_batches() {
    with_batches_of(128, Duration::ZERO);
}

#[test]
fn one_success_without_a_window_one_by_one() {
    with_batches_of(1, Duration::ZERO);
}
