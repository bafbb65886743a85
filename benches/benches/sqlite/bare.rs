//! The bare loop: one table with rows of the size of a grant, and nothing but the two statements.

use std::path::Path;

use crate::Done;
use rusqlite::{Connection, params};

/// The bytes of a row. The rows of the store, with one live access token, are within a few percent of it.
const BODY: usize = 370;

/// A file as durable as that of the store, and one connection.
pub(crate) struct Bare {
    connection: Connection,
    rows: i64,
    next: i64,
}

impl Bare {
    pub(crate) fn open(path: &Path, rows: u32) -> Done<Self> {
        let connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.execute_batch("CREATE TABLE bare (id INTEGER PRIMARY KEY, revision INTEGER, body BLOB) STRICT")?;
        connection.execute_batch("BEGIN")?;
        for id in 0..rows {
            connection.prepare_cached("INSERT INTO bare VALUES (?1, 1, ?2)")?.execute(params![id, [0_u8; BODY]])?;
        }
        connection.execute_batch("COMMIT")?;
        Ok(Self { connection, rows: i64::from(rows), next: 0 })
    }

    /// Reads some rows and updates each, all in one transaction.
    pub(crate) fn update(&mut self, group: usize) -> Done {
        let transaction = self.connection.transaction()?;
        for _ in 0..group {
            self.next = (self.next + 7919) % self.rows;
            let (revision, body): (i64, Vec<u8>) = transaction
                .prepare_cached("SELECT revision, body FROM bare WHERE id = ?1")?
                .query_row([self.next], |row| Ok((row.get(0)?, row.get(1)?)))?;
            transaction
                .prepare_cached("UPDATE bare SET revision = revision + 1, body = ?3 WHERE id = ?1 AND revision = ?2")?
                .execute(params![self.next, revision, body])?;
        }
        Ok(transaction.commit()?)
    }
}
