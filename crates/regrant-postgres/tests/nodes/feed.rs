//! News of one node reaches the caches of the others, or they are not used.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use regrant::{
    AsyncTokenStore as _, Change, ClientId, Clock as _, EndReason, GrantId, Revocation, RevocationRequest,
    RevocationSink, Timestamp,
};
use regrant_postgres::{Listener, ListenerEvent, Options, PostgresStore};
use tokio::time::{sleep, timeout};
use tokio_postgres::{Client, NoTls};

use crate::common::{Hands, Node, credentials, node, open, patient, policy};
use crate::line::{Line, active};
use crate::proxy::{Fault, Harm, Proxy, WAYS, Way};
use crate::{report, runtime};

/// What a cache was told.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Told {
    Connected(Timestamp),
    Current(Timestamp),
    Disconnected,
    Revoked(Revocation),
    ClientChanged(ClientId),
    /// By the listener itself.
    Unreadable,
}

/// A sink that remembers all of it, and a clock in which no instant occurs twice.
#[derive(Debug, Default)]
struct Memory {
    told: Mutex<Vec<Told>>,
    ticks: AtomicU64,
}

impl Memory {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_millis(self.ticks.fetch_add(1, Ordering::SeqCst))
    }

    fn tell(&self, told: Told) {
        self.told.lock().unwrap().push(told);
    }

    fn told(&self) -> Vec<Told> {
        self.told.lock().unwrap().clone()
    }

    /// Everything that was told so far is forgotten.
    fn clear(&self) {
        self.told.lock().unwrap().clear();
    }

    /// Waits until something was told; answers what was told before it.
    async fn until(&self, wanted: impl Fn(&Told) -> bool) -> Vec<Told> {
        let there = async {
            loop {
                let told = self.told();
                if let Some(place) = told.iter().position(&wanted) {
                    return told[..place].to_vec();
                }
                sleep(Duration::from_millis(1)).await;
            }
        };
        let found = timeout(Duration::from_secs(30), there).await;
        found.unwrap_or_else(|_| panic!("it was never told: {:?}", self.told()))
    }

    async fn until_connected(&self) {
        self.until(|told| matches!(told, Told::Connected(_))).await;
    }

    /// Waits until it is told that it has heard everything that was published before this call; answers what it was told.
    async fn until_current(&self) -> Vec<Told> {
        let now = self.now();
        self.until(|told| matches!(told, Told::Current(at) if *at > now)).await
    }
}

impl RevocationSink for Memory {
    fn connected(&self, at: Timestamp) {
        self.tell(Told::Connected(at));
    }

    fn current(&self, at: Timestamp) {
        self.tell(Told::Current(at));
    }

    fn disconnected(&self) {
        self.tell(Told::Disconnected);
    }

    fn revoked(&self, revocation: Revocation) {
        self.tell(Told::Revoked(revocation));
    }

    fn client_changed(&self, client: &ClientId) {
        self.tell(Told::ClientChanged(client.clone()));
    }
}

/// A listener at an address, which tells a memory.
fn listen(url: &str) -> (Listener, Arc<Memory>) {
    let memory = Arc::new(Memory::default());
    let (clock, unreadable) = (Arc::clone(&memory), Arc::clone(&memory));
    let tell = move |event: &ListenerEvent| {
        if matches!(event, ListenerEvent::Unreadable) {
            unreadable.tell(Told::Unreadable);
        }
    };
    let sinks: Vec<Arc<dyn RevocationSink>> = vec![Arc::clone(&memory) as _];
    let mut options = Options::new(url).unwrap();
    options.connect_timeout = Duration::from_millis(500);
    (Listener::start(&options, move || clock.now(), sinks, tell).unwrap(), memory)
}

async fn end(node: &Node, id: GrantId) {
    let change = Change::End { id, at: Hands::new().now(), reason: EndReason::EndedByHost };
    assert_eq!(node.store().commit(change).await.unwrap(), regrant::CommitOutcome::Committed);
}

