//! What an operator asks for: pages of grants, and their ends.

use regrant::{EndReason, Grant, GrantFilter, GrantId, Timestamp};
use tokio_postgres::types::Type;

use crate::error::{Error, is_lost_race};
use crate::grant_row::{columns, read};
use crate::grants::{bounded, day, millis};
use crate::job::Queue;
use crate::session::{Announced, Parameter, Session, Sql};

/// The most records of one statement: how long others wait for one of them.
pub(crate) const BATCH: usize = 256;

macro_rules! living_and_ended {
    ($column:literal) => {
        Sql {
            text: concat!(
                "SELECT ",
                columns!(),
                " FROM regrant.grants WHERE id > $1 AND ended_at IS NULL AND ",
                $column,
                " = $3 UNION ALL SELECT ",
                columns!(),
                " FROM regrant.grants WHERE id > $1 AND ended_at IS NOT NULL AND ",
                $column,
                " = $3 ORDER BY id LIMIT $2"
            ),
            types: &[Type::BYTEA, Type::INT8, Type::TEXT],
        }
    };
}

static ALL: Sql = Sql {
    text: concat!("SELECT ", columns!(), " FROM regrant.grants WHERE id > $1 ORDER BY id LIMIT $2"),
    types: &[Type::BYTEA, Type::INT8],
};
static OF_CLIENT: Sql = living_and_ended!("client_id");
static OF_SUBJECT: Sql = living_and_ended!("subject");

/// The rows are locked in the order of their ids, and looked at again under the lock, before the limit counts them: what
/// another node ends meanwhile is replaced by the next.
macro_rules! end_of {
    ($filter:literal) => {
        concat!(
            "UPDATE regrant.grants SET ended_at = $1, ended_reason = $2, purge_after = LEAST(purge_after, $3), \
             revision = revision + 1 WHERE id IN (SELECT id FROM regrant.grants WHERE ended_at IS NULL",
            $filter,
            " ORDER BY id LIMIT $4 FOR UPDATE) RETURNING id"
        )
    };
}
macro_rules! announced {
    ($filter:literal, $types:expr) => {
        Announced {
            quiet: Sql { text: end_of!($filter), types: $types },
            aloud: Sql {
                text: concat!(
                    "WITH ended AS (",
                    end_of!($filter),
                    ") SELECT pg_notify('regrant', 'grant ' || encode(id, 'hex')) FROM ended"
                ),
                types: $types,
            },
        }
    };
}

static END_ALL: Announced = announced!("", &[Type::INT8, Type::TEXT, Type::INT8, Type::INT8]);
static END_OF_CLIENT: Announced =
    announced!(" AND client_id = $5", &[Type::INT8, Type::TEXT, Type::INT8, Type::INT8, Type::TEXT]);
static END_OF_SUBJECT: Announced =
    announced!(" AND subject = $5", &[Type::INT8, Type::TEXT, Type::INT8, Type::INT8, Type::TEXT]);

/// A page of grants, in ascending order of ids.
pub(crate) async fn list(
    queue: &Queue,
    filter: GrantFilter,
    after: Option<GrantId>,
    limit: usize,
) -> Result<Vec<Grant>, Error> {
    queue.read(move |session| Box::pin(async move { page(session, &filter, after, limit).await })).await
}

async fn page(
    session: &Session,
    filter: &GrantFilter,
    after: Option<GrantId>,
    limit: usize,
) -> Result<Vec<Grant>, Error> {
    // Every id is above the empty one.
    let after: &[u8] = after.as_ref().map_or(&[], |id| id.as_bytes());
    let (sql, name) = match filter {
        GrantFilter::All => (&ALL, None),
        GrantFilter::Client(id) => (&OF_CLIENT, Some(id.as_str())),
        GrantFilter::Subject(subject) => (&OF_SUBJECT, Some(subject.as_str())),
    };
    let limit = bounded(limit);
    let mut parameters: Vec<Parameter<'_>> = vec![&after, &limit];
    parameters.extend(name.iter().map(|name| name as Parameter<'_>));
    let rows = session.run(sql, &parameters).await.map_err(|error| Error::of_statement(&error))?;
    rows.iter().map(read).collect()
}

/// Ends up to `limit` living grants of a filter, a batch at a time. It reads no record, so a corrupt one is ended like any
/// other.
pub(crate) async fn end(
    queue: &Queue,
    notify: bool,
    filter: &GrantFilter,
    at: Timestamp,
    reason: EndReason,
    limit: usize,
) -> Result<usize, Error> {
    let mut ended = 0;
    while ended < limit {
        let (filter, size) = (filter.clone(), BATCH.min(limit - ended));
        let batch = queue.write(move |session| {
            Box::pin(async move { end_batch(session, notify, &filter, (at, reason), size).await })
        });
        match batch.await? {
            Some(0) => break,
            Some(some) => ended += some,
            // Another node met it in the middle, and this one was undone.
            None => {}
        }
    }
    Ok(ended)
}

/// Ends a batch; `None` where it was undone.
async fn end_batch(
    session: &Session,
    notify: bool,
    filter: &GrantFilter,
    (at, reason): (Timestamp, EndReason),
    size: usize,
) -> Result<Option<usize>, Error> {
    let (sql, name) = match filter {
        GrantFilter::All => (&END_ALL, None),
        GrantFilter::Client(id) => (&END_OF_CLIENT, Some(id.as_str())),
        GrantFilter::Subject(subject) => (&END_OF_SUBJECT, Some(subject.as_str())),
    };
    let (ended_at, word, day, size) = (millis(at)?, reason.as_str(), day(at), bounded(size));
    let mut parameters: Vec<Parameter<'_>> = vec![&ended_at, &word, &day, &size];
    parameters.extend(name.iter().map(|name| name as Parameter<'_>));
    match session.run(sql.pick(notify), &parameters).await {
        Ok(rows) => Ok(Some(rows.len())),
        Err(error) if is_lost_race(&error) => Ok(None),
        Err(error) => Err(Error::of_statement(&error)),
    }
}
