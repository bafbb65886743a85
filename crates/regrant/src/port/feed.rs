//! News of what has ended: how it leaves the engine, and how it reaches caches.
//!
//! A cache of answers is right only while it hears of every end. So there are two halves: a [`RevocationFeed`] takes the
//! news from the engine that decided, and a [`RevocationSink`] is what a cache on any node shows to whatever carries
//! the news there.

use alloc::sync::Arc;

use crate::client::ClientId;
use crate::digest::Digest;
use crate::record::GrantId;
use crate::time::Timestamp;

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
    /// All access tokens that a grant had, while it goes on itself: what a refresh ends under
    /// [`PreviousAccessToken::Revoke`](crate::PreviousAccessToken::Revoke).
    AccessTokensOf(GrantId),
}

impl Revocation {
    /// The grant it is about. A cache that forgets all it knows of that grant forgets enough.
    pub const fn grant_id(&self) -> GrantId {
        match *self {
            Self::Grant(id) | Self::AccessToken { grant: id, .. } | Self::AccessTokensOf(id) => id,
        }
    }
}

/// Carries revocations to caches. It is told after the commit, and only of what was committed, or may have been where the
/// store failed to say.
pub trait RevocationFeed: Send + Sync {
    /// Passes one revocation on. It must not block, and it must not fail: a cache that may have missed one is not to
    /// be used.
    fn publish(&self, revocation: Revocation);
}

impl<F: RevocationFeed + ?Sized> RevocationFeed for Arc<F> {
    fn publish(&self, revocation: Revocation) {
        (**self).publish(revocation);
    }
}

/// A cache, as seen by whatever brings it the news: a listener on a database, a subscriber of a message bus.
///
/// A sink begins disconnected. While it is, it must answer nothing and keep nothing. What a listener owes it:
///
/// - [`connected`](Self::connected) once everything that is published from now on will be heard, not before. What was
///   published earlier may have been missed; a sink forgets all it knew.
/// - [`current`](Self::current) again and again, at least a few times in each second: a connection that broke without a
///   sign looks like one without news, so silence is not enough. A sink that was not told for a second acts as if it were
///   disconnected.
/// - [`disconnected`](Self::disconnected) as soon as news may be missing, and before the connection is built anew.
/// - [`revoked`](Self::revoked) and [`client_changed`](Self::client_changed) for each piece of news, in any order. Telling
///   one twice does no harm, nor does telling a node of what it decided itself.
///
/// Whoever cannot tell news one by one, after a bulk revocation for instance, calls `disconnected` and then `connected`.
///
/// No method blocks on I/O, waits for a request or fails; each may be called from any thread.
pub trait RevocationSink: Send + Sync {
    /// Everything that is published after `at` will be heard. `at` is an instant of this host's clock, taken after the
    /// subscription was confirmed: what is published while it is asked for may be missed, and so may what was read then
    /// be out of date. No news is passed on before this call.
    fn connected(&self, at: Timestamp);

    /// Everything that was published before `at` has been passed on by now. `at` is an instant of this host's clock, taken
    /// before the question was sent whose answer proved it, such as a round trip on the connection that brings the
    /// news.
    fn current(&self, at: Timestamp);

    /// News may be missing from now on.
    fn disconnected(&self);

    /// Something has ended.
    fn revoked(&self, revocation: Revocation);

    /// The registration of a client is another now, or is gone: it may be disabled, or its epoch raised.
    fn client_changed(&self, client: &ClientId);
}

impl<S: RevocationSink + ?Sized> RevocationSink for Arc<S> {
    fn connected(&self, at: Timestamp) {
        (**self).connected(at);
    }

    fn current(&self, at: Timestamp) {
        (**self).current(at);
    }

    fn disconnected(&self) {
        (**self).disconnected();
    }

    fn revoked(&self, revocation: Revocation) {
        (**self).revoked(revocation);
    }

    fn client_changed(&self, client: &ClientId) {
        (**self).client_changed(client);
    }
}
