//! What the statements over `grants` share. Each is guarded by its own `WHERE` and asks nothing of another row, so it is
//! right beside any other node, under READ COMMITTED and above.

use std::time::Duration;

use regrant::{Grant, GrantState, RefreshFamily, Timestamp, check_of_tokens, encode_tokens};
use tokio_postgres::types::{ToSql, Type};

use crate::contest::Column;
use crate::error::Error;
use crate::grant_row::{columns, signed};
use crate::session::{Parameter, Sql};

/// Reads one record.
pub(crate) const LOAD: Sql =
    Sql { text: concat!("SELECT ", columns!(), " FROM regrant.grants WHERE id = $1"), types: &[Type::BYTEA] };

/// Reads many.
pub(crate) const LOAD_MANY: Sql = Sql {
    text: concat!("SELECT ", columns!(), " FROM regrant.grants WHERE id = ANY ($1)"),
    types: &[Type::BYTEA_ARRAY],
};

/// One column of a batch.
pub(crate) fn column<'a, W, T>(rows: &[&'a W], value: impl Fn(&'a W) -> T) -> Column<'a>
where
    T: ToSql + Send + Sync + 'a,
{
    Box::new(rows.iter().map(|row| value(row)).collect::<Vec<T>>())
}

/// When a grant ended, and by what.
#[derive(Debug)]
pub(crate) struct End {
    at: Option<i64>,
    reason: Option<&'static str>,
}

impl End {
    pub(crate) fn of(grant: &Grant) -> Result<Self, Error> {
        Ok(match grant.state() {
            GrantState::Active => Self { at: None, reason: None },
            GrantState::Ended { at, reason } => Self { at: Some(millis(at)?), reason: Some(reason.as_str()) },
        })
    }

    pub(crate) fn parameters(&self) -> [Parameter<'_>; 2] {
        [&self.at, &self.reason]
    }

    pub(crate) fn columns<'a, W>(rows: &[&'a W], part: impl Fn(&'a W) -> &'a Self) -> [Column<'a>; 2] {
        [column(rows, |row| part(row).at), column(rows, |row| part(row).reason)]
    }
}

/// The columns that a refresh rewrites.
#[derive(Debug)]
pub(crate) struct Tokens {
    lineage: Option<[u8; 32]>,
    current: Option<[u8; 32]>,
    issued_at: Option<i64>,
    expires_at: Option<i64>,
    generation: Option<i64>,
    lists: Vec<u8>,
    check: i64,
}

impl Tokens {
    pub(crate) fn of(grant: &Grant) -> Result<Self, Error> {
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

    pub(crate) fn parameters(&self) -> [Parameter<'_>; 7] {
        [&self.lineage, &self.current, &self.issued_at, &self.expires_at, &self.generation, &self.lists, &self.check]
    }

    pub(crate) fn columns<'a, W>(rows: &[&'a W], part: impl Fn(&'a W) -> &'a Self) -> [Column<'a>; 7] {
        [
            column(rows, |row| part(row).lineage.as_ref().map(<[u8; 32]>::as_slice)),
            column(rows, |row| part(row).current.as_ref().map(<[u8; 32]>::as_slice)),
            column(rows, |row| part(row).issued_at),
            column(rows, |row| part(row).expires_at),
            column(rows, |row| part(row).generation),
            column(rows, |row| part(row).lists.as_slice()),
            column(rows, |row| part(row).check),
        ]
    }
}

/// An instant as a column holds it.
pub(crate) fn millis(at: Timestamp) -> Result<i64, Error> {
    signed(at.unix_millis(), "a time")
}

/// The day of an instant, as `purge_after` holds it.
pub(crate) fn day(at: Timestamp) -> i64 {
    const DAY: u64 = Duration::from_hours(24).as_secs() * 1000;
    (at.unix_millis() / DAY).cast_signed()
}

/// A limit as a statement takes it.
pub(crate) fn bounded(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
