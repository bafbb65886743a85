//! 64 threads present one refresh token at once, a thousand times.

use std::sync::Arc;
use std::time::Duration;

use regrant_memory::MemoryStore;
use regrant_testkit::race;

const ROUNDS: usize = 1000;
const WINDOW: Duration = Duration::from_secs(10);

#[test]
fn one_rotation_and_equal_answers_on_the_blocking_port() {
    race::blocking(MemoryStore::new(), WINDOW, ROUNDS).unwrap();
}

#[test]
fn one_success_without_a_window_on_the_blocking_port() {
    race::blocking(MemoryStore::new(), Duration::ZERO, ROUNDS).unwrap();
}

#[test]
fn one_rotation_and_equal_answers_on_the_awaited_port() {
    race::awaited(Arc::new(MemoryStore::new()), WINDOW, ROUNDS).unwrap();
}

#[test]
fn one_success_without_a_window_on_the_awaited_port() {
    race::awaited(Arc::new(MemoryStore::new()), Duration::ZERO, ROUNDS).unwrap();
}