/// A node over a database of its own, which tells the others.
async fn telling() -> (Node, String) {
    let url = throwaway_postgres::fresh_database();
    (node(open(&url).await, Hands::new(), policy()), url)
}

/// The promise behind [`RevocationSink::current`]: an answer overtakes no news that was published before its question, and
/// one that was on its way when a grant ended says nothing of that end.
#[test]
fn whoever_is_told_that_it_is_current_has_heard_of_every_end_before() {
    runtime().block_on(async {
        let (node, url) = telling().await;
        let (_, database) = url.rsplit_once('/').unwrap();
        let proxy = Proxy::start(throwaway_postgres::shared().port()).await;
        let (_listener, memory) = listen(&proxy.url(database));
        let mut heard = 0;
        // On a machine that is too slow the listener gives its connection up meanwhile, which is right, and proves nothing.
        for _ in 0..40 {
            let line = Line::issue(&node).await;
            memory.until_current().await;
            memory.clear();
            // The answer to a question stands still while the grant ends.
            proxy.arm(Some(Fault { way: Way::ToStore, after: 0, half: false, harm: Harm::Stall }));
            until("a question is answered", || proxy.fired()).await;
            end(&node, line.id).await;
            let now = memory.now();
            proxy.release();
            let told = memory.until(|told| matches!(told, Told::Current(at) if *at > now)).await;
            if !told.contains(&Told::Disconnected) {
                assert!(told.contains(&Told::Revoked(Revocation::Grant(line.id))), "{told:?}");
                heard += 1;
            }
            if heard == 10 {
                return;
            }
        }
        assert!(heard > 0, "the connection was given up each time");
    });
}

