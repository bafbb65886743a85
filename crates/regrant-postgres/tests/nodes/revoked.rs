//! What one node revokes is refused by the others: at once without a cache, within a second with one, and at once where
//! the news does not come.

use std::sync::Arc;
use std::time::{Duration, Instant};

use regrant::{AsyncClientStore as _, ClientId, ClientRecord, PolicyOverrides, RevocationRequest};
use regrant_postgres::{Listener, PostgresStore};
use tokio::time::{sleep, timeout};

use crate::cache::Cache;
use crate::common::{CLIENT, Hands, Node, client, credentials, node, open, policy, wall};
use crate::line::{Line, active};
use crate::proxy::{Fault, Harm, Proxy, Way};
use crate::{report, runtime};

/// Waits until something is so; answers how long that took.
async fn until(what: &str, is_so: impl AsyncFn() -> bool) -> Duration {
    let since = Instant::now();
    let waiting = async {
        while !is_so().await {
            sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(Duration::from_secs(30), waiting).await.unwrap_or_else(|_| panic!("{what}"));
    since.elapsed()
}

/// A node that revokes, one that asks, the cache of the latter, and the way by which it hears the news.
struct Two {
    revoking: Node,
    asking: Node,
    cache: Arc<Cache>,
    proxy: Proxy,
    _listener: Listener,
}

impl Two {
    async fn new() -> Self {
        let database = throwaway_postgres::shared().database().unwrap();
        let url = throwaway_postgres::shared().url(&database);
        let (hands, proxy) = (Hands::new(), Proxy::start(throwaway_postgres::shared().port()).await);
        let cache = Arc::new(Cache::default());
        let heard = open(&proxy.url(&database)).await;
        let listener = heard.listen(wall, vec![Arc::clone(&cache) as _], |_| {}).unwrap();
        let (revoking, asking) = (open(&url).await, open(&url).await);
        let (revoking, asking) = (node(revoking, hands.clone(), policy()), node(asking, hands, policy()));
        Self { revoking, asking, cache, proxy, _listener: listener }
    }

    /// A grant whose tokens the cache knows to be active.
    async fn remembered(&self) -> Line {
        let line = Line::issue(&self.revoking).await;
        for token in [line.last(), &line.access] {
            until("the cache is used", async || {
                assert!(self.cache.active(&self.asking, token).await);
                self.cache.has(token)
            })
            .await;
        }
        line
    }

    async fn revoke(&self, token: &str) {
        let request = RevocationRequest { credentials: credentials(), token: Some(token) };
        self.revoking.revoke(request).await.unwrap().success().unwrap();
    }

    /// Waits until the node that asks refuses a token.
    async fn refused(&self, token: &str) -> Duration {
        until("it is refused", async || !self.cache.active(&self.asking, token).await).await
    }
}

#[test]
fn a_token_that_one_node_revoked_is_refused_by_the_cache_of_another() {
    runtime().block_on(async {
        let two = Two::new().await;
        let line = two.remembered().await;
        two.revoke(&line.access).await;
        // Without a cache at once.
        assert!(!active(&two.asking, &line.access).await);
        let single = two.refused(&line.access).await;
        assert!(two.cache.active(&two.asking, line.last()).await, "the grant goes on");
        let line = two.remembered().await;
        two.revoke(line.last()).await;
        assert!(!active(&two.asking, line.last()).await);
        let grant = two.refused(line.last()).await;
        assert!(!two.cache.active(&two.asking, &line.access).await, "with the grant its access token ends");
        report(&format!("revoked, with a cache: a token refused after {single:?}, a grant after {grant:?}"));
    });
}

/// The connection of the listener breaks, with a sign or without one; then a token is revoked.
#[test]
fn where_the_news_does_not_come_nothing_stale_is_served() {
    runtime().block_on(async {
        for harm in [Harm::Leave, Harm::Stall] {
            let two = Two::new().await;
            let line = two.remembered().await;
            two.proxy.arm(Some(Fault { way: Way::ToStore, after: 0, half: false, harm }));
            until("the connection breaks", async || two.proxy.fired()).await;
            two.revoke(line.last()).await;
            let waited = two.refused(line.last()).await;
            report(&format!("revoked, with the news cut off by {harm:?}: refused after {waited:?}"));
            if harm == Harm::Leave {
                // And as long as it stays away, every other token is asked for anew, each time.
                let other = Line::issue(&two.revoking).await;
                assert!(two.cache.active(&two.asking, other.last()).await && !two.cache.has(other.last()));
                two.revoke(other.last()).await;
                assert!(!two.cache.active(&two.asking, other.last()).await);
            }
            // The news comes again, and the cache is used again.
            two.proxy.heal();
            two.remembered().await;
        }
    });
}

/// A client that is switched off is off on every node. One node keeps it in its cache, another one changes the table.
#[test]
fn a_client_that_is_changed_is_another_on_every_node() {
    runtime().block_on(async {
        let database = throwaway_postgres::shared().database().unwrap();
        let url = throwaway_postgres::shared().url(&database);
        let (here, there): (PostgresStore, PostgresStore) = (open(&url).await, open(&url).await);
        let (here, cached) = (here.clients(policy()), there.clients(policy()));
        let listener = there.listen(wall, vec![Arc::new(cached.cache().clone())], |_| {}).unwrap();
        here.add(&ClientRecord { client: client(policy()), overrides: PolicyOverrides::default() }).await.unwrap();
        let id = ClientId::parse(CLIENT).unwrap();
        let enabled = async || cached.client(&id).await.unwrap().is_some_and(|client| client.enabled);
        // A change that nobody tells of is not seen: so it is the cache that answers.
        let quietly = |enabled: &str| {
            let change = format!("UPDATE regrant.clients SET enabled = {enabled}");
            throwaway_postgres::shared().sql(&database, &change).unwrap();
        };
        until("the client is kept", async || {
            here.set_enabled(&id, true).await.unwrap();
            let on = enabled().await;
            quietly("false");
            let kept = on && enabled().await;
            quietly("true");
            kept
        })
        .await;
        here.set_enabled(&id, false).await.unwrap();
        let waited = until("it is switched off", async || !enabled().await).await;
        report(&format!("a client switched off, with a cache: refused after {waited:?}"));
        // Without the listener nothing is kept.
        drop(listener);
        until("nothing is kept", async || {
            quietly("true");
            let on = enabled().await;
            quietly("false");
            on && !enabled().await
        })
        .await;
    });
}
