//! Deleting what is dead. `purge_at` finds the candidates by an index, at the cost of being up to a day early; each one
//! is looked at, and is deleted or gets its true instant. So every candidate is met once, and a call does bounded work.

use regrant::{Grant, GrantId, Timestamp};
use rusqlite::{Connection, Row, Transaction, TransactionBehavior, params};

use crate::error::Error;
use crate::file::DatabaseFile;
use crate::grant_row::{columns, read};
use crate::grants::{bounded, millis};

/// The most candidates of one transaction: how long other writers wait.
const BATCH: usize = 256;

const CANDIDATES: &str = concat!(
    "SELECT ",
    columns!(),
    ", purge_at FROM grants WHERE (purge_at, id) > (?1, ?2) AND purge_at < ?3 ORDER BY purge_at, id LIMIT ?4"
);

/// The place of a candidate in the order of candidates.
struct Place(i64, Vec<u8>);

/// Deletes up to `limit` records that were dead before `before`.
///
/// A record that cannot be read is passed over: what is not understood is not deleted.
pub(crate) fn purge(file: &DatabaseFile, before: Timestamp, limit: usize) -> Result<usize, Error> {
    let (mut purged, mut place) = (0, Place(-1, Vec::new()));
    while purged < limit {
        let size = BATCH.min(limit - purged);
        let (deleted, last) = file.write(|connection| batch(connection, &place, before, size))?;
        purged += deleted;
        match last {
            Some(last) => place = last,
            None => break,
        }
    }
    Ok(purged)
}

/// Looks at up to `size` candidates; answers how many it deleted, and the place of the last one.
fn batch(
    connection: &mut Connection,
    after: &Place,
    before: Timestamp,
    size: usize,
) -> Result<(usize, Option<Place>), Error> {
    // Under the write lock from the first read on: no candidate changes between the look at it and its end.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let candidates = candidates(&transaction, after, before, size)?;
    let mut deleted = 0;
    for (_, grant) in &candidates {
        deleted += usize::from(settle(&transaction, grant.as_ref(), before)?);
    }
    transaction.commit()?;
    Ok((deleted, candidates.into_iter().last().map(|(place, _)| place)))
}

fn candidates(
    transaction: &Transaction<'_>,
    Place(purge_at, id): &Place,
    before: Timestamp,
    batch: usize,
) -> Result<Vec<(Place, Option<Grant>)>, Error> {
    let mut statement = transaction.prepare_cached(CANDIDATES)?;
    let mut rows = statement.query(params![purge_at, id, millis(before)?, bounded(batch)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push((place(row)?, readable(row)?));
    }
    Ok(found)
}

fn place(row: &Row<'_>) -> Result<Place, Error> {
    Ok(Place(row.get("purge_at")?, row.get("id")?))
}

fn readable(row: &Row<'_>) -> Result<Option<Grant>, Error> {
    match read(row) {
        Ok(grant) => Ok(Some(grant)),
        Err(Error::CorruptRecord(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Deletes one candidate, or writes down when it will be one; answers whether it was deleted.
fn settle(transaction: &Transaction<'_>, grant: Option<&Grant>, before: Timestamp) -> Result<bool, Error> {
    let Some(grant) = grant else {
        return Ok(false);
    };
    let (id, dead_from): (GrantId, Timestamp) = (grant.id(), grant.dead_from());
    if dead_from < before {
        transaction.prepare_cached("DELETE FROM grants WHERE id = ?1")?.execute([id.as_bytes()])?;
        return Ok(true);
    }
    // No part of the record, so it raises no revision.
    let mut statement = transaction.prepare_cached("UPDATE grants SET purge_at = ?2 WHERE id = ?1")?;
    statement.execute(params![id.as_bytes(), millis(dead_from)?])?;
    Ok(false)
}
