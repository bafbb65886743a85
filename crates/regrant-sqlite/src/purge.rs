//! Deleting what is dead. `purge_at` finds the candidates by an index, at the cost of being up to a day early; each one
//! is looked at, and is deleted or gets its true instant. So every candidate is met once, and a call does bounded work.

use regrant::{Grant, GrantId, Timestamp};
use rusqlite::{Connection, Row, params};

use crate::error::Error;
use crate::grant_row::{columns, millis, read};
use crate::grants::bounded;

/// The most candidates of one batch: how long other writers wait.
const BATCH: usize = 64;

const CANDIDATES: &str = concat!(
    "SELECT ",
    columns!(),
    ", purge_at FROM grants WHERE (purge_at, id) > (?1, ?2) AND purge_at < ?3 ORDER BY purge_at, id LIMIT ?4"
);

/// The place of a candidate in the order of candidates.
#[derive(Clone, Debug)]
struct Place(i64, Vec<u8>);

/// A purge on its way, a batch at a time.
#[derive(Debug)]
pub(crate) struct Purge {
    before: Timestamp,
    left: usize,
    purged: usize,
    after: Option<Place>,
}

/// What a batch came to: how many records it deleted, and the place of its last candidate.
#[derive(Debug)]
pub(crate) struct Purged(usize, Option<Place>);

impl Purge {
    /// Of up to `limit` records that were dead before `before`.
    ///
    /// A record that cannot be read is passed over: what is not understood is not deleted.
    pub(crate) fn new(before: Timestamp, limit: usize) -> Self {
        Self { before, left: limit, purged: 0, after: Some(Place(-1, Vec::new())) }
    }

    /// The next batch, if there is something left to do.
    pub(crate) fn batch(&self) -> Option<impl Fn(&Connection) -> Result<Purged, Error> + Send + use<>> {
        let (before, size) = (self.before, BATCH.min(self.left));
        let after = self.after.clone().filter(|_| size > 0)?;
        Some(move |connection: &Connection| batch(connection, &after, before, size))
    }

    /// Goes on behind a batch.
    pub(crate) fn advance(&mut self, Purged(purged, last): Purged) {
        self.purged += purged;
        self.left -= purged;
        self.after = last;
    }

    /// How many records were deleted.
    pub(crate) const fn purged(&self) -> usize {
        self.purged
    }
}

/// Looks at up to `size` candidates, within a transaction.
fn batch(connection: &Connection, after: &Place, before: Timestamp, size: usize) -> Result<Purged, Error> {
    let candidates = candidates(connection, after, before, size)?;
    let mut deleted = 0;
    for (_, grant) in &candidates {
        deleted += usize::from(settle(connection, grant.as_ref(), before)?);
    }
    Ok(Purged(deleted, candidates.into_iter().last().map(|(place, _)| place)))
}

fn candidates(
    connection: &Connection,
    Place(purge_at, id): &Place,
    before: Timestamp,
    batch: usize,
) -> Result<Vec<(Place, Option<Grant>)>, Error> {
    let mut statement = connection.prepare_cached(CANDIDATES)?;
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
fn settle(connection: &Connection, grant: Option<&Grant>, before: Timestamp) -> Result<bool, Error> {
    let Some(grant) = grant else {
        return Ok(false);
    };
    let (id, dead_from): (GrantId, Timestamp) = (grant.id(), grant.dead_from());
    if dead_from < before {
        connection.prepare_cached("DELETE FROM grants WHERE id = ?1")?.execute([id.as_bytes()])?;
        return Ok(true);
    }
    // No part of the record, so it raises no revision.
    let mut statement = connection.prepare_cached("UPDATE grants SET purge_at = ?2 WHERE id = ?1")?;
    statement.execute(params![id.as_bytes(), millis(dead_from)?])?;
    Ok(false)
}
