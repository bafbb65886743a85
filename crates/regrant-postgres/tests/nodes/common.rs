//! What all of this binary shares: a client, engines over one database, and a clock that a test moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use regrant::{
    AsyncEngine, Client, ClientId, ClientSecretDigest, Clock, Credentials, GrantTypes, Host, IntrospectionRight,
    Pepper, Policy, Reason, Reply, Rules, Scope, SecretMethods, StaticClients, SystemEntropy, Timestamp, TokenReply,
    TokenRequest,
};
use regrant_postgres::{Options, PostgresStore};

pub(crate) const CLIENT: &str = "web";
pub(crate) const SECRET: &str = "web-secret-of-many-characters";

/// One of several nodes: an engine over a store of its own.
pub(crate) type Node = AsyncEngine<PostgresStore, StaticClients>;

/// A clock that the test moves.
#[derive(Clone, Debug)]
pub(crate) struct Hands(Arc<AtomicU64>);

impl Hands {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicU64::new(Timestamp::from_unix_seconds(1_800_000_000).unix_millis())))
    }

    pub(crate) fn move_by(&self, span: Duration) {
        self.0.fetch_add(u64::try_from(span.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_millis(self.0.load(Ordering::SeqCst))
    }
}

/// The policy of the client where a test does not say another one.
pub(crate) fn policy() -> Policy {
    Policy::default()
}

pub(crate) fn client(policy: Policy) -> Client {
    let id = ClientId::parse(CLIENT).unwrap();
    let mut client = Client::confidential(id, SecretMethods::ALL, vec![ClientSecretDigest::of(SECRET)]).unwrap();
    client.grants = GrantTypes::ALL;
    client.scope = Scope::parse("read write").unwrap();
    client.introspection = IntrospectionRight::Own;
    client.with_policy(policy).unwrap()
}

/// A node over a store.
pub(crate) fn node(store: PostgresStore, clock: impl Clock + 'static, policy: Policy) -> Node {
    let clients = StaticClients::new([client(policy)]).unwrap();
    let host = Host::new(clock, SystemEntropy);
    AsyncEngine::new(store, clients, Rules::new(Pepper::new(vec![9; 32]).unwrap()), host)
}

/// A store with one connection, in which nobody has waited for too long, however slow the machine.
pub(crate) fn patient(url: &str) -> Options {
    let mut options = Options::new(url).unwrap();
    options.connections = 1;
    options.patience = Duration::from_mins(1);
    options
}

pub(crate) async fn open(url: &str) -> PostgresStore {
    PostgresStore::open(patient(url)).await.unwrap()
}

pub(crate) fn credentials() -> Credentials<'static> {
    Credentials { client_id: Some(CLIENT), client_secret: Some(SECRET), ..Credentials::default() }
}

pub(crate) fn refresh(token: &str) -> TokenRequest<'_> {
    let grant_type = Some("refresh_token");
    TokenRequest { credentials: credentials(), grant_type, refresh_token: Some(token), scope: None }
}

/// The time of this machine.
pub(crate) fn wall() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    Timestamp::from_unix_millis(u64::try_from(since.as_millis()).unwrap())
}

/// An answer, or why there is none.
pub(crate) fn present(reply: Reply<TokenReply>) -> Result<TokenReply, Reason> {
    match reply.refusal() {
        Some(refusal) => Err(refusal.reason),
        None => Ok(reply.success().unwrap()),
    }
}
