//! A change on its way into the file. What can be worked out before its turn is worked out by its caller, so that those who
//! wait for the writer do not wait for that.

use std::time::Duration;

use regrant::{
    Change, CommitOutcome, EndReason, Grant, GrantId, GrantState, RefreshFamily, Subject, Timestamp, check_of_terms,
    check_of_tokens, encode_attributes, encode_tokens,
};
use rusqlite::{CachedStatement, Connection, OptionalExtension as _, ToSql, params};

use crate::error::Error;
use crate::grant_row::{columns, millis, signed};

pub(crate) const INSERT: &str = concat!(
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

pub(crate) const REPLACE: &str = "UPDATE grants SET revision = ?3, lineage = ?4, current_digest = ?5, refresh_issued_at = ?6, \
     refresh_expires_at = ?7, generation = ?8, tokens = ?9, tokens_check = ?10, ended_at = ?11, ended_reason = ?12, purge_at = ?13 \
     WHERE id = ?1 AND revision = ?2";

pub(crate) const END: &str = "UPDATE grants SET ended_at = ?2, ended_reason = ?3, purge_at = ?2, revision = revision + 1 \
     WHERE id = ?1 AND ended_at IS NULL";

pub(crate) const HAS_ENDED: &str = "SELECT 1 FROM grants WHERE id = ?1 AND ended_at IS NOT NULL";

/// How far `purge_at` may lag behind.
const LAG: Duration = Duration::from_hours(24);

/// A change as its statements take it. Each of them is guarded by its own `WHERE`, so it is right in a transaction of its
/// own as well, beside any other process.
#[derive(Debug)]
pub(crate) enum Prepared {
    Insert(Grant),
    Replace(Box<Replace>),
    End { id: GrantId, at: i64, reason: EndReason },
}

/// What a grant was made with never changes, so it is not written again.
#[derive(Debug)]
pub(crate) struct Replace {
    id: GrantId,
    expected: i64,
    revision: i64,
    tokens: Tokens,
    ended: (Option<i64>, Option<&'static str>),
    /// The least `purge_at` that may stay as it is, and the true one.
    purge_at: (i64, i64),
}

impl Prepared {
    /// # Errors
    /// [`Error::OutOfRange`].
    pub(crate) fn new(change: Change) -> Result<Self, Error> {
        Ok(match change {
            Change::Insert(grant) => Self::Insert(grant),
            Change::Replace { expected, grant, .. } => Self::Replace(Box::new(Replace {
                id: grant.id(),
                expected: signed(expected.get(), "revision")?,
                revision: signed(grant.revision().get(), "revision")?,
                tokens: Tokens::of(&grant)?,
                ended: end_of(&grant)?,
                purge_at: (millis(grant.dead_from().before(LAG))?, millis(grant.dead_from())?),
            })),
            Change::End { id, at, reason } => Self::End { id, at: millis(at)?, reason },
        })
    }

    /// Writes one record, or nothing.
    pub(crate) fn commit(&self, connection: &Connection) -> Result<CommitOutcome, Error> {
        let written = match self {
            Self::Insert(grant) => insert(connection, grant)?,
            Self::Replace(replace) => replace.write(connection)?,
            Self::End { id, at, reason } => end(connection, id, *at, *reason)?,
        };
        Ok(if written { CommitOutcome::Committed } else { CommitOutcome::Conflict })
    }
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

impl Replace {
    fn write(&self, connection: &Connection) -> Result<bool, Error> {
        let ((ended_at, ended_reason), (oldest, dead_from)) = (&self.ended, &self.purge_at);
        if ended_at.is_none() && self.execute(connection.prepare_cached(REFRESH)?, &[oldest, dead_from])? {
            return Ok(true);
        }
        self.execute(connection.prepare_cached(REPLACE)?, &[ended_at, ended_reason, dead_from])
    }

    /// Runs a statement over what both have in common, and the rest; answers whether it wrote its row.
    fn execute(&self, mut statement: CachedStatement<'_>, rest: &[&dyn ToSql]) -> Result<bool, Error> {
        let Self { id, expected, revision, tokens, .. } = self;
        let Tokens { lineage, current, issued_at, expires_at, generation, lists, check } = tokens;
        let common: [&dyn ToSql; 10] =
            [id.as_bytes(), expected, revision, lineage, current, issued_at, expires_at, generation, lists, check];
        Ok(statement.execute(rusqlite::params_from_iter(common.iter().chain(rest)))? == 1)
    }
}

fn end(connection: &Connection, id: &GrantId, at: i64, reason: EndReason) -> Result<bool, Error> {
    let parameters = params![id.as_bytes(), at, reason.as_str()];
    Ok(connection.prepare_cached(END)?.execute(parameters)? == 1 || has_ended(connection, id)?)
}

/// Whether it has ended before, and keeps its first end, which counts as committed. Where it is not there, that is a
/// conflict; and where it came to be there after the first look, its end was not written.
fn has_ended(connection: &Connection, id: &GrantId) -> Result<bool, Error> {
    let found = connection.prepare_cached(HAS_ENDED)?.query_row([id.as_bytes()], |_| Ok(())).optional()?;
    Ok(found.is_some())
}

/// When a grant ended, and by what.
fn end_of(grant: &Grant) -> Result<(Option<i64>, Option<&'static str>), Error> {
    Ok(match grant.state() {
        GrantState::Active => (None, None),
        GrantState::Ended { at, reason } => (Some(millis(at)?), Some(reason.as_str())),
    })
}

/// The columns that a refresh rewrites.
#[derive(Debug)]
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

    use rusqlite::params;

    use super::*;

    #[test]
    fn only_what_has_ended_counts_as_ended_before() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE grants (id BLOB PRIMARY KEY, ended_at INTEGER)").unwrap();
        let [living, ended, missing] = [1, 2, 3].map(|n| GrantId::from_bytes([n; 16]));
        for (id, at) in [(living, None), (ended, Some(7))] {
            connection.execute("INSERT INTO grants VALUES (?1, ?2)", params![id.as_bytes(), at]).unwrap();
        }
        // The living one came between the two looks of an end: its end was not written, so it must not be answered so.
        assert_eq!([living, ended, missing].map(|id| has_ended(&connection, &id).unwrap()), [false, true, false]);
    }
}
