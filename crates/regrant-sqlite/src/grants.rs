//! Reading grants, and ending many.

use regrant::{EndReason, Grant, GrantFilter, GrantId, Timestamp};
use rusqlite::{Connection, ToSql, params};

use crate::change::{END, HAS_ENDED, INSERT, REFRESH, REPLACE};
use crate::error::Error;
use crate::grant_row::{columns, millis, read};

pub(crate) const LOAD: &str = concat!("SELECT ", columns!(), " FROM grants WHERE id = ?1");

/// The statements of requests.
pub(crate) const STATEMENTS: [&str; 6] = [LOAD, INSERT, REFRESH, REPLACE, END, HAS_ENDED];

/// Reads one record.
pub(crate) fn load(connection: &Connection, id: &GrantId) -> Result<Option<Grant>, Error> {
    let mut statement = connection.prepare_cached(LOAD)?;
    let mut rows = statement.query([id.as_bytes()])?;
    rows.next()?.map(read).transpose()
}

/// A page of grants, in ascending order of ids.
pub(crate) fn list(
    connection: &Connection,
    filter: &GrantFilter,
    after: Option<GrantId>,
    limit: usize,
) -> Result<Vec<Grant>, Error> {
    const ALL: &str = concat!("SELECT ", columns!(), " FROM grants WHERE id > ?1 ORDER BY id LIMIT ?2");
    macro_rules! living_and_ended {
        ($column:literal) => {
            concat!(
                "SELECT ",
                columns!(),
                " FROM grants WHERE id > ?1 AND ended_at IS NULL AND ",
                $column,
                " = ?3 UNION ALL SELECT ",
                columns!(),
                " FROM grants WHERE id > ?1 AND ended_at IS NOT NULL AND ",
                $column,
                " = ?3 ORDER BY id LIMIT ?2"
            )
        };
    }
    // Every id is above the empty one.
    let after: &[u8] = after.as_ref().map_or(&[], |id| id.as_bytes());
    let limit = bounded(limit);
    match filter {
        GrantFilter::All => page(connection, ALL, params![after, limit]),
        GrantFilter::Client(id) => page(connection, living_and_ended!("client_id"), params![after, limit, id.as_str()]),
        GrantFilter::Subject(subject) => {
            page(connection, living_and_ended!("subject"), params![after, limit, subject.as_str()])
        }
    }
}

fn page(connection: &Connection, sql: &str, parameters: &[&dyn ToSql]) -> Result<Vec<Grant>, Error> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(parameters)?;
    let mut page = Vec::new();
    while let Some(row) = rows.next()? {
        page.push(read(row)?);
    }
    Ok(page)
}

/// Ends up to `limit` living grants of a filter. It reads no record, so a corrupt one is ended like any other.
pub(crate) fn end_living(
    connection: &Connection,
    filter: &GrantFilter,
    at: Timestamp,
    reason: EndReason,
    limit: usize,
) -> Result<usize, Error> {
    macro_rules! end_of {
        ($filter:literal) => {
            concat!(
                "UPDATE grants SET ended_at = ?1, ended_reason = ?2, purge_at = ?1, revision = revision + 1 WHERE id IN \
                 (SELECT id FROM grants WHERE ended_at IS NULL",
                $filter,
                " LIMIT ?3)"
            )
        };
    }
    let (at, reason, limit) = (millis(at)?, reason.as_str(), bounded(limit));
    Ok(match filter {
        GrantFilter::All => connection.prepare_cached(end_of!(""))?.execute(params![at, reason, limit])?,
        GrantFilter::Client(id) => {
            let mut statement = connection.prepare_cached(end_of!(" AND client_id = ?4"))?;
            statement.execute(params![at, reason, limit, id.as_str()])?
        }
        GrantFilter::Subject(subject) => {
            let mut statement = connection.prepare_cached(end_of!(" AND subject = ?4"))?;
            statement.execute(params![at, reason, limit, subject.as_str()])?
        }
    })
}

/// A limit as a statement takes it.
pub(crate) fn bounded(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
