//! The token part of a record: one line of refresh tokens, and the live access tokens.

use core::fmt;

use super::Few;
use crate::digest::Digest;
use crate::scope::Scope;
use crate::time::Timestamp;

/// The line of refresh tokens of one grant. RFC 9700 §4.14.2 calls it a family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshFamily {
    /// The digest of the lineage that every token of the line carries.
    pub lineage: Digest,
    /// The digest of the one current secret.
    pub current: Digest,
    /// When the current token was issued or, without rotation, last used.
    pub issued_at: Timestamp,
    /// When the current token expires unless it is used before.
    pub expires_at: Timestamp,
    /// How many rotations came before the current token.
    pub generation: u64,
    /// What a retry of the latest rotation needs. Present just where `spent` is not empty.
    pub retry: Option<Retry>,
    /// Secrets spent inside the retry window, oldest first, the latest last; at most [`RefreshFamily::MAX_SPENT`].
    /// Older ones need no place: a genuine lineage with a secret that is nowhere is a replay.
    pub spent: Few<Spent>,
}

impl RefreshFamily {
    /// The most spent secrets that a record remembers.
    pub const MAX_SPENT: usize = 4;
}

/// What a retry of the latest rotation needs.
#[derive(Clone, PartialEq, Eq)]
pub struct Retry {
    /// The salt of the derivation: 32 random bytes, fresh at each rotation.
    pub salt: [u8; 32],
    /// Whether every access token issued since the rotation is still in the list. Once one has left it (revoked,
    /// expired, evicted), a retry draws a fresh access token: what is gone never comes back.
    pub intact: bool,
}

impl fmt::Debug for Retry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retry").field("intact", &self.intact).finish_non_exhaustive()
    }
}

/// A spent refresh secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spent {
    /// The digest of the secret.
    pub digest: Digest,
    /// When it was spent.
    pub at: Timestamp,
}

/// A live access token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessEntry {
    /// The digest of the secret.
    pub digest: Digest,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it expires; never after the grant.
    pub expires_at: Timestamp,
    /// Its scope, where that is narrower than the grant's.
    pub scope: Option<Scope>,
}

/// The small lists of a record, as they are stored together. See [`encode_tokens`](super::encode_tokens).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenLists {
    /// See [`RefreshFamily::retry`].
    pub retry: Option<Retry>,
    /// See [`RefreshFamily::spent`].
    pub spent: Few<Spent>,
    /// The access tokens, in order of issue.
    pub access: Few<AccessEntry>,
}
