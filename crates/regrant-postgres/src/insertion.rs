//! A new grant.

use regrant::{Grant, Subject, check_of_terms, encode_attributes};
use tokio_postgres::types::Type;

use crate::contest::{Column, Write};
use crate::error::Error;
use crate::grant_row::signed;
use crate::grants::{End, Tokens, column, day, millis};
use crate::session::{Parameter, Sql};

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

static INSERT: Sql = Sql {
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

static INSERT_MANY: Sql = Sql {
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

impl Write for Insertion {
    fn has_news(&self) -> bool {
        false
    }

    fn one(&self) -> &'static Sql {
        &INSERT
    }

    fn many(_: &[&Self]) -> &'static Sql {
        &INSERT_MANY
    }

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
