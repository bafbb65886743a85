//! What can go wrong with a file.

use std::fmt;
use std::io;
use std::path::PathBuf;

use regrant::{ClientId, GrantId, InvalidPolicy};
use rusqlite::ErrorCode;
use thiserror::Error as ThisError;

/// A fault of the store. No variant shows a secret or a digest.
///
/// Of a commit that failed, nothing was written where the error is [`Error::Busy`], [`Error::Full`],
/// [`Error::ReadOnly`], [`Error::Overloaded`] or [`Error::CorruptRecord`]. After any other, [`Error::Io`],
/// [`Error::NoAnswer`], [`Error::Damaged`] and [`Error::Sqlite`] among them, it may or may not have been: the engine
/// reads the record again and finds out.
#[derive(Debug, ThisError)]
#[non_exhaustive]
pub enum Error {
    /// The file cannot be opened or made: its directory is missing, or permission is.
    #[error("cannot open the database file {}", path.display())]
    CannotOpen {
        /// The file.
        path: PathBuf,
        /// The fault of the system.
        #[source]
        source: rusqlite::Error,
    },
    /// The directory of the file cannot be made durable.
    #[error("cannot sync the directory of the database")]
    Directory(#[source] io::Error),
    /// The file is something else than an SQLite database. It was left as it is.
    #[error("the file is not an sqlite database")]
    NotADatabase,
    /// The file is an SQLite database of another program. It was left as it is.
    #[error("the file is the sqlite database of another program (application id {application_id:#010x})")]
    Foreign {
        /// Its `application_id`.
        application_id: i32,
    },
    /// A later release has migrated the file. It was left as it is.
    #[error("the database has schema {found}, and this release knows schemas up to {known}: use a newer release")]
    NewerSchema {
        /// The schema of the file.
        found: i64,
        /// The newest schema that this release knows.
        known: i64,
    },
    /// The file system does not support WAL, a network share for instance.
    #[error("the database cannot use write-ahead logging: is it on a network file system")]
    NoWal,
    /// The file, or the file system, is read-only.
    #[error("the database is read-only")]
    ReadOnly,
    /// The disk is full, or the database has reached its largest size.
    #[error("the disk is full")]
    Full,
    /// Another process held the lock for longer than `busy_timeout`.
    #[error("the database is locked by another process")]
    Busy,
    /// More calls wait than [`Options::queue`](crate::Options::queue) allows, or this one waited for its turn for longer
    /// than [`Options::busy_timeout`](crate::Options::busy_timeout).
    #[error("too many calls wait for the database")]
    Overloaded,
    /// A worker thread of the store gave no answer. Whether a commit took place is unknown.
    #[error("a worker thread of the store gave no answer")]
    NoAnswer,
    /// The worker threads cannot be started.
    #[error("cannot start the worker threads of the store")]
    Threads(#[source] io::Error),
    /// The file is damaged.
    #[error("the database file is damaged: restore it from a backup")]
    Damaged(#[source] rusqlite::Error),
    /// Reading or writing failed.
    #[error("reading or writing the database failed")]
    Io(#[source] rusqlite::Error),
    /// A row that is no record. No other row suffers.
    #[error(transparent)]
    CorruptRecord(#[from] CorruptRecord),
    /// A number beyond what a column holds, 2⁶³ − 1.
    #[error("{column} is above 2^63 - 1")]
    OutOfRange {
        /// The column.
        column: &'static str,
    },
    /// A client of that identifier exists.
    #[error("a client with the id {0} exists")]
    ClientExists(ClientId),
    /// A client whose policy is none under the host's defaults, a public client without rotation for instance.
    #[error("the policy of the client {client_id} cannot be used: {problem}")]
    Policy {
        /// The client.
        client_id: ClientId,
        /// What is wrong with it.
        problem: InvalidPolicy,
    },
    /// A secret was to be rotated that a public client does not have.
    #[error("the client {0} is public and has no secret")]
    PublicClient(ClientId),
    /// The client has too many secrets that are still accepted.
    #[error("the client {0} has as many secrets as a client can have")]
    TooManySecrets(ClientId),
    /// Anything else that SQLite reports.
    #[error("sqlite failed: {0}")]
    Sqlite(#[source] rusqlite::Error),
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::NotADatabase,
            Some(ErrorCode::ReadOnly) => Self::ReadOnly,
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged(error),
            Some(ErrorCode::SystemIoFailure) => Self::Io(error),
            _ => Self::Sqlite(error),
        }
    }
}

/// The same fault once more, for each of several callers whom it met together.
pub(crate) fn again(error: &rusqlite::Error) -> rusqlite::Error {
    match error {
        rusqlite::Error::SqliteFailure(code, text) => rusqlite::Error::SqliteFailure(*code, text.clone()),
        // Nothing else comes of a statement without parameters and rows.
        other => rusqlite::Error::ToSqlConversionFailure(other.to_string().into()),
    }
}

/// A row that is no record: which column of which row, and what is wrong with it.
///
/// It stays as it is; neither a decision nor a purge touches it. The value of the column is not shown.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
#[error("corrupt record: table {table}, column {column}, {record}: {problem}")]
pub struct CorruptRecord {
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// The row.
    pub record: RecordName,
    /// What is wrong.
    pub problem: String,
}

/// Which row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordName {
    /// The row of a grant.
    Grant(GrantId),
    /// The row of a client.
    Client(ClientId),
    /// A row whose own name is what is corrupt.
    Nameless,
}

impl fmt::Display for RecordName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Grant(id) => write!(f, "grant {id}"),
            Self::Client(id) => write!(f, "client {id}"),
            Self::Nameless => f.write_str("a row without a readable id"),
        }
    }
}
