//! What can go wrong with a database.

use std::fmt;

use regrant::{ClientId, GrantId, InvalidPolicy};
use thiserror::Error as ThisError;
use tokio_postgres::Error as PgError;
use tokio_postgres::error::{DbError, Severity, SqlState};

/// A fault of the store. No variant shows a secret or a digest.
///
/// A commit that failed with one of these wrote nothing, unless [`Error::is_in_doubt`] says so: then nobody knows before
/// the record is read again. The engine does that by itself.
#[derive(Clone, Debug, ThisError)]
#[non_exhaustive]
pub enum Error {
    /// The address of the database cannot be used. It is not shown: it may hold a password.
    #[error("the address of the database cannot be used: {0}")]
    Address(String),
    /// The certificates that a server is to be known by cannot be used.
    #[error("the root certificates cannot be used: {0}")]
    Certificates(String),
    /// No connection to a server that can write.
    #[error("cannot connect to the database: {0}")]
    Unreachable(DatabaseFault),
    /// The server answered with an error. Nothing was written.
    #[error("the database refused a statement: {0}")]
    Refused(DatabaseFault),
    /// The connection was lost after a statement was sent. Whether a commit took place is unknown.
    #[error("the connection to the database was lost, and the outcome of a commit may be unknown: {0}")]
    Lost(DatabaseFault),
    /// The server gave no answer in time, or a task of the store ended. Whether a commit took place is unknown.
    #[error("the database gave no answer in time, and the outcome of a commit may be unknown")]
    NoAnswer,
    /// The server committed with a warning: somebody cancelled its wait for the standby. A failover may lose the commit.
    #[error("the database committed without its standby, so the outcome is not durable")]
    NotReplicated,
    /// More calls wait than [`Options::queue`](crate::Options::queue) allows, or this one waited for its turn for longer
    /// than [`Options::patience`](crate::Options::patience), or the server takes commits and confirms none. Nothing was
    /// written.
    #[error("too many calls wait for the database")]
    Overloaded,
    /// The database has no schema of this store, or an older one, and this role may not make it.
    #[error("the database has schema {found}, this release needs {needed}: migrate it as the owner of the schema")]
    NotMigrated {
        /// The schema of the database; 0 for none.
        found: i64,
        /// What this release needs.
        needed: i64,
    },
    /// A later release has migrated the database. It was left as it is.
    #[error("the database has schema {found}, and this release knows schemas up to {known}: use a newer release")]
    NewerSchema {
        /// The schema of the database.
        found: i64,
        /// The newest schema that this release knows.
        known: i64,
    },
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
}

impl Error {
    /// Whether a commit that ended with this may nevertheless have taken place, or may yet be lost.
    pub const fn is_in_doubt(&self) -> bool {
        matches!(self, Self::Lost(_) | Self::NoAnswer | Self::NotReplicated)
    }

    /// What became of a statement that failed on an open connection.
    pub(crate) fn of_statement(error: &PgError) -> Self {
        match error.as_db_error() {
            Some(told) if !ends_the_session(told) => Self::Refused(DatabaseFault::of(error)),
            _ => Self::Lost(DatabaseFault::of(error)),
        }
    }
}

/// Whether two writers met, and this one was undone: it is decided anew like after any lost race.
pub(crate) fn is_lost_race(error: &PgError) -> bool {
    [&SqlState::T_R_SERIALIZATION_FAILURE, &SqlState::T_R_DEADLOCK_DETECTED]
        .into_iter()
        .any(|code| error.code() == Some(code))
}

/// Whether the server ends the session with this error. It can come while a commit is under way, so it leaves its outcome
/// open; 40003 says as much itself. A server that has become read-only is not the one to talk to.
pub(crate) fn ends_the_session(told: &DbError) -> bool {
    let code = told.code().code();
    let severe = matches!(told.parsed_severity(), Some(Severity::Fatal | Severity::Panic));
    severe || code == "40003" || code.starts_with("08") || code.starts_with("57P")
}

/// Whether the session has ended, leads to a server that cannot write any more, or has lost its prepared statements.
pub(crate) fn needs_another_session(error: &PgError) -> bool {
    let stale =
        [&SqlState::READ_ONLY_SQL_TRANSACTION, &SqlState::INVALID_SQL_STATEMENT_NAME, &SqlState::FEATURE_NOT_SUPPORTED];
    error.as_db_error().is_none_or(|told| ends_the_session(told) || stale.contains(&told.code()))
}

/// What the database or the connection said, without the values that a statement carried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseFault {
    sqlstate: Option<String>,
    message: String,
}

impl DatabaseFault {
    /// The five characters of the error's SQLSTATE, where the server answered at all.
    pub fn sqlstate(&self) -> Option<&str> {
        self.sqlstate.as_deref()
    }

    /// Leaves out detail, hint and context: the detail of a broken constraint shows the row.
    pub(crate) fn of(error: &PgError) -> Self {
        match error.as_db_error() {
            Some(told) => Self { sqlstate: Some(told.code().code().to_owned()), message: told.message().to_owned() },
            None => Self { sqlstate: None, message: chain(error) },
        }
    }

    /// Where only the connection says something.
    pub(crate) fn text(message: &str) -> Self {
        Self { sqlstate: None, message: message.to_owned() }
    }
}

impl fmt::Display for DatabaseFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.sqlstate {
            Some(code) => write!(f, "{} (sqlstate {code})", self.message),
            None => f.write_str(&self.message),
        }
    }
}

/// An error and its causes, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
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
