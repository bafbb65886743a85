//! A row of `grants` and the record it holds: one total match in one direction, one list of parameters in the other.

use std::sync::Arc;

use regrant::{
    ClientId, EndReason, Grant, GrantId, GrantState, InvalidRecord, RefreshFamily, Revision, Scope, Subject, Terms,
    TokenLists, check_of_terms, check_of_tokens, decode_attributes, decode_tokens,
};
use tokio_postgres::Row;

use crate::cell::{Cells, Column};
use crate::error::{Error, RecordName};

/// The columns of a record, in the order in which [`read`] expects them.
macro_rules! columns {
    () => {
        "id, revision, ended_at, ended_reason, client_id, client_epoch, subject, scope, created_at, expires_at, \
         lineage, current_digest, refresh_issued_at, refresh_expires_at, generation, attributes, tokens, \
         terms_check, tokens_check"
    };
}
pub(crate) use columns;

const ID: Column = Column(0, "id");
const REVISION: Column = Column(1, "revision");
const ENDED_AT: Column = Column(2, "ended_at");
const ENDED_REASON: Column = Column(3, "ended_reason");
const CLIENT_ID: Column = Column(4, "client_id");
const CLIENT_EPOCH: Column = Column(5, "client_epoch");
const SUBJECT: Column = Column(6, "subject");
const SCOPE: Column = Column(7, "scope");
const CREATED_AT: Column = Column(8, "created_at");
const EXPIRES_AT: Column = Column(9, "expires_at");
const LINEAGE: Column = Column(10, "lineage");
const CURRENT_DIGEST: Column = Column(11, "current_digest");
const REFRESH_ISSUED_AT: Column = Column(12, "refresh_issued_at");
const REFRESH_EXPIRES_AT: Column = Column(13, "refresh_expires_at");
const GENERATION: Column = Column(14, "generation");
const ATTRIBUTES: Column = Column(15, "attributes");
const TOKENS: Column = Column(16, "tokens");
const TERMS_CHECK: Column = Column(17, "terms_check");
const TOKENS_CHECK: Column = Column(18, "tokens_check");

/// The record of a row.
///
/// # Errors
/// [`Error::CorruptRecord`] for everything that no release of this store writes.
pub(crate) fn read(row: &Row) -> Result<Grant, Error> {
    let cells = Cells::new(row, "grants");
    let id = GrantId::from_bytes(cells.present(ID, cells.bytes(ID)?)?);
    let cells = cells.named(RecordName::Grant(id));
    let revision = Revision::new(cells.present(REVISION, cells.number(REVISION)?)?);
    let lists = decode_tokens(cells.present(TOKENS, cells.blob(TOKENS)?)?);
    let mut lists = lists.map_err(|problem| cells.corrupt(TOKENS, problem.to_string()))?;
    let access = std::mem::take(&mut lists.access);
    let refresh = family(&cells, lists)?;
    let terms = Arc::new(terms(&cells)?);
    let grant = Grant::new(id, revision, state(&cells)?, terms, refresh, access)
        .map_err(|problem| cells.corrupt(column_of(problem), problem.to_string()))?;
    checked(&cells, grant)
}

/// The id of a row.
pub(crate) fn id(row: &Row) -> Result<GrantId, Error> {
    let cells = Cells::new(row, "grants");
    Ok(GrantId::from_bytes(cells.present(ID, cells.bytes(ID)?)?))
}

/// A record whose check numbers are those of its row.
///
/// They are looked at last, so that a column that cannot be read at all is named itself.
fn checked(cells: &Cells<'_>, grant: Grant) -> Result<Grant, Error> {
    let attributes = cells.present(ATTRIBUTES, cells.blob(ATTRIBUTES)?)?;
    let lists = cells.present(TOKENS, cells.blob(TOKENS)?)?;
    let terms = (TERMS_CHECK, check_of_terms(&grant.id(), grant.terms(), attributes));
    let tokens = (TOKENS_CHECK, check_of_tokens(&grant.id(), grant.refresh(), lists));
    for (column, expected) in [terms, tokens] {
        if cells.value::<i64>(column)? != Some(expected) {
            return Err(cells.corrupt(column, "not the check number of the row"));
        }
    }
    Ok(grant)
}

