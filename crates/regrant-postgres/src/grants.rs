//! The statements over `grants` that serve requests. Each is guarded by its own `WHERE` and asks nothing of another row,
//! so it is right beside any other node, under READ COMMITTED and above.

use std::time::Duration;

use regrant::{
    Grant, GrantState, RefreshFamily, Revision, Subject, Timestamp, check_of_terms, check_of_tokens, encode_attributes,
    encode_tokens,
};
use tokio_postgres::types::{ToSql, Type};

use crate::contest::{Column, Write};
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

/// The next version of a record, as its statement takes it.
#[derive(Debug)]
pub(crate) struct Replacement {
    id: [u8; 16],
    expected: i64,
    revision: i64,
    tokens: Tokens,
    end: End,
    purge_after: i64,
}

impl Replacement {
    /// What a grant was made with never changes, so it is not written again.
    ///
    /// # Errors
    /// [`Error::OutOfRange`].
    pub(crate) fn of(expected: Revision, grant: &Grant) -> Result<Self, Error> {
        Ok(Self {
            id: *grant.id().as_bytes(),
            expected: signed(expected.get(), "revision")?,
            revision: signed(grant.revision().get(), "revision")?,
            tokens: Tokens::of(grant)?,
            end: End::of(grant)?,
            purge_after: day(grant.dead_from()),
        })
    }

    pub(crate) const fn expected(&self) -> i64 {
        self.expected
    }
}

/// `purge_after` never goes up here, so a refresh moves no index. Purging puts it off when it looks.
impl Write for Replacement {
    const ONE: Sql = Sql {
        text: "UPDATE regrant.grants SET revision = $3, lineage = $4, current_digest = $5, refresh_issued_at = $6, \
               refresh_expires_at = $7, generation = $8, tokens = $9, tokens_check = $10, ended_at = $11, \
               ended_reason = $12, purge_after = LEAST(purge_after, $13) WHERE id = $1 AND revision = $2 RETURNING id",
        types: &[
            Type::BYTEA,
            Type::INT8,
            Type::INT8,
            Type::BYTEA,
            Type::BYTEA,
            Type::INT8,
            Type::INT8,
            Type::INT8,
            Type::BYTEA,
            Type::INT8,
            Type::INT8,
            Type::TEXT,
            Type::INT8,
        ],
    };
    const MANY: Sql = Sql {
        text: "UPDATE regrant.grants AS g SET revision = n.revision, lineage = n.lineage, \
               current_digest = n.current_digest, refresh_issued_at = n.refresh_issued_at, \
               refresh_expires_at = n.refresh_expires_at, generation = n.generation, tokens = n.tokens, \
               tokens_check = n.tokens_check, ended_at = n.ended_at, ended_reason = n.ended_reason, \
               purge_after = LEAST(g.purge_after, n.purge_after) \
               FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) AS n (id, expected, revision, \
               lineage, current_digest, refresh_issued_at, refresh_expires_at, generation, tokens, tokens_check, \
               ended_at, ended_reason, purge_after) \
               WHERE g.id = n.id AND g.revision = n.expected RETURNING g.id",
        types: &[
            Type::BYTEA_ARRAY,
            Type::INT8_ARRAY,
            Type::INT8_ARRAY,
            Type::BYTEA_ARRAY,
            Type::BYTEA_ARRAY,
            Type::INT8_ARRAY,
            Type::INT8_ARRAY,
            Type::INT8_ARRAY,
            Type::BYTEA_ARRAY,
            Type::INT8_ARRAY,
            Type::INT8_ARRAY,
            Type::TEXT_ARRAY,
            Type::INT8_ARRAY,
        ],
    };

    fn parameters(&self) -> Vec<Parameter<'_>> {
        let mut parameters: Vec<Parameter<'_>> = vec![&self.id, &self.expected, &self.revision];
        parameters.extend(self.tokens.parameters());
        parameters.extend(self.end.parameters());
        parameters.push(&self.purge_after);
        parameters
    }

    fn columns<'a>(rows: &[&'a Self]) -> Vec<Column<'a>> {
        let mut columns: Vec<Column<'a>> = vec![
            column(rows, |row| row.id.as_slice()),
            column(rows, |row| row.expected),
            column(rows, |row| row.revision),
        ];
        columns.extend(Tokens::columns(rows, |row| &row.tokens));
        columns.extend(End::columns(rows, |row| &row.end));
        columns.push(column(rows, |row| row.purge_after));
        columns
    }
}

/// A new record, as its statement takes it.
#[derive(Debug)]
pub(crate) struct Insertion {
    id: [u8; 16],
    revision: i64,
    tokens: Tokens,
    end: End,
    client_id: String,
    client_epoch: i64,
    subject: Option<String>,
    scope: String,
    created_at: i64,
    expires_at: Option<i64>,
    attributes: Vec<u8>,
    terms_check: i64,
    purge_after: i64,
}

impl Insertion {
    /// All of a record.
    ///
    /// # Errors
    /// [`Error::OutOfRange`].
    pub(crate) fn of(grant: &Grant) -> Result<Self, Error> {
        let terms = grant.terms();
        let attributes = encode_attributes(&terms.attributes);
        Ok(Self {
            id: *grant.id().as_bytes(),
            revision: signed(grant.revision().get(), "revision")?,
            tokens: Tokens::of(grant)?,
            end: End::of(grant)?,
            client_id: terms.client_id.as_str().to_owned(),
            client_epoch: signed(terms.client_epoch, "client_epoch")?,
            subject: terms.subject.as_ref().map(|subject: &Subject| subject.as_str().to_owned()),
            scope: terms.scope.as_str().to_owned(),
            created_at: millis(terms.created_at)?,
            expires_at: terms.expires_at.map(millis).transpose()?,
            terms_check: check_of_terms(&grant.id(), terms, &attributes),
            attributes,
            purge_after: day(grant.dead_from()),
        })
    }
}

