//! The fault of a store, whichever it is.

use regrant::GrantId;
use regrant_postgres::Error as PostgresError;
use regrant_sqlite::Error as SqliteError;
use thiserror::Error as ThisError;

/// A fault of the store that other processes see too. Its text is the store's own, and holds neither a secret nor a
/// digest.
#[derive(Debug, ThisError)]
pub enum StoreError {
    /// Of a file.
    #[error(transparent)]
    Sqlite(#[from] SqliteError),
    /// Of a database server.
    #[error(transparent)]
    Postgres(#[from] PostgresError),
}

impl StoreError {
    /// Whether a record was found that no release wrote.
    pub const fn is_corrupt(&self) -> bool {
        matches!(self, Self::Sqlite(SqliteError::CorruptRecord(_)) | Self::Postgres(PostgresError::CorruptRecord(_)))
    }

    /// The grant whose record is corrupt, if that is the fault.
    pub const fn corrupt_grant(&self) -> Option<GrantId> {
        match self {
            Self::Sqlite(SqliteError::CorruptRecord(regrant_sqlite::CorruptRecord {
                record: regrant_sqlite::RecordName::Grant(id),
                ..
            }))
            | Self::Postgres(PostgresError::CorruptRecord(regrant_postgres::CorruptRecord {
                record: regrant_postgres::RecordName::Grant(id),
                ..
            })) => Some(*id),
            _ => None,
        }
    }

    /// Whether a call was refused because too many wait.
    pub const fn is_overload(&self) -> bool {
        matches!(self, Self::Sqlite(SqliteError::Overloaded))
    }

    /// Whether the policy of a client is at fault, and not the store.
    pub const fn is_of_policy(&self) -> bool {
        matches!(self, Self::Sqlite(SqliteError::Policy { .. }) | Self::Postgres(PostgresError::Policy { .. }))
    }
}
