//! The tables, and how a file comes to have them.
//!
//! `user_version` counts the schemas; schema `n` is what the first `n` migrations make. A migration first expands and
//! only a later release contracts, so that two releases can run on one file side by side.

use rusqlite::{Connection, TransactionBehavior};

use crate::error::Error;

/// `application_id`: "rgnt" in ASCII.
pub(crate) const APPLICATION_ID: i32 = 0x7267_6E74;

/// The newest schema that this release knows.
pub(crate) const NEWEST: i64 = 1;

/// The migrations, oldest first. None is ever changed once it was released.
const MIGRATIONS: [&str; 1] = [include_str!("schema/0001.sql")];

/// One statement, so that a migration by another process is seen whole or not at all.
const IDENTITY: &str = "SELECT (SELECT application_id FROM pragma_application_id), \
                               (SELECT user_version FROM pragma_user_version), \
                               (SELECT count(*) FROM sqlite_schema)";

/// What kind of file it is.
///
/// # Errors
/// Not a database, another program's, or a schema of the future. Nothing was written.
pub(crate) fn version(connection: &Connection) -> Result<i64, Error> {
    let (application_id, found, tables): (i32, i64, i64) =
        connection.query_row(IDENTITY, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let unused = application_id == 0 && found == 0 && tables == 0;
    if application_id != APPLICATION_ID && !unused {
        return Err(Error::Foreign { application_id });
    }
    if found > NEWEST { Err(Error::NewerSchema { found, known: NEWEST }) } else { Ok(found) }
}

/// Brings the file to the newest schema: all of it or nothing.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), Error> {
    if version(connection)? == NEWEST {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Looked at again under the write lock: another process may have been first.
    let found = usize::try_from(version(&transaction)?).unwrap_or_default();
    for migration in MIGRATIONS.iter().skip(found) {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", NEWEST)?;
    Ok(transaction.commit()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_schema_is_the_last_migration() {
        assert_eq!(usize::try_from(NEWEST), Ok(MIGRATIONS.len()));
    }
}