/// Waits until `fact` is true.
async fn until(what: &str, fact: impl Fn() -> bool) {
    let there = async {
        while !fact() {
            sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(Duration::from_secs(30), there).await.unwrap_or_else(|_| panic!("{what}"));
}

#[test]
fn a_token_that_is_revoked_and_a_client_that_is_changed_are_told() {
    runtime().block_on(async {
        let (node, url) = telling().await;
        let (_listener, memory) = listen(&url);
        memory.until_connected().await;
        // What is published while a slow machine makes the listener connect anew is missed, rightly: then it is done again.
        for _ in 0..40 {
            let line = Line::issue(&node).await;
            memory.clear();
            for token in [&line.access, line.last()] {
                let request = RevocationRequest { credentials: credentials(), token: Some(token) };
                node.revoke(request).await.unwrap().success().unwrap();
            }
            let told = memory.until_current().await;
            if told.iter().any(|told| matches!(told, Told::Disconnected | Told::Connected(_))) {
                continue;
            }
            let token =
                |told: &Told| matches!(told, Told::Revoked(Revocation::AccessToken { grant, .. }) if *grant == line.id);
            assert!(told.iter().any(token) && told.contains(&Told::Revoked(Revocation::Grant(line.id))), "{told:?}");
            return;
        }
        panic!("the connection was given up each time");
    });
}

/// The revocation has reached the server, and waits there for a lock; then its node is gone, and everything that ran on it.
#[test]
fn a_token_whose_node_is_killed_during_its_revocation_is_told_to_the_others() {
    runtime().block_on(async {
        let (sound, url) = telling().await;
        let (_listener, memory) = listen(&url);
        memory.until_connected().await;
        let (holder, watcher) = (beside(&url).await, beside(&url).await);
        // A listener that gave its connection up meanwhile has missed it, and has said so: then it is done again.
        for _ in 0..40 {
            let line = Line::issue(&sound).await;
            memory.clear();
            holder.batch_execute("BEGIN").await.unwrap();
            holder.execute("SELECT FROM regrant.grants WHERE id = $1 FOR UPDATE", &[line.id.as_bytes()]).await.unwrap();
            let (killed, access, address) = (runtime(), line.access.clone(), url.clone());
            let asked = killed.spawn(async move {
                let mut options = patient(&address);
                options.statement_timeout = Duration::from_mins(1);
                let node = node(PostgresStore::open(options).await.unwrap(), Hands::new(), policy());
                let request = RevocationRequest { credentials: credentials(), token: Some(&access) };
                node.revoke(request).await
            });
            until_waiting(&watcher).await;
            killed.shutdown_background();
            assert!(asked.await.unwrap_err().is_cancelled(), "the node has answered");
            holder.batch_execute("COMMIT").await.unwrap();
            let token =
                |told: &Told| matches!(told, Told::Revoked(Revocation::AccessToken { grant, .. }) if *grant == line.id);
            memory.until(|told| token(told) || *told == Told::Disconnected).await;
            if memory.told().iter().any(token) {
                assert!(!active(&sound, &line.access).await);
                return;
            }
            memory.until_connected().await;
        }
        panic!("the connection was given up each time");
    });
}

/// An SQL session beside the nodes.
async fn beside(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Waits until a statement waits for a lock.
async fn until_waiting(beside: &Client) {
    let question = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let there = async {
        while beside.query(question, &[]).await.unwrap().is_empty() {
            sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(Duration::from_secs(30), there).await.unwrap();
}

/// A later release may speak of ends in words that this one does not know.
#[test]
fn news_that_cannot_be_read_makes_every_cache_forget() {
    runtime().block_on(async {
        let (_node, url) = telling().await;
        let (_listener, memory) = listen(&url);
        memory.until_connected().await;
        memory.clear();
        let (_, database) = url.rsplit_once('/').unwrap();
        throwaway_postgres::shared().sql(database, "NOTIFY regrant, 'quake 7'").unwrap();
        let told = memory.until(|told| *told == Told::Unreadable).await;
        let told: Vec<_> = told.iter().filter(|told| !matches!(told, Told::Current(_))).collect();
        assert!(matches!(told[..], [Told::Disconnected, Told::Connected(_)]), "{told:?}");
    });
}

#[test]
fn a_listener_that_is_dropped_tells_its_caches() {
    runtime().block_on(async {
        let (_node, url) = telling().await;
        let (listener, memory) = listen(&url);
        memory.until_connected().await;
        memory.clear();
        drop(listener);
        memory.until(|told| *told == Told::Disconnected).await;
    });
}

/// A connection that breaks, with a sign or without one: what is published meanwhile is missed, and the cache knows.
#[test]
fn a_listener_that_is_cut_off_tells_its_caches_and_comes_back() {
    runtime().block_on(async {
        let (node, url) = telling().await;
        let (_, database) = url.rsplit_once('/').unwrap();
        for harm in [Harm::Leave, Harm::Stall, Harm::HalfClose] {
            for way in WAYS {
                let proxy = Proxy::start(throwaway_postgres::shared().port()).await;
                let (_listener, memory) = listen(&proxy.url(database));
                memory.until_connected().await;
                memory.clear();
                proxy.arm(Some(Fault { way, after: 0, half: false, harm }));
                let since = Instant::now();
                memory.until(|told| *told == Told::Disconnected).await;
                report(&format!("{harm:?} {way:?}: noticed after {} ms", since.elapsed().as_millis()));
                // The way is free again, but what was told meanwhile is lost.
                let line = Line::issue(&node).await;
                end(&node, line.id).await;
                proxy.heal();
                memory.until_connected().await;
                proxy.release();
                let told = memory.until_current().await;
                let last = |wanted: &dyn Fn(&Told) -> bool| told.iter().rposition(wanted);
                assert!(last(&|told| *told == Told::Disconnected) < last(&|told| matches!(told, Told::Connected(_))));
                // From now on everything is heard again.
                let line = Line::issue(&node).await;
                end(&node, line.id).await;
                memory.until(|told| *told == Told::Revoked(Revocation::Grant(line.id))).await;
            }
        }
    });
}