/// The column that is most likely wrong where the columns do not fit together.
const fn column_of(problem: InvalidRecord) -> Column {
    match problem {
        InvalidRecord::OutlivesGrant => EXPIRES_AT,
        InvalidRecord::CurrentIsSpent => CURRENT_DIGEST,
        InvalidRecord::TooManyAccessTokens | InvalidRecord::TooManySpent | InvalidRecord::RetryWithoutSpent => TOKENS,
    }
}

fn state(cells: &Cells<'_>) -> Result<GrantState, Error> {
    match (cells.time(ENDED_AT)?, cells.text(ENDED_REASON)?) {
        (None, None) => Ok(GrantState::Active),
        (Some(at), Some(reason)) => {
            let reason = EndReason::parse(reason).ok_or_else(|| cells.corrupt(ENDED_REASON, "an unknown reason"))?;
            Ok(GrantState::Ended { at, reason })
        }
        (Some(_), None) => Err(cells.corrupt(ENDED_REASON, "null beside ended_at")),
        (None, Some(_)) => Err(cells.corrupt(ENDED_AT, "null beside ended_reason")),
    }
}

fn terms(cells: &Cells<'_>) -> Result<Terms, Error> {
    let client_id = ClientId::parse(cells.present(CLIENT_ID, cells.text(CLIENT_ID)?)?);
    let subject = cells.text(SUBJECT)?.map(Subject::parse).transpose();
    let written = cells.present(SCOPE, cells.text(SCOPE)?)?;
    let scope = Scope::parse(written).map_err(|problem| cells.corrupt(SCOPE, problem.to_string()))?;
    if scope.as_str() != written {
        return Err(cells.corrupt(SCOPE, "a token is repeated"));
    }
    let attributes = decode_attributes(cells.present(ATTRIBUTES, cells.blob(ATTRIBUTES)?)?);
    Ok(Terms {
        client_id: client_id.map_err(|problem| cells.corrupt(CLIENT_ID, problem.to_string()))?,
        client_epoch: cells.present(CLIENT_EPOCH, cells.number(CLIENT_EPOCH)?)?,
        subject: subject.map_err(|problem| cells.corrupt(SUBJECT, problem.to_string()))?,
        scope,
        attributes: attributes.map_err(|problem| cells.corrupt(ATTRIBUTES, problem.to_string()))?,
        created_at: cells.present(CREATED_AT, cells.time(CREATED_AT)?)?,
        expires_at: cells.time(EXPIRES_AT)?,
    })
}

fn family(cells: &Cells<'_>, lists: TokenLists) -> Result<Option<RefreshFamily>, Error> {
    let (lineage, current) = (cells.digest(LINEAGE)?, cells.digest(CURRENT_DIGEST)?);
    let (issued_at, expires_at) = (cells.time(REFRESH_ISSUED_AT)?, cells.time(REFRESH_EXPIRES_AT)?);
    match (lineage, current, issued_at, expires_at, cells.number(GENERATION)?) {
        (None, None, None, None, None) if lists.retry.is_none() && lists.spent.is_empty() => Ok(None),
        (None, None, None, None, None) => Err(cells.corrupt(TOKENS, "spent refresh tokens of a grant without any")),
        (Some(lineage), Some(current), Some(issued_at), Some(expires_at), Some(generation)) => {
            let TokenLists { retry, spent, .. } = lists;
            Ok(Some(RefreshFamily { lineage, current, issued_at, expires_at, generation, retry, spent }))
        }
        (None, ..) => Err(cells.corrupt(LINEAGE, "null beside a refresh token")),
        (_, None, ..) => Err(cells.corrupt(CURRENT_DIGEST, "null beside a refresh token")),
        (_, _, None, ..) => Err(cells.corrupt(REFRESH_ISSUED_AT, "null beside a refresh token")),
        (_, _, _, None, _) => Err(cells.corrupt(REFRESH_EXPIRES_AT, "null beside a refresh token")),
        (.., None) => Err(cells.corrupt(GENERATION, "null beside a refresh token")),
    }
}

/// A number as a column holds it.
pub(crate) fn signed(number: u64, column: &'static str) -> Result<i64, Error> {
    i64::try_from(number).map_err(|_| Error::OutOfRange { column })
}
