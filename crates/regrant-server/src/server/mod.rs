//! The server: a socket in front of the engine.
//!
//! `regrant-http` answers requests; what is left to do here is everything around one: reading it within bounds of size
//! and time, letting it finish, telling whether the store is well, and tidying up behind it.

mod answer;
mod body;
mod connection;
mod connections;
mod engine;
mod finishing;
mod health;
mod load;
mod patience;
mod stop;
mod sweep;

use std::mem;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use engine::HostEngine;
use regrant::{EngineError, Host, IssueRequest, Reply, RevocationSink, Rules, Secret, TokenReply};
use regrant_http::{CacheBounds, Dialect, IntrospectionCache, Service};
use regrant_postgres::Listener;
use tokio::net::TcpListener;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::clock;
use crate::config::{Config, io_text};
use crate::entropy::ThreadEntropy;
use crate::fault::Fault;
use crate::journal::Journal;
use crate::pepper;
use crate::store::Store;

/// Everything that answers requests.
#[derive(Debug)]
struct App {
    service: Service,
    engine: HostEngine,
    store: Arc<Store>,
    /// Brings the caches the news of other nodes, for as long as it is kept.
    _news: Option<Listener>,
}

impl App {
    /// Opens the store and reads the pepper, for a server that is reached at `address`.
    async fn open(config: Config, address: SocketAddr) -> Result<Self, Fault> {
        let cache = config.resource_cache.map(resource_cache).transpose()?;
        let service = config.service(address)?;
        let service = cache.iter().fold(service, |service, cache| service.with_cache(Arc::clone(cache)));
        let store = Arc::new(Store::open(&config).await?);
        let rules = Rules::new(pepper::load(&config, store.is_empty().await)?);
        let mut host = Host::new(clock::now, ThreadEntropy).with_observer(Journal);
        // Other nodes are told by the store itself. This one need not wait for the way there and back.
        if let Some(cache) = &cache {
            host = host.with_feed(Arc::clone(cache));
        }
        let engine = HostEngine::new(&store, config.clients, config.policy, rules, host);
        let mut sinks = engine.caches();
        sinks.extend(cache.map(|cache| cache as Arc<dyn RevocationSink>));
        let news = store.listen(sinks);
        Ok(Self { service, engine, store, _news: news })
    }
}

/// An empty cache under a key of this process.
fn resource_cache(bounds: CacheBounds) -> Result<Arc<IntrospectionCache>, Fault> {
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(|_| Fault::running("the random source failed"))?;
    Ok(Arc::new(IntrospectionCache::new(bounds, clock::now, Secret::new(key))))
}

/// How long requests in flight may take to finish once the server is told to stop.
const GRACE: Duration = Duration::from_secs(10);
/// How long the store may take to close after that.
const CLOSING: Duration = Duration::from_secs(2);

/// A server that listens, and answers from the moment it is run.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    app: Arc<App>,
}

impl Server {
    /// Binds the socket, opens the store and reads the pepper.
    ///
    /// # Errors
    /// The first of these that fails.
    pub async fn bind(config: Config) -> Result<Self, Fault> {
        let listener = TcpListener::bind(config.listen)
            .await
            .map_err(|error| Fault::running(format_args!("listen: {}: {}", config.listen, io_text(&error))))?;
        let address = listener.local_addr().map_err(Fault::running)?;
        let mounts = config.mounts.clone();
        let app = App::open(config, address).await?;
        announce(&mounts, address);
        Ok(Self { listener, address, app: Arc::new(app) })
    }

    /// The address that it listens on, with the real port.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Starts a grant, as `regrant grant issue` does: over a store in memory, which no other process can see, there is
    /// no other way to one.
    ///
    /// # Errors
    /// The server failed.
    pub async fn issue(&self, request: IssueRequest) -> Result<Reply<TokenReply>, EngineError> {
        self.app.engine.issue(request).await
    }

    /// Answers requests until `stop` is ready; then lets those in flight finish, within a deadline.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let store = Arc::clone(&self.app.store);
        let beside =
            [tokio::spawn(sweep::forever(Arc::clone(&store))), tokio::spawn(load::forever(Arc::clone(&store)))];
        let finished = connections::serve(self.listener, self.app, stop, GRACE).await;
        for task in beside {
            task.abort();
            // It was ended on purpose.
            let _ = task.await;
        }
        if finished {
            close(store).await;
            tracing::info!("stopped");
        } else {
            // Whoever drops the last handle waits for what the store has begun, and it has begun what does not end.
            mem::forget(store);
            tracing::warn!("stopped with requests unanswered: the time for them was over");
        }
    }
}

/// Closes the store, whose last handle this is. One that hangs is left to the end of the process: what it has begun and
/// not acknowledged may or may not be written.
async fn close(store: Arc<Store>) {
    if timeout(CLOSING, spawn_blocking(move || drop(store))).await.is_err() {
        tracing::warn!("the store does not close");
    }
}

/// Logs where the server is and what stands there.
fn announce(mounts: &[regrant_http::Mount], address: SocketAddr) {
    tracing::info!(%address, "listening");
    for mount in mounts {
        tracing::info!(dialect = dialect_name(&mount.dialect), token = mount.token.as_str(), "mounted");
    }
}

/// The name of a dialect, as the configuration file has it.
pub(crate) const fn dialect_name(dialect: &Dialect) -> &'static str {
    match dialect {
        Dialect::Rfc6749 { .. } => "rfc6749",
        Dialect::Payu => "payu",
        Dialect::PartnerJson(_) => "partner_json",
        Dialect::Wso2 => "wso2",
        _ => "unknown",
    }
}
