//! The connections: one that writes, some that read.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use rusqlite::Connection;

use crate::connect;
use crate::error::Error;
use crate::options::Options;

/// The open file.
#[derive(Debug)]
pub(crate) struct DatabaseFile {
    writer: Mutex<Connection>,
    readers: Vec<Mutex<Connection>>,
    next: AtomicUsize,
}

impl DatabaseFile {
    pub(crate) fn open(options: &Options) -> Result<Self, Error> {
        let writer = Mutex::new(connect::writer(options)?);
        let readers = (0..options.readers.max(1)).map(|_| connect::reader(options).map(Mutex::new));
        Ok(Self { writer, readers: readers.collect::<Result<_, _>>()?, next: AtomicUsize::new(0) })
    }

    /// Works with the connection that writes. Writers of this process wait for one another here, and not in SQLite,
    /// which would let them sleep and try again.
    ///
    /// Each call sees every commit before it.
    // INVARIANT: a connection is whole whatever happened to the thread that used it: a statement is reset and a
    // transaction is rolled back when they are dropped, in a panic too. So a poisoned lock is taken as it is.
    pub(crate) fn write<T>(&self, work: impl FnOnce(&mut Connection) -> Result<T, Error>) -> Result<T, Error> {
        let mut connection = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        work(&mut connection)
    }

    /// Works with a connection that reads: the one that writes while it is free, since its pages are still right after
    /// its own commits and every other connection has to read them again; else one that is free, or the next in turn.
    pub(crate) fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, Error> {
        let candidates = std::iter::once(&self.writer).chain(&self.readers);
        if let Some(connection) = candidates.into_iter().find_map(free) {
            return work(&connection);
        }
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.readers.len();
        // There is at least one reader, so this is never the writer.
        let connection = self.readers.get(turn).unwrap_or(&self.writer);
        work(&connection.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn free(connection: &Mutex<Connection>) -> Option<MutexGuard<'_, Connection>> {
    match connection.try_lock() {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}
