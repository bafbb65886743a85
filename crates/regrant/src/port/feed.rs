//! News of what has ended.

use crate::digest::Digest;
use crate::record::GrantId;

/// Something that is no longer alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// A whole grant.
    Grant(GrantId),
    /// One access token.
    AccessToken {
        /// Its grant.
        grant: GrantId,
        /// Its digest.
        digest: Digest,
    },
}

/// Carries revocations to caches. It is told after the commit, and only of what was committed.
pub trait RevocationFeed: Send + Sync {
    /// Passes one revocation on. It must not block, and it must not fail: a cache that may have missed one is not to
    /// be used.
    fn publish(&self, revocation: Revocation);
}
