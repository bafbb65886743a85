//! The next version of a grant, and the news of what it takes away.

use regrant::{Grant, Revision, Revocation};
use tokio_postgres::types::Type;

use crate::contest::{Column, Write};
use crate::error::Error;
use crate::grant_row::signed;
use crate::grants::{End, Tokens, column, day};
use crate::news::News;
use crate::session::{Announced, Parameter, Sql};

/// The next version of a record, as its statement takes it.
#[derive(Debug)]
pub(crate) struct Replacement {
    id: [u8; 16],
    expected: i64,
    revision: i64,
    tokens: Tokens,
    end: End,
    purge_after: i64,
    /// What other nodes are to be told, if it is written.
    news: Option<String>,
}

impl Replacement {
    /// What a grant was made with never changes, so it is not written again.
    ///
    /// # Errors
    /// [`Error::OutOfRange`].
    pub(crate) fn of(expected: Revision, grant: &Grant, news: Option<Revocation>) -> Result<Self, Error> {
        Ok(Self {
            id: *grant.id().as_bytes(),
            expected: signed(expected.get(), "revision")?,
            revision: signed(grant.revision().get(), "revision")?,
            tokens: Tokens::of(grant)?,
            end: End::of(grant)?,
            purge_after: day(grant.dead_from()),
            news: news.map(|revocation| News::Revoked(revocation).to_line()),
        })
    }

    pub(crate) const fn expected(&self) -> i64 {
        self.expected
    }
}

/// `purge_after` never goes up here, so a refresh moves no index. Purging puts it off when it looks.
macro_rules! replaced {
    () => {
        "UPDATE regrant.grants SET revision = $3, lineage = $4, current_digest = $5, refresh_issued_at = $6, \
         refresh_expires_at = $7, generation = $8, tokens = $9, tokens_check = $10, ended_at = $11, \
         ended_reason = $12, purge_after = LEAST(purge_after, $13) WHERE id = $1 AND revision = $2 RETURNING id"
    };
}

macro_rules! replaced_together {
    ($arrays:literal, $columns:literal, $returned:literal) => {
        concat!(
            "UPDATE regrant.grants AS g SET revision = n.revision, lineage = n.lineage, \
             current_digest = n.current_digest, refresh_issued_at = n.refresh_issued_at, \
             refresh_expires_at = n.refresh_expires_at, generation = n.generation, tokens = n.tokens, \
             tokens_check = n.tokens_check, ended_at = n.ended_at, ended_reason = n.ended_reason, \
             purge_after = LEAST(g.purge_after, n.purge_after) \
             FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13",
            $arrays,
            ") AS n (id, expected, revision, lineage, current_digest, refresh_issued_at, refresh_expires_at, \
             generation, tokens, tokens_check, ended_at, ended_reason, purge_after",
            $columns,
            ") WHERE g.id = n.id AND g.revision = n.expected RETURNING g.id",
            $returned
        )
    };
}

/// The line goes out with the commit, so no crash comes between the two.
static REPLACE: Announced = Announced {
    quiet: Sql { text: replaced!(), types: REPLACED.split_at(13).0 },
    aloud: Sql {
        text: concat!("WITH written AS (", replaced!(), ") SELECT id, pg_notify('regrant', $14) FROM written"),
        types: REPLACED,
    },
};
const REPLACED: &[Type] = &[
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
    Type::TEXT,
];

static REPLACE_MANY: Announced = Announced {
    quiet: Sql { text: replaced_together!("", "", ""), types: REPLACED_TOGETHER.split_at(13).0 },
    aloud: Sql {
        text: concat!(
            "WITH written AS (",
            replaced_together!(", $14", ", line", ", n.line"),
            ") SELECT id, pg_notify('regrant', line) FROM written"
        ),
        types: REPLACED_TOGETHER,
    },
};
const REPLACED_TOGETHER: &[Type] = &[
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
    Type::TEXT_ARRAY,
];

impl Write for Replacement {
    fn has_news(&self) -> bool {
        self.news.is_some()
    }

    fn one(&self) -> &'static Sql {
        REPLACE.pick(self.has_news())
    }

    fn many(rows: &[&Self]) -> &'static Sql {
        REPLACE_MANY.pick(any_news(rows))
    }

    fn parameters(&self) -> Vec<Parameter<'_>> {
        let mut parameters: Vec<Parameter<'_>> = vec![&self.id, &self.expected, &self.revision];
        parameters.extend(self.tokens.parameters());
        parameters.extend(self.end.parameters());
        parameters.push(&self.purge_after);
        parameters.extend(self.news.iter().map(|line| line as Parameter<'_>));
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
        if any_news(rows) {
            columns.push(column(rows, |row| row.news.as_deref()));
        }
        columns
    }
}

fn any_news(rows: &[&Replacement]) -> bool {
    rows.iter().any(|row| row.has_news())
}
