//! The end of one grant, at whatever revision it is, and the news of it.

use regrant::{CommitOutcome, EndReason, GrantId, Timestamp};
use tokio_postgres::Error as PgError;
use tokio_postgres::types::Type;

use crate::contest::{outcome, written_or};
use crate::grants::{day, millis};
use crate::job::{Reply, tell};
use crate::session::{Session, Sql};

macro_rules! ended {
    () => {
        "UPDATE regrant.grants SET ended_at = $2, ended_reason = $3, purge_after = LEAST(purge_after, $4), \
         revision = revision + 1 WHERE id = $1 AND ended_at IS NULL RETURNING id"
    };
}

const TYPES: &[Type] = &[Type::BYTEA, Type::INT8, Type::TEXT, Type::INT8];
const END: Sql = Sql { text: ended!(), types: TYPES };
/// In one statement, so that no crash comes between the end and the news.
const END_AND_TELL: Sql = Sql {
    text: concat!(
        "WITH ended AS (",
        ended!(),
        ") SELECT pg_notify('regrant', 'grant ' || encode(id, 'hex')) FROM ended"
    ),
    types: TYPES,
};
const EXISTS: Sql = Sql { text: "SELECT FROM regrant.grants WHERE id = $1", types: &[Type::BYTEA] };

/// An end that is to be written.
#[derive(Debug)]
pub(crate) struct End {
    pub(crate) id: GrantId,
    pub(crate) at: Timestamp,
    pub(crate) reason: EndReason,
    pub(crate) reply: Reply<CommitOutcome>,
}

impl End {
    /// Writes it and tells the caller what became of it.
    pub(crate) async fn write(self, session: &Session, notify: bool) {
        let at = match millis(self.at) {
            Ok(at) => at,
            Err(error) => return tell(self.reply, Err(error)),
        };
        let warned = session.warnings();
        let written = self.put(at, session, notify).await;
        tell(self.reply, written_or(written, |wrote| outcome(session, warned, wrote)));
    }

    async fn put(&self, at: i64, session: &Session, notify: bool) -> Result<bool, PgError> {
        let sql = if notify { &END_AND_TELL } else { &END };
        let id = self.id.as_bytes();
        if !session.run(sql, &[id, &at, &self.reason.as_str(), &day(self.at)]).await?.is_empty() {
            return Ok(true);
        }
        // It keeps its first end, which counts as committed; or it is not there.
        Ok(!session.run(&EXISTS, &[id]).await?.is_empty())
    }
}
