//! Remembering for a moment that an access token is active. RFC 7662 §4.
//!
//! A resource server asks about every token of every call. An [`IntrospectionCache`] saves most of these questions, and
//! does not pay for it with tokens that live on after their end: it hears of every end that is published, or it is not used.

mod bounds;
mod line;
mod look_up;
mod shard;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use bounds::CacheBounds;
use line::Line;
pub use look_up::{Hit, LookUp, Ticket};
use regrant::{
    ClientId, Clock, Digest, GrantId, PresentedToken, ResourceAccess, Revocation, RevocationFeed, RevocationSink,
    Secret, Timestamp,
};
use shard::Shard;
use zeroize::Zeroizing;

/// In how many parts the answers lie, each behind a lock of its own.
const SHARDS: usize = 64;
/// The length of the key, and of the longest access token as text, in octets.
const KEY: usize = 32;
const LONGEST_TOKEN: usize = 96;

/// Active access tokens, by what a protected resource may know of them.
///
/// - **Off until it hears.** It is a [`RevocationSink`]: whatever carries the news to this host tells it so. Before the
///   first news line is connected, after it broke, and where it has not proved itself for a second, the cache answers
///   nothing and keeps nothing. When the line is there again, it begins empty. So a token whose end was published is
///   refused within a second, and at once where the news is quicker.
/// - **No answer from before an end.** A question that was asked before the cache heard of an end and is answered after
///   it is not kept ([`Ticket`]).
/// - **Bounded** in number and age ([`CacheBounds`]); no answer outlives its token. Only active tokens are kept.
/// - **No token in it.** An answer is found by a digest of the token under a key of the process.
///
/// What it does not hear of: an end that no node lived to publish, where the feed tells of it after the commit and not
/// with it; then the token may be known here until its age is reached. And an access token that gives way because its grant has too many
/// ([`max_access_tokens`](regrant::Policy::max_access_tokens)) is no longer known to the engine, and may be to a cache
/// until then, too. That is a bound on records, not a revocation.
///
/// ```
/// use regrant::{RevocationSink as _, Secret, Timestamp};
/// use regrant_http::{CacheBounds, IntrospectionCache, LookUp};
///
/// # let random = [7; 32];
/// # let text = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
/// let now = || Timestamp::from_unix_seconds(1_700_000_000); // a real host asks the system
/// let cache = IntrospectionCache::new(CacheBounds::default(), now, Secret::new(random));
/// assert!(matches!(cache.look_up(text), LookUp::Unused), "nobody has told it yet that it will hear");
/// cache.connected(now());
/// match cache.look_up(text) {
///     LookUp::Hit(_) => {}                // serve the resource
///     LookUp::Miss(_ticket) => {}         // ask, and `ticket.keep` what an active token opens
///     LookUp::Unused => {}                // ask
/// }
/// ```
pub struct IntrospectionCache {
    shards: [Mutex<Shard>; SHARDS],
    line: Line,
    /// The most answers of one shard.
    room: usize,
    bounds: CacheBounds,
    clock: Box<dyn Clock>,
    key: Secret<KEY>,
}

impl IntrospectionCache {
    /// An empty cache that waits for news. `key` is 32 random bytes that nobody else has, drawn anew in each process.
    pub fn new(bounds: CacheBounds, clock: impl Clock + 'static, key: Secret<32>) -> Self {
        Self {
            shards: std::array::from_fn(|_| Mutex::default()),
            line: Line::disconnected(),
            room: bounds.entries.div_ceil(SHARDS),
            bounds,
            clock: Box::new(clock),
            key,
        }
    }

    /// Looks a token up, as it was sent.
    pub fn look_up(&self, token: &str) -> LookUp<'_> {
        let Ok(PresentedToken::Access(presented)) = PresentedToken::parse(token) else {
            return LookUp::Unused;
        };
        let (grant, token) = (presented.grant_id(), self.digest(token));
        let Some((shard, now)) = self.trusted(grant) else {
            return LookUp::Unused;
        };
        match shard.find(grant, &token, now) {
            Some(access) => LookUp::Hit(Hit { grant_id: grant, access }),
            None => LookUp::Miss(Ticket { cache: self, grant, token, generation: shard.generation }),
        }
    }

    fn keep(&self, ticket: &Ticket<'_>, access: &ResourceAccess) {
        let access = Arc::new(access.clone());
        let Some((mut shard, now)) = self.trusted(ticket.grant) else {
            return;
        };
        let until = access.expires_at.min(now.after(self.bounds.max_age));
        if shard.generation == ticket.generation {
            shard.keep(ticket.grant, ticket.token, access, (now, until), self.room);
        }
    }

    /// The shard of a grant, and what time it is, while news arrives.
    ///
    /// The line is looked at under the lock: when it breaks, it is marked first, and then one shard after the other is
    /// emptied. So whoever still finds it trusted is in time to be emptied.
    fn trusted(&self, grant: GrantId) -> Option<(MutexGuard<'_, Shard>, Timestamp)> {
        let shard = self.shard(grant)?;
        let now = self.clock.now();
        self.line.is_trusted(now).then_some((shard, now))
    }

    /// The digest under which a token is held: `SHA-256(key ‖ token)`. Tokens have one of two lengths, so what one text
    /// gives says nothing about a longer one.
    fn digest(&self, token: &str) -> Digest {
        let mut keyed = Zeroizing::new([0; KEY + LONGEST_TOKEN]);
        let bytes = self.key.expose_secret().iter().chain(token.as_bytes());
        keyed.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        Digest::sha256(keyed.get(..KEY + token.len()).unwrap_or_default())
    }

    /// The shard of a grant. Ids are drawn at random, so any of their bytes spreads them.
    fn shard(&self, grant: GrantId) -> Option<MutexGuard<'_, Shard>> {
        let [first, ..] = grant.as_bytes();
        self.shards.get(usize::from(*first) % SHARDS).map(locked)
    }

    fn forget(&self, revocation: Revocation) {
        if let Some(mut shard) = self.shard(revocation.grant_id()) {
            shard.forget(revocation.grant_id());
        }
    }

    fn forget_all(&self) {
        self.shards.iter().for_each(|shard| locked(shard).forget_all());
    }
}

/// No change of a shard can panic halfway, so what a panic elsewhere left behind is whole.
fn locked(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl RevocationSink for IntrospectionCache {
    fn connected(&self, at: Timestamp) {
        // Whoever connects anew without a word has missed something too.
        self.disconnected();
        self.line.connect(at);
    }

    fn current(&self, at: Timestamp) {
        self.line.prove(at);
    }

    fn disconnected(&self) {
        self.line.disconnect();
        self.forget_all();
    }

    fn revoked(&self, revocation: Revocation) {
        // Of one token, too: all answers about its grant go, which costs a few questions.
        self.forget(revocation);
    }

    fn client_changed(&self, client: &ClientId) {
        self.shards.iter().for_each(|shard| locked(shard).forget_client(client));
    }
}

/// What this node decides itself is known here at once. For the ends that other processes decide it takes a line.
impl RevocationFeed for IntrospectionCache {
    fn publish(&self, revocation: Revocation) {
        self.forget(revocation);
    }
}

impl fmt::Debug for IntrospectionCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntrospectionCache").field("bounds", &self.bounds).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
