//! SQLite under fire: processes killed, disks full, files locked, cut short and damaged, and a copy made meanwhile.
//!
//! `cargo test -p regrant-sqlite --test fire` runs all of it for a short while. The long runs are
//! `cargo test -p regrant-sqlite --test fire -- --ignored`. Every run prints its seed and its figures;
//! `REGRANT_FIRE_SEED` gives it another seed.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by a panic")]

#[path = "../common/mod.rs"]
mod common;

mod backup;
mod chance;
mod child;
mod damage;
mod full;
mod kill;
mod line;
mod locked;
mod log;
mod power;
mod read_only;

use std::io::Write;
use std::path::Path;

use rusqlite::Connection;

/// Says something that is seen when the test passes, too: past the capture of the test harness.
fn report(text: &str) {
    std::io::stderr().write_all(format!("{text}\n").as_bytes()).unwrap();
}

/// What `PRAGMA integrity_check` says of a file.
fn integrity(path: &Path) -> String {
    let connection = Connection::open(path).unwrap();
    connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap()
}
