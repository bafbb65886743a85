//! The connections: one that writes, some that read.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use rusqlite::{Connection, StatementStatus};

use crate::connect;
use crate::error::Error;
use crate::grants;
use crate::log::Log;
use crate::options::Options;

/// The open file.
#[derive(Debug)]
pub(crate) struct DatabaseFile {
    writer: Mutex<Connection>,
    /// How many write or wait to.
    wanted: AtomicUsize,
    readers: Vec<Mutex<Connection>>,
    next: AtomicUsize,
    log: Arc<Log>,
}

impl DatabaseFile {
    pub(crate) fn open(options: &Options) -> Result<Self, Error> {
        let log = Arc::new(Log::new(options.log_pages));
        let writer = Mutex::new(connect::writer(options, &log)?);
        let readers = (0..options.readers.max(1)).map(|_| connect::reader(options).map(Mutex::new));
        let readers = readers.collect::<Result<_, _>>()?;
        Ok(Self { writer, wanted: AtomicUsize::new(0), readers, next: AtomicUsize::new(0), log })
    }

    /// The write-ahead log.
    pub(crate) fn log(&self) -> &Log {
        &self.log
    }

    /// Works with the connection that writes. Only who has the turn of the [`Writer`](crate::writer::Writer) does.
    // INVARIANT: a connection is whole whatever happened to the thread that used it: a statement is reset and a
    // transaction is rolled back when they are dropped, in a panic too. So a poisoned lock is taken as it is.
    pub(crate) fn write<T>(&self, work: impl FnOnce(&Connection) -> T) -> T {
        let _wanted = Wanted::by(&self.wanted);
        work(&self.writer.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads one record: with the connection that writes while nobody wants to write, since its pages are still right
    /// after its own commits and every other connection has to read them again; else as [`DatabaseFile::read_many`].
    ///
    /// Each call sees every commit before it.
    pub(crate) fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, Error> {
        // The lock is not fair: one read after the other would take it from under a writer that was woken for it.
        let writer = if self.wanted.load(Ordering::Relaxed) == 0 { free(&self.writer) } else { None };
        match writer {
            Some(connection) => work(&connection),
            None => self.read_many(work),
        }
    }

    /// Reads for as long as it takes, and lets writers go on: with a connection that is free, or the next in turn.
    pub(crate) fn read_many<T>(&self, work: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, Error> {
        if let Some(connection) = self.readers.iter().find_map(free) {
            return work(&connection);
        }
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.readers.len();
        // There is at least one reader, so this is never the writer.
        let connection = self.readers.get(turn).unwrap_or(&self.writer);
        work(&connection.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How often any of the statements of requests was prepared again.
    pub(crate) fn prepared_again(&self) -> Result<u64, Error> {
        let mut count = self.write(|connection| prepared_again(connection, &grants::STATEMENTS))?;
        for reader in &self.readers {
            let connection = reader.lock().unwrap_or_else(PoisonError::into_inner);
            count += prepared_again(&connection, &[grants::LOAD])?;
        }
        Ok(count)
    }
}

/// Somebody who writes or waits to, until it is dropped.
struct Wanted<'a>(&'a AtomicUsize);

impl<'a> Wanted<'a> {
    fn by(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Wanted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn prepared_again(connection: &Connection, statements: &[&str]) -> Result<u64, Error> {
    let again = |sql: &&str| {
        let count = connection.prepare_cached(sql)?.get_status(StatementStatus::RePrepare);
        Ok(u64::from(count.unsigned_abs()))
    };
    statements.iter().map(again).sum()
}

fn free(connection: &Mutex<Connection>) -> Option<MutexGuard<'_, Connection>> {
    match connection.try_lock() {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

    use super::*;

    /// Whether the connection of a read is the one that writes.
    fn reads_with_the_writer(file: &DatabaseFile) -> bool {
        file.read(|connection| Ok(!connection.query_row("PRAGMA query_only", [], |row| row.get::<_, bool>(0))?))
            .unwrap()
    }

    #[test]
    fn a_read_leaves_the_writer_to_who_waits_for_it() {
        let directory = tempfile::tempdir().unwrap();
        let file = DatabaseFile::open(&Options::new(directory.path().join("grants.db"))).unwrap();
        assert!(reads_with_the_writer(&file));
        // Somebody has come to write, and does not have the lock yet.
        let wanted = Wanted::by(&file.wanted);
        assert!(file.writer.try_lock().is_ok());
        assert!(!reads_with_the_writer(&file));
        drop(wanted);
        assert!(reads_with_the_writer(&file));
        file.write(|_| assert_eq!(file.wanted.load(Ordering::Relaxed), 1));
    }
}
