//! Opening the file.

use std::ffi::c_int;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::hooks::Wal;
use rusqlite::{Connection, MAIN_DB, OpenFlags};

use crate::error::Error;
use crate::log::Log;
use crate::options::Options;
use crate::schema;

/// Statements that a connection keeps prepared: all that the store has.
const STATEMENTS: usize = 32;

/// The connection that writes, over a file that has the newest schema.
///
/// It counts the length of the log in `log`, and moves the log only where nobody else does.
pub(crate) fn writer(options: &Options, log: &Arc<Log>) -> Result<Connection, Error> {
    make(options.path());
    let mut connection = open(options, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
    // Before anything is written: the file of another program is left alone.
    schema::version(&connection)?;
    enter_wal(&connection, options.busy_timeout)?;
    schema::migrate(&mut connection)?;
    sync_directory(options.path()).map_err(Error::Directory)?;
    let log = Arc::clone(log);
    connection.wal_hook(Some(move |wal: &mut Wal, frames: c_int| {
        if log.grown(usize::try_from(frames).unwrap_or_default()) {
            // The commit stands whatever becomes of this.
            drop(wal.checkpoint());
        }
        Ok(())
    }))?;
    Ok(connection)
}

/// Makes a file that is missing, readable for its owner alone: it names clients and subjects. SQLite gives the files
/// beside it the same mode. What goes wrong here goes wrong again, and is told, when SQLite opens the file.
#[cfg(unix)]
fn make(path: &Path) {
    use std::os::unix::fs::OpenOptionsExt as _;

    let _ = File::options().write(true).create_new(true).mode(0o600).open(path);
}

/// On this system the folder decides who may read.
#[cfg(not(unix))]
fn make(_: &Path) {}

/// A connection that reads beside it.
pub(crate) fn reader(options: &Options) -> Result<Connection, Error> {
    let connection = open(options, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

/// The connection that moves the log beside it.
pub(crate) fn checkpointer(options: &Options) -> Result<Connection, Error> {
    open(options, OpenFlags::SQLITE_OPEN_READ_WRITE)
}

fn open(options: &Options, flags: OpenFlags) -> Result<Connection, Error> {
    // Each connection is used by one thread at a time, behind a lock of ours.
    let connection = Connection::open_with_flags(options.path(), flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .map_err(|source| Error::CannotOpen { path: options.path().to_path_buf(), source })?;
    // Asked before the first look into the file: the log, and the memory that is shared over it, cannot be made on a
    // read-only file system, and SQLite says of them no more than that it cannot open them.
    if connection.is_readonly(MAIN_DB)? {
        return Err(Error::ReadOnly);
    }
    connection.busy_timeout(options.busy_timeout)?;
    // Without it, some statements are planned anew at each new value of a parameter.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.pragma_update(None, "synchronous", options.synchronous().as_str())?;
    Ok(connection)
}

/// Switches to write-ahead logging. The switch needs the file for itself for a moment, and does not always wait for it.
fn enter_wal(connection: &Connection, patience: Duration) -> Result<(), Error> {
    let deadline = Instant::now() + patience;
    loop {
        let switched = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0));
        match switched.map_err(Error::from) {
            Ok(mode) if mode.eq_ignore_ascii_case("wal") => return Ok(()),
            Ok(_) => return Err(Error::NoWal),
            Err(Error::Busy) if Instant::now() < deadline => thread::sleep(Duration::from_millis(5)),
            Err(error) => return Err(error),
        }
    }
}

/// Makes the names of the files durable. Without this a loss of power can take the whole file with it, because SQLite
/// does not do it when the very first switch to write-ahead logging removes its journal.
#[cfg(unix)]
fn sync_directory(path: &Path) -> std::io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or_else(|| Path::new(".")))?.sync_all()
}

/// The names of files are durable with the files on this system.
#[cfg(not(unix))]
fn sync_directory(_: &Path) -> std::io::Result<()> {
    Ok(())
}
