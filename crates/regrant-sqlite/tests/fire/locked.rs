//! Locks that another process holds, and takes with it when it is killed.

use std::time::Duration;

use regrant_sqlite::{Error, SqliteStore};
use rusqlite::Connection;

use crate::child::Talking;
use crate::common::{Hands, Place, engine, refresh};
use crate::line::{Line, active, store_fault};
use crate::{child, integrity};

/// Locks the file in the way it is told, with a change that is not committed, and keeps it so.
#[test]
#[ignore = "started by the tests below"]
fn holds() {
    let Some(file) = child::file() else { return };
    let connection = Connection::open(file).unwrap();
    connection.execute_batch(&child::extra()).unwrap();
    child::say("held");
    let _ = std::io::stdin().read_line(&mut String::new());
}

fn holder(place: &Place, sql: &str) -> Talking {
    let mut holder = Talking::start(&mut child::command(&[], "locked::holds", &place.path(), sql));
    assert_eq!(holder.hear().as_deref(), Some("held"));
    holder
}

#[test]
fn a_write_lock_is_a_clear_error_and_loses_nothing_when_its_holder_is_killed() {
    let (place, hands) = (Place::new(), Hands::new());
    let mut options = place.options();
    options.busy_timeout = Duration::from_millis(20);
    let store = SqliteStore::open(&options).unwrap();
    let server = engine(store.clone(), &hands);
    let mut line = Line::issue(&server);
    line.refresh(&server);
    for lock in ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"] {
        let spoil = "UPDATE grants SET revision = revision + 7, generation = 99, current_digest = zeroblob(32)";
        let holder = holder(&place, &format!("{lock}; {spoil}"));
        let error = server.token(refresh(line.last())).unwrap_err();
        assert_eq!(store_fault(&error), "the database is locked by another process");
        assert!(active(&server, line.last()) && active(&server, &line.access), "readers go on");
        let late = engine(SqliteStore::open(&options).unwrap(), &hands);
        assert!(active(&late, line.last()), "the file can be opened meanwhile");
        assert!(late.token(refresh(line.last())).is_err());
        holder.kill();
        assert!(!line.hold(&server, &store), "what failed was not written");
        assert!(!line.hold(&late, &store));
    }
    assert_eq!(integrity(&place.path()), "ok");
}

#[test]
fn a_file_that_a_process_has_for_itself_is_busy_until_that_process_is_gone() {
    let (place, hands) = (Place::new(), Hands::new());
    let mut line = Line::issue(&engine(place.open(), &hands));
    let mut options = place.options();
    options.busy_timeout = Duration::from_millis(20);
    let holder = holder(&place, "PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; DELETE FROM grants");
    let error = SqliteStore::open(&options).unwrap_err();
    assert!(matches!(error, Error::Busy), "{error:?}");
    holder.kill();
    let store = place.open();
    assert!(!line.hold(&engine(store.clone(), &hands), &store));
    assert_eq!(integrity(&place.path()), "ok");
}
