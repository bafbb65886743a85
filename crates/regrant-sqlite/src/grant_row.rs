//! Reading a row of `grants`. What its columns mean is told by [`GrantRow`].

use regrant::{Grant, GrantId, GrantRow, Revision, Timestamp};
use rusqlite::Row;

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
pub(crate) fn read(row: &Row<'_>) -> Result<Grant, Error> {
    let cells = Cells::new(row, "grants");
    let id = GrantId::from_bytes(cells.present(ID, cells.bytes(ID)?)?);
    let cells = cells.named(RecordName::Grant(id));
    let row = GrantRow {
        id,
        revision: Revision::new(cells.present(REVISION, cells.number(REVISION)?)?),
        ended_at: cells.time(ENDED_AT)?,
        ended_reason: cells.text(ENDED_REASON)?,
        client_id: cells.present(CLIENT_ID, cells.text(CLIENT_ID)?)?,
        client_epoch: cells.present(CLIENT_EPOCH, cells.number(CLIENT_EPOCH)?)?,
        subject: cells.text(SUBJECT)?,
        scope: cells.present(SCOPE, cells.text(SCOPE)?)?,
        created_at: cells.present(CREATED_AT, cells.time(CREATED_AT)?)?,
        expires_at: cells.time(EXPIRES_AT)?,
        lineage: cells.digest(LINEAGE)?,
        current_digest: cells.digest(CURRENT_DIGEST)?,
        refresh_issued_at: cells.time(REFRESH_ISSUED_AT)?,
        refresh_expires_at: cells.time(REFRESH_EXPIRES_AT)?,
        generation: cells.number(GENERATION)?,
        attributes: cells.present(ATTRIBUTES, cells.blob(ATTRIBUTES)?)?,
        tokens: cells.present(TOKENS, cells.blob(TOKENS)?)?,
        terms_check: cells.present(TERMS_CHECK, cells.check(TERMS_CHECK)?)?,
        tokens_check: cells.present(TOKENS_CHECK, cells.check(TOKENS_CHECK)?)?,
    };
    row.grant().map_err(|corrupt| cells.fault(corrupt.column, corrupt.problem))
}

/// A number as a column holds it.
pub(crate) fn signed(number: u64, column: &'static str) -> Result<i64, Error> {
    i64::try_from(number).map_err(|_| Error::OutOfRange { column })
}

/// An instant as a column holds it.
pub(crate) fn millis(at: Timestamp) -> Result<i64, Error> {
    signed(at.unix_millis(), "a time")
}