macro_rules! inserted {
    () => {
        "id, revision, lineage, current_digest, refresh_issued_at, refresh_expires_at, generation, tokens, \
         tokens_check, ended_at, ended_reason, client_id, client_epoch, subject, scope, created_at, expires_at, \
         attributes, terms_check, purge_after"
    };
}

impl Write for Insertion {
    const ONE: Sql = Sql {
        text: concat!(
            "INSERT INTO regrant.grants (",
            inserted!(),
            ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20) \
             ON CONFLICT (id) DO NOTHING RETURNING id"
        ),
        types: &[
            Type::BYTEA,
            Type::INT8,
            Type::BYTEA,
            Type::BYTEA,
            Type::INT8,
            Type::INT8,
            Type::INT8,
            Type::BYTEA,
            Type::INT8,
            Type::INT8,
            Type::TEXT,
            Type::TEXT,
            Type::INT8,
            Type::TEXT,
            Type::TEXT,
            Type::INT8,
            Type::INT8,
            Type::BYTEA,
            Type::INT8,
            Type::INT8,
        ],
    };
    const MANY: Sql = Sql {
        text: concat!(
            "INSERT INTO regrant.grants (",
            inserted!(),
            ") SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, \
             $19, $20) ON CONFLICT (id) DO NOTHING RETURNING id"
        ),
        types: &[
            Type::BYTEA_ARRAY,
            Type::INT8_ARRAY,
            Type::BYTEA_ARRAY,
            Type::BYTEA_ARRAY,
            Type::INT8_ARRAY,
            Type::INT8_ARRAY,
            Type::INT8_ARRAY,
            Type::BYTEA_ARRAY,
            Type::INT8_ARRAY,
            Type::INT8_ARRAY,
            Type::TEXT_ARRAY,
            Type::TEXT_ARRAY,
            Type::INT8_ARRAY,
            Type::TEXT_ARRAY,
            Type::TEXT_ARRAY,
            Type::INT8_ARRAY,
            Type::INT8_ARRAY,
            Type::BYTEA_ARRAY,
            Type::INT8_ARRAY,
            Type::INT8_ARRAY,
        ],
    };

    fn parameters(&self) -> Vec<Parameter<'_>> {
        let mut parameters: Vec<Parameter<'_>> = vec![&self.id, &self.revision];
        parameters.extend(self.tokens.parameters());
        parameters.extend(self.end.parameters());
        let terms: [Parameter<'_>; 9] = [
            &self.client_id,
            &self.client_epoch,
            &self.subject,
            &self.scope,
            &self.created_at,
            &self.expires_at,
            &self.attributes,
            &self.terms_check,
            &self.purge_after,
        ];
        parameters.extend(terms);
        parameters
    }

    fn columns<'a>(rows: &[&'a Self]) -> Vec<Column<'a>> {
        let mut columns: Vec<Column<'a>> =
            vec![column(rows, |row| row.id.as_slice()), column(rows, |row| row.revision)];
        columns.extend(Tokens::columns(rows, |row| &row.tokens));
        columns.extend(End::columns(rows, |row| &row.end));
        columns.extend::<[Column<'a>; 9]>([
            column(rows, |row| row.client_id.as_str()),
            column(rows, |row| row.client_epoch),
            column(rows, |row| row.subject.as_deref()),
            column(rows, |row| row.scope.as_str()),
            column(rows, |row| row.created_at),
            column(rows, |row| row.expires_at),
            column(rows, |row| row.attributes.as_slice()),
            column(rows, |row| row.terms_check),
            column(rows, |row| row.purge_after),
        ]);
        columns
    }
}

/// One column of a batch.
fn column<'a, W, T>(rows: &[&'a W], value: impl Fn(&'a W) -> T) -> Column<'a>
where
    T: ToSql + Send + Sync + 'a,
{
    Box::new(rows.iter().map(|row| value(row)).collect::<Vec<T>>())
}

/// When a grant ended, and by what.
#[derive(Debug)]
struct End {
    at: Option<i64>,
    reason: Option<&'static str>,
}

impl End {
    fn of(grant: &Grant) -> Result<Self, Error> {
        Ok(match grant.state() {
            GrantState::Active => Self { at: None, reason: None },
            GrantState::Ended { at, reason } => Self { at: Some(millis(at)?), reason: Some(reason.as_str()) },
        })
    }

    fn parameters(&self) -> [Parameter<'_>; 2] {
        [&self.at, &self.reason]
    }

    fn columns<'a, W>(rows: &[&'a W], part: impl Fn(&'a W) -> &'a Self) -> [Column<'a>; 2] {
        [column(rows, |row| part(row).at), column(rows, |row| part(row).reason)]
    }
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

    fn parameters(&self) -> [Parameter<'_>; 7] {
        [&self.lineage, &self.current, &self.issued_at, &self.expires_at, &self.generation, &self.lists, &self.check]
    }

    fn columns<'a, W>(rows: &[&'a W], part: impl Fn(&'a W) -> &'a Self) -> [Column<'a>; 7] {
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
