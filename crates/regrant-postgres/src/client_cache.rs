//! The clients that were read before, for as long as every change of them is heard of.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use regrant::{Client, ClientId, Revocation, RevocationSink, Timestamp};

use crate::listener::{BEAT, LIMIT};

/// For how long silence is trusted. An answer of the listener tells of the news until its question was asked, which is up
/// to [`LIMIT`] earlier: so that no client is trusted for more than a second after the last news that is sure, that is
/// taken off.
const SILENCE: Duration = Duration::from_millis(600);
const _: () = assert!(SILENCE.as_millis() + LIMIT.as_millis() <= 1_000 && SILENCE.as_millis() > BEAT.as_millis());
/// For how long a client is kept where no news of it comes: a change by hand, or by a node that tells nobody, ends here.
const AGE: Duration = Duration::from_mins(1);
/// How many clients are kept; with one more, it starts anew.
const ROOM: usize = 10_000;

/// The clients of a [`PostgresClients`](crate::PostgresClients) that need not be read again.
///
/// It is used only while a listener shows it that news comes in: see [`RevocationSink`]. Until then, and whenever that
/// ends, every lookup reads the table. Clones are the same cache.
#[derive(Clone, Default)]
pub struct ClientCache(Arc<RwLock<State>>);

#[derive(Default)]
struct State {
    /// When the listener was last known to hear everything.
    heard: Option<Instant>,
    /// Counts everything that may make a client that is being read right now a client of yesterday.
    version: u64,
    clients: HashMap<ClientId, Kept>,
}

/// A client, and when it was asked for.
struct Kept {
    client: Arc<Client>,
    asked: Instant,
}

/// What the cache has.
#[derive(Debug)]
pub(crate) enum Cached {
    /// This client.
    Here(Arc<Client>),
    /// Nothing: read it, and show this when you bring it.
    Absent(Ticket),
}

/// The state of the cache before a client was read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ticket {
    version: u64,
    asked: Instant,
}

impl ClientCache {
    pub(crate) fn find(&self, id: &ClientId) -> Cached {
        self.find_at(id, Instant::now())
    }

    fn find_at(&self, id: &ClientId, now: Instant) -> Cached {
        let state = self.read();
        let known = if state.hears() { state.clients.get(id) } else { None };
        let young = known.filter(|kept| now.saturating_duration_since(kept.asked) < AGE);
        let absent = Cached::Absent(Ticket { version: state.version, asked: now });
        young.map_or(absent, |kept| Cached::Here(Arc::clone(&kept.client)))
    }

    /// Keeps a client, unless there was news since the ticket was given.
    pub(crate) fn keep(&self, Ticket { version, asked }: Ticket, client: &Arc<Client>) {
        if self.read().hears() {
            let mut state = self.write();
            if state.version == version {
                if state.clients.len() >= ROOM {
                    state.clients.clear();
                }
                state.clients.insert(client.id().clone(), Kept { client: Arc::clone(client), asked });
            }
        }
    }

    /// Forgets one client: another is in the table now.
    pub(crate) fn forget(&self, id: &ClientId) {
        let mut state = self.write();
        state.version = state.version.wrapping_add(1);
        state.clients.remove(id);
    }

    fn restart(&self, heard: Option<Instant>) {
        let mut state = self.write();
        state.version = state.version.wrapping_add(1);
        state.clients.clear();
        state.heard = heard;
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn hears(&self) -> bool {
        self.heard.is_some_and(|heard| heard.elapsed() < SILENCE)
    }
}

impl RevocationSink for ClientCache {
    fn connected(&self, _: Timestamp) {
        self.restart(Some(Instant::now()));
    }

    fn current(&self, _: Timestamp) {
        let mut state = self.write();
        if state.heard.is_some() {
            state.heard = Some(Instant::now());
        }
    }

    fn disconnected(&self) {
        self.restart(None);
    }

    /// A client outlives its grants.
    fn revoked(&self, _: Revocation) {}

    fn client_changed(&self, client: &ClientId) {
        self.forget(client);
    }
}

impl fmt::Debug for ClientCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCache").field("clients", &self.read().clients.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client() -> Arc<Client> {
        Arc::new(Client::public(ClientId::parse("app").unwrap()))
    }

    fn ticket(cache: &ClientCache) -> Ticket {
        match cache.find(client().id()) {
            Cached::Absent(ticket) => ticket,
            Cached::Here(_) => panic!("it is not kept"),
        }
    }

    #[test]
    fn nothing_is_kept_or_answered_without_a_listener() {
        let cache = ClientCache::default();
        cache.keep(ticket(&cache), &client());
        cache.connected(Timestamp::EPOCH);
        cache.keep(ticket(&cache), &client());
        assert!(matches!(cache.find(client().id()), Cached::Here(_)));
        cache.disconnected();
        cache.current(Timestamp::EPOCH);
        cache.keep(ticket(&cache), &client());
        cache.connected(Timestamp::EPOCH);
        ticket(&cache);
    }

    #[test]
    fn what_nobody_speaks_of_is_read_again_after_a_minute() {
        let cache = ClientCache::default();
        cache.connected(Timestamp::EPOCH);
        let Ticket { version, asked } = ticket(&cache);
        cache.keep(Ticket { version, asked }, &client());
        let find = |age| cache.find_at(client().id(), asked + age);
        assert!(matches!(find(AGE / 2), Cached::Here(_)));
        assert!(matches!(find(AGE), Cached::Absent(_)));
    }

    #[test]
    fn what_was_read_before_the_news_is_not_kept_after_it() {
        let cache = ClientCache::default();
        cache.connected(Timestamp::EPOCH);
        let before = ticket(&cache);
        cache.client_changed(client().id());
        cache.keep(before, &client());
        cache.keep(ticket(&cache), &client());
        cache.client_changed(client().id());
        ticket(&cache);
    }
}
