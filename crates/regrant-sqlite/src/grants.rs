//! The statements over `grants`. Each changes one row by itself and is guarded by its own `WHERE`, so it is right
//! beside any other process.

use std::time::Duration;

use regrant::{
    Change, CommitOutcome, EndReason, Grant, GrantFilter, GrantId, GrantState, RefreshFamily, Revision, Subject,
    Timestamp, check_of_terms, check_of_tokens, encode_attributes, encode_tokens,
};
use rusqlite::{CachedStatement, Connection, OptionalExtension as _, ToSql, params};

use crate::error::Error;
use crate::grant_row::{columns, read, signed};

pub(crate) const LOAD: &str = concat!("SELECT ", columns!(), " FROM grants WHERE id = ?1");

const INSERT: &str = concat!(
    "INSERT INTO grants (",
    columns!(),
    ", purge_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20) \
     ON CONFLICT (id) DO NOTHING"
);

/// The usual refresh: it names no indexed column, so it writes one row and no index. It finds nothing where `purge_at`
/// has fallen behind by a day, or must go back; then [`REPLACE`] follows.
pub(crate) const REFRESH: &str = "UPDATE grants SET revision = ?3, lineage = ?4, current_digest = ?5, refresh_issued_at = ?6, \
     refresh_expires_at = ?7, generation = ?8, tokens = ?9, tokens_check = ?10 \
     WHERE id = ?1 AND revision = ?2 AND ended_at IS NULL AND +purge_at BETWEEN ?11 AND ?12";

const REPLACE: &str = "UPDATE grants SET revision = ?3, lineage = ?4, current_digest = ?5, refresh_issued_at = ?6, \
     refresh_expires_at = ?7, generation = ?8, tokens = ?9, tokens_check = ?10, ended_at = ?11, ended_reason = ?12, purge_at = ?13 \
     WHERE id = ?1 AND revision = ?2";

const END: &str = "UPDATE grants SET ended_at = ?2, ended_reason = ?3, purge_at = ?2, revision = revision + 1 \
     WHERE id = ?1 AND ended_at IS NULL";

const EXISTS: &str = "SELECT 1 FROM grants WHERE id = ?1";

/// The statements of requests.
pub(crate) const STATEMENTS: [&str; 6] = [LOAD, INSERT, REFRESH, REPLACE, END, EXISTS];

/// How far `purge_at` may lag behind.
const LAG: Duration = Duration::from_hours(24);

/// Reads one record.
pub(crate) fn load(connection: &Connection, id: &GrantId) -> Result<Option<Grant>, Error> {
    let mut statement = connection.prepare_cached(LOAD)?;
    let mut rows = statement.query([id.as_bytes()])?;
    rows.next()?.map(read).transpose()
}

/// Writes one record, or nothing.
pub(crate) fn commit(connection: &Connection, change: &Change) -> Result<CommitOutcome, Error> {
    let written = match change {
        Change::Insert(grant) => insert(connection, grant)?,
        Change::Replace { expected, grant, .. } => replace(connection, *expected, grant)?,
        Change::End { id, at, reason } => end(connection, id, *at, *reason)?,
    };
    Ok(if written { CommitOutcome::Committed } else { CommitOutcome::Conflict })
}

fn insert(connection: &Connection, grant: &Grant) -> Result<bool, Error> {
    let (terms, tokens) = (grant.terms(), Tokens::of(grant)?);
    let attributes = encode_attributes(&terms.attributes);
    let (ended_at, ended_reason) = end_of(grant)?;
    let inserted = connection.prepare_cached(INSERT)?.execute(params![
        grant.id().as_bytes(),
        signed(grant.revision().get(), "revision")?,
        ended_at,
        ended_reason,
        terms.client_id.as_str(),
        signed(terms.client_epoch, "client_epoch")?,
        terms.subject.as_ref().map(Subject::as_str),
        terms.scope.as_str(),
        millis(terms.created_at)?,
        terms.expires_at.map(millis).transpose()?,
        tokens.lineage,
        tokens.current,
        tokens.issued_at,
        tokens.expires_at,
        tokens.generation,
        attributes,
        tokens.lists,
        check_of_terms(&grant.id(), terms, &attributes),
        tokens.check,
        millis(grant.dead_from())?,
    ])?;
    Ok(inserted == 1)
}

