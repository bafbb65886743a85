//! The engine as this host runs it.

use std::sync::Arc;

use regrant::{
    AsyncEngine, Engine, EngineError, Host, IssueRequest, Policy, Reply, RevocationSink, Rules, StaticClients,
    TokenReply,
};
use regrant_memory::MemoryStore;

use crate::store::{Clients, Store, Table};

/// An engine for each kind of store.
#[derive(Debug)]
pub(super) enum HostEngine {
    /// Over a store that never waits: a request is decided at once, and there is nothing to interrupt.
    AtOnce(Engine<Arc<MemoryStore>, StaticClients>),
    /// Over a store that waits for a disk or a network.
    Awaited(Arc<AsyncEngine<Arc<Store>, Clients<Table>>>),
}

impl HostEngine {
    pub(super) fn new(store: &Arc<Store>, clients: StaticClients, policy: Policy, rules: Rules, host: Host) -> Self {
        match &**store {
            Store::Memory(memory) => Self::AtOnce(Engine::new(Arc::clone(memory), clients, rules, host)),
            Store::Sqlite(_) | Store::Postgres(_) => {
                let clients = Clients::new(clients, policy, store);
                Self::Awaited(Arc::new(AsyncEngine::new(Arc::clone(store), clients, rules, host)))
            }
        }
    }

    /// What keeps things that another node may change.
    pub(super) fn caches(&self) -> Vec<Arc<dyn RevocationSink>> {
        match self {
            Self::AtOnce(_) => Vec::new(),
            Self::Awaited(engine) => engine.clients().cache().map(|cache| Arc::new(cache) as _).into_iter().collect(),
        }
    }

    /// Starts a grant.
    pub(super) async fn issue(&self, request: IssueRequest) -> Result<Reply<TokenReply>, EngineError> {
        match self {
            Self::AtOnce(engine) => engine.issue(request),
            Self::Awaited(engine) => engine.issue(request).await,
        }
    }
}
