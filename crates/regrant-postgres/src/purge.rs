//! Deleting what is dead. `purge_after` finds the candidates by an index, and never comes too late. Each one is looked at,
//! and is deleted or put off to its true day, so every candidate is met once and a call does bounded work. A refresh
//! puts nothing off: it would move an index each time, and purging looks only once in the idle life of a grant.

use regrant::{Grant, GrantId, Timestamp};
use tokio_postgres::types::Type;
use tokio_postgres::{Error as PgError, Row};

use crate::error::{Error, is_lost_race};
use crate::grant_row::{columns, read};
use crate::grants::{bounded, day};
use crate::job::Queue;
use crate::management::BATCH;
use crate::session::{Session, Sql};

static CANDIDATES: Sql = Sql {
    text: concat!(
        "SELECT ",
        columns!(),
        ", purge_after FROM regrant.grants WHERE (purge_after, id) > ($1, $2) AND purge_after <= $3 \
         ORDER BY purge_after, id LIMIT $4"
    ),
    types: &[Type::INT8, Type::BYTEA, Type::INT8, Type::INT8],
};
static DELETE: Sql = Sql {
    text: "DELETE FROM regrant.grants AS g USING unnest($1, $2) AS n (id, revision) \
           WHERE g.id = n.id AND g.revision = n.revision RETURNING g.id",
    types: &[Type::BYTEA_ARRAY, Type::INT8_ARRAY],
};
/// No part of the record, so it raises no revision. An end that came meanwhile has, and stays where it put the grant.
static PUT_OFF: Sql = Sql {
    text: "UPDATE regrant.grants AS g SET purge_after = n.purge_after \
           FROM unnest($1, $2, $3) AS n (id, revision, purge_after) WHERE g.id = n.id AND g.revision = n.revision \
           AND g.purge_after <> n.purge_after",
    types: &[Type::BYTEA_ARRAY, Type::INT8_ARRAY, Type::INT8_ARRAY],
};

/// The place of a candidate in the order of candidates.
#[derive(Clone, Debug)]
struct Place(i64, Vec<u8>);

/// What became of a batch.
#[derive(Debug)]
struct Batch {
    deleted: usize,
    /// Dead when it was read, and not deleted: another write came first.
    missed: usize,
    last: Option<Place>,
}

/// Deletes up to `limit` records that were dead before `before`.
///
/// A record that cannot be read is passed over: what is not understood is not deleted.
pub(crate) async fn purge(queue: &Queue, before: Timestamp, limit: usize) -> Result<usize, Error> {
    loop {
        let (purged, missed) = sweep(queue, before, limit).await?;
        // None is left when nothing was found, and not when all that was found got away.
        if purged > 0 || missed == 0 {
            return Ok(purged);
        }
    }
}

async fn sweep(queue: &Queue, before: Timestamp, limit: usize) -> Result<(usize, usize), Error> {
    let (mut purged, mut missed, mut place) = (0, 0, Place(-1, Vec::new()));
    while purged < limit {
        let most = limit - purged;
        let done = queue.write(move |session| Box::pin(async move { batch(session, &place, before, most).await }));
        let done = done.await?;
        purged += done.deleted;
        missed += done.missed;
        match done.last {
            Some(last) => place = last,
            None => break,
        }
    }
    Ok((purged, missed))
}

/// Looks at a batch of candidates, and deletes `most` of them.
async fn batch(session: &Session, Place(days, id): &Place, before: Timestamp, most: usize) -> Result<Batch, Error> {
    let parameters = (day(before), bounded(BATCH));
    let rows = session.run(&CANDIDATES, &[days, id, &parameters.0, &parameters.1]).await;
    let rows = rows.map_err(|error| Error::of_statement(&error))?;
    let grants: Vec<(&Row, Grant)> = rows.iter().filter_map(|row| Some((row, read(row).ok()?))).collect();
    let (mut dead, living): (Vec<_>, Vec<_>) = grants.iter().partition(|(_, grant)| grant.dead_from() < before);
    let last = if dead.len() > most {
        dead.truncate(most);
        dead.last().map(|(row, _)| *row)
    } else {
        rows.last()
    };
    put_off(session, living.iter().map(|(_, grant)| grant).collect()).await?;
    let dead: Vec<&Grant> = dead.iter().map(|(_, grant)| grant).collect();
    let deleted = delete(session, &dead).await?;
    Ok(Batch { deleted, missed: dead.len() - deleted, last: last.map(place).transpose()? })
}

fn place(row: &Row) -> Result<Place, Error> {
    let place = || Ok(Place(row.try_get("purge_after")?, row.try_get("id")?));
    place().map_err(|error: PgError| Error::of_statement(&error))
}

async fn delete(session: &Session, dead: &[&Grant]) -> Result<usize, Error> {
    if dead.is_empty() {
        return Ok(0);
    }
    let (ids, revisions) = named(dead);
    match session.run(&DELETE, &[&ids, &revisions]).await {
        Ok(rows) => Ok(rows.len()),
        Err(error) if is_lost_race(&error) => Ok(0),
        Err(error) => Err(Error::of_statement(&error)),
    }
}

async fn put_off(session: &Session, mut living: Vec<&Grant>) -> Result<(), Error> {
    if living.is_empty() {
        return Ok(());
    }
    // In the order in which other batches lock them.
    living.sort_by_key(|grant| grant.id());
    let (ids, revisions) = named(&living);
    let days: Vec<i64> = living.iter().map(|grant| day(grant.dead_from())).collect();
    match session.run(&PUT_OFF, &[&ids, &revisions, &days]).await {
        Ok(_) => Ok(()),
        // They are met again.
        Err(error) if is_lost_race(&error) => Ok(()),
        Err(error) => Err(Error::of_statement(&error)),
    }
}

/// Ids and revisions, as they were read. No revision that was read is beyond what a column holds.
fn named(grants: &[&Grant]) -> (Vec<[u8; GrantId::LENGTH]>, Vec<i64>) {
    let name = |grant: &&Grant| (*grant.id().as_bytes(), grant.revision().get().cast_signed());
    grants.iter().map(name).unzip()
}
