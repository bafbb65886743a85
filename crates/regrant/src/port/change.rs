//! What a decision asks of a store.

use super::Revocation;
use crate::record::{EndReason, Grant, GrantId, Revision};
use crate::time::Timestamp;

/// One write to one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A new record. If one of that id exists, nothing is written: [`CommitOutcome::Conflict`].
    Insert(Grant),
    /// The next version of a record. If the stored revision is not `expected`, or there is no such record, nothing is
    /// written: [`CommitOutcome::Conflict`].
    Replace {
        /// The revision that was loaded.
        expected: Revision,
        /// The whole new version; its revision is already the next one.
        grant: Grant,
        /// What this takes away, while the grant goes on. It is no part of the record. A store that tells other nodes by
        /// itself tells them this in the same transaction, so that no crash comes between; every other store leaves it
        /// to the [`RevocationFeed`](super::RevocationFeed).
        revocation: Option<Revocation>,
    },
    /// The end of a record, whatever its revision, so that no busy thief can starve a revocation (N-197). The
    /// revision is raised. A record that has ended stays as it is, and that counts as committed. Without a record
    /// nothing is written: [`CommitOutcome::Conflict`].
    End {
        /// The record.
        id: GrantId,
        /// When it ended.
        at: Timestamp,
        /// By what.
        reason: EndReason,
    },
}

impl Change {
    /// The record that is written.
    pub fn grant_id(&self) -> GrantId {
        match self {
            Self::Insert(grant) | Self::Replace { grant, .. } => grant.id(),
            Self::End { id, .. } => *id,
        }
    }
}

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a conflict means that nothing was written"]
pub enum CommitOutcome {
    /// The change is durable, and every later load sees it.
    Committed,
    /// Another write came first. Nothing was written (N-122).
    Conflict,
}