/// What a grant was made with never changes, so it is not written again.
fn replace(connection: &Connection, expected: Revision, grant: &Grant) -> Result<bool, Error> {
    let tokens = Tokens::of(grant)?;
    let (id, expected) = (grant.id(), signed(expected.get(), "revision")?);
    let revision = signed(grant.revision().get(), "revision")?;
    let (lineage, current, issued_at) = (&tokens.lineage, &tokens.current, &tokens.issued_at);
    let (expires_at, generation, lists) = (&tokens.expires_at, &tokens.generation, &tokens.lists);
    let common: [&dyn ToSql; 10] = [
        id.as_bytes(),
        &expected,
        &revision,
        lineage,
        current,
        issued_at,
        expires_at,
        generation,
        lists,
        &tokens.check,
    ];
    let dead_from = grant.dead_from();
    if !grant.is_ended() {
        let (oldest, newest) = (millis(dead_from.before(LAG))?, millis(dead_from)?);
        if execute(connection.prepare_cached(REFRESH)?, &common, &[&oldest, &newest])? {
            return Ok(true);
        }
    }
    let (ended_at, ended_reason) = end_of(grant)?;
    execute(connection.prepare_cached(REPLACE)?, &common, &[&ended_at, &ended_reason, &millis(dead_from)?])
}

/// Runs a statement over two runs of parameters; answers whether it wrote its row.
fn execute(mut statement: CachedStatement<'_>, first: &[&dyn ToSql], rest: &[&dyn ToSql]) -> Result<bool, Error> {
    let parameters = first.iter().chain(rest);
    Ok(statement.execute(rusqlite::params_from_iter(parameters))? == 1)
}

fn end(connection: &Connection, id: &GrantId, at: Timestamp, reason: EndReason) -> Result<bool, Error> {
    let parameters = params![id.as_bytes(), millis(at)?, reason.as_str()];
    if connection.prepare_cached(END)?.execute(parameters)? == 1 {
        return Ok(true);
    }
    // It keeps its first end, which counts as committed; or it is not there.
    let found = connection.prepare_cached(EXISTS)?.query_row([id.as_bytes()], |_| Ok(())).optional()?;
    Ok(found.is_some())
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

/// When a grant ended, and by what.
fn end_of(grant: &Grant) -> Result<(Option<i64>, Option<&'static str>), Error> {
    Ok(match grant.state() {
        GrantState::Active => (None, None),
        GrantState::Ended { at, reason } => (Some(millis(at)?), Some(reason.as_str())),
    })
}

/// An instant as a column holds it.
pub(crate) fn millis(at: Timestamp) -> Result<i64, Error> {
    signed(at.unix_millis(), "a time")
}

/// A limit as a statement takes it.
pub(crate) fn bounded(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// The columns that a refresh rewrites.
struct Tokens {
    lineage: Option<[u8; 32]>,
    current: Option<[u8; 32]>,
    issued_at: Option<i64>,
    expires_at: Option<i64>,
    generation: Option<i64>,
    lists: Vec<u8>,
    check: i64,
}

impl Tokens {
    fn of(grant: &Grant) -> Result<Self, Error> {
        let family = grant.refresh();
        let lists = encode_tokens(family, grant.access());
        let time = |at: fn(&RefreshFamily) -> Timestamp| family.map(|family| millis(at(family))).transpose();
        Ok(Self {
            lineage: family.map(|family| *family.lineage.as_bytes()),
            current: family.map(|family| *family.current.as_bytes()),
            issued_at: time(|family| family.issued_at)?,
            expires_at: time(|family| family.expires_at)?,
            generation: family.map(|family| signed(family.generation, "generation")).transpose()?,
            check: check_of_tokens(&grant.id(), family, &lists),
            lists,
        })
    }
}
