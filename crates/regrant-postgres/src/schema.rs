//! The tables, and how a database comes to have them.
//!
//! `regrant.migrations` has a row for each migration that was applied. A migration first expands and only a later
//! release contracts, so that two releases can run on one database side by side.

use tokio_postgres::Error as PgError;
use tokio_postgres::error::SqlState;

use crate::error::{DatabaseFault, Error};
use crate::options::Options;
use crate::session::Session;

/// The newest schema that this release knows.
pub(crate) const NEWEST: i64 = 1;

/// The migrations, oldest first. None is ever changed once it was released.
const MIGRATIONS: [&str; 1] = [include_str!("schema/0001.sql")];

const FOUND: &str = "SELECT coalesce(max(number), 0) FROM regrant.migrations";

/// One transaction under one lock: of several nodes that start at once, one migrates and the others find it done. The
/// number of the lock is "rgnt" in ASCII. Waiting for it may take longer than a statement is given.
const BEGIN: &str =
    "BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; SELECT pg_advisory_xact_lock(1919381108)";

/// `IF NOT EXISTS` would ask for the right to make schemas even where there is one already.
const SCHEMA_IS_THERE: &str = "SELECT to_regnamespace('regrant') IS NOT NULL";

const VERSIONS: &str = "CREATE TABLE IF NOT EXISTS regrant.migrations \
    (number bigint PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())";

/// The schema of the database; 0 for none.
///
/// # Errors
/// [`Error::NewerSchema`]; the server failed.
pub(crate) async fn version(session: &Session) -> Result<i64, Error> {
    let found = match session.client().query_typed_one(FOUND, &[]).await {
        Ok(row) => row.try_get(0),
        Err(error) if is_missing(&error) => Ok(0),
        Err(error) => Err(error),
    };
    let found = found.map_err(|error| Error::of_statement(&error))?;
    if found > NEWEST { Err(Error::NewerSchema { found, known: NEWEST }) } else { Ok(found) }
}

fn is_missing(error: &PgError) -> bool {
    [&SqlState::UNDEFINED_TABLE, &SqlState::INVALID_SCHEMA_NAME].into_iter().any(|code| error.code() == Some(code))
}

/// Sees to it that the database has the schema of this release.
///
/// # Errors
/// [`Error::NotMigrated`] where it has not, and the role or the options do not allow to mend it; [`Error::NewerSchema`].
pub(crate) async fn ensure(session: &Session, options: &Options) -> Result<(), Error> {
    let found = version(session).await?;
    if found == NEWEST {
        return Ok(());
    }
    if !options.migrate {
        return Err(Error::NotMigrated { found, needed: NEWEST });
    }
    match migrate(session).await {
        Err(Error::Refused(fault)) if is_forbidden(&fault) => Err(Error::NotMigrated { found, needed: NEWEST }),
        done => done,
    }
}

fn is_forbidden(fault: &DatabaseFault) -> bool {
    fault.sqlstate() == Some(SqlState::INSUFFICIENT_PRIVILEGE.code())
}

/// Brings the database to the newest schema: all of it or nothing.
async fn migrate(session: &Session) -> Result<(), Error> {
    let done = match run(session, BEGIN).await {
        Ok(()) => apply(session).await,
        failed => failed,
    };
    let end = if done.is_ok() { "COMMIT" } else { "ROLLBACK" };
    let ended = run(session, end).await;
    done.and(ended)
}

/// Applies what is missing. Looked at again under the lock: another node may have been first.
async fn apply(session: &Session) -> Result<(), Error> {
    let there = session.client().query_typed_one(SCHEMA_IS_THERE, &[]).await.and_then(|row| row.try_get(0));
    if !there.map_err(|error| Error::of_statement(&error))? {
        run(session, "CREATE SCHEMA regrant").await?;
    }
    run(session, VERSIONS).await?;
    let found = usize::try_from(version(session).await?).unwrap_or_default();
    for (number, migration) in (1..).zip(MIGRATIONS).skip(found) {
        run(session, migration).await?;
        run(session, &format!("INSERT INTO regrant.migrations (number) VALUES ({number})")).await?;
    }
    Ok(())
}

async fn run(session: &Session, sql: &str) -> Result<(), Error> {
    session.client().batch_execute(sql).await.map_err(|error| Error::of_statement(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_schema_is_the_last_migration() {
        assert_eq!(usize::try_from(NEWEST), Ok(MIGRATIONS.len()));
    }
}
