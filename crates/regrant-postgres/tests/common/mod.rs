//! What the tests of this crate share.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "each test uses a part, and fails by a panic"
)]

pub(crate) mod blocked;
pub(crate) mod ear;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use regrant::{
    AccessEntry, AsyncEngine, Attributes, Change, Client as RegisteredClient, ClientId, ClientSecretDigest,
    Credentials, Digest, Few, Grant, GrantId, GrantState, GrantTypes, Host, IntrospectionRight, IssueRequest, Pepper,
    Policy, RefreshFamily, Revision, Revocation, Rules, Scope, SecretMethods, Subject, SystemEntropy, Terms, Timestamp,
    TokenEncoding, TokenReply, TokenRequest,
};
use regrant_postgres::{Options, PostgresClients, PostgresStore};
use tokio::runtime::Runtime;
use tokio_postgres::{Client, NoTls};

/// The runtime of all stores of a test binary.
pub(crate) fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Runtime::new().unwrap())
}

/// Opens a store as a node does that starts.
pub(crate) fn open(options: Options) -> PostgresStore {
    runtime().block_on(PostgresStore::open(options)).unwrap()
}

/// The usual options, with few connections: many stores share the server of a test binary.
pub(crate) fn options(url: &str) -> Options {
    let mut options = Options::new(url).unwrap();
    options.connections = 2;
    options
}

/// An SQL session beside the store, as the superuser.
pub(crate) async fn beside(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Waits until a count that the database answers is at least this.
pub(crate) async fn wait_for(beside: &Client, sql: &str, at_least: i64) {
    for _ in 0..3000 {
        if beside.query_one(sql, &[]).await.unwrap().get::<_, i64>(0) >= at_least {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it never came to {at_least}: {sql}");
}

/// How many statements of this database wait for a lock.
pub(crate) const WAITING: &str =
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";

pub(crate) const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);
pub(crate) const DAY: Duration = Duration::from_hours(24);

pub(crate) fn id(n: u64) -> GrantId {
    let mut bytes = [0; 16];
    bytes[8..].copy_from_slice(&n.to_be_bytes());
    GrantId::from_bytes(bytes)
}

fn digest(n: u64) -> Digest {
    let mut bytes = [0; 32];
    bytes[24..].copy_from_slice(&n.to_be_bytes());
    Digest::from_bytes(bytes)
}

/// A grant at a revision, whose refresh token expires in a day.
pub(crate) fn grant(id: GrantId, revision: u64) -> Grant {
    let expires_at = NOW.after(DAY);
    let terms = Terms {
        client_id: ClientId::parse("web").unwrap(),
        client_epoch: 0,
        subject: Some(Subject::parse("alice").unwrap()),
        scope: Scope::parse("read write").unwrap(),
        attributes: Attributes::new(),
        created_at: NOW,
        expires_at: Some(expires_at.after(DAY)),
    };
    let refresh = RefreshFamily {
        lineage: digest(1),
        current: digest(revision + 2),
        issued_at: NOW,
        expires_at,
        generation: revision,
        retry: None,
        spent: Few::new(),
    };
    let access = AccessEntry { digest: digest(0), issued_at: NOW, expires_at: NOW.after(DAY), scope: None };
    let revision = Revision::new(revision);
    Grant::new(id, revision, GrantState::Active, Arc::new(terms), Some(refresh), vec![access]).unwrap()
}

pub(crate) fn insert(id: GrantId) -> Change {
    Change::Insert(grant(id, 1))
}

/// The change from a revision to the next.
pub(crate) fn replace(id: GrantId, expected: u64) -> Change {
    Change::Replace { expected: Revision::new(expected), grant: grant(id, expected + 1), revocation: None }
}

/// A change that takes one access token away.
pub(crate) fn revoke(id: GrantId, expected: u64) -> Change {
    match replace(id, expected) {
        Change::Replace { expected, grant, .. } => {
            let digest = Digest::from_bytes([0xab; 32]);
            Change::Replace { expected, grant, revocation: Some(Revocation::AccessToken { grant: id, digest }) }
        }
        other => panic!("{other:?}"),
    }
}

pub(crate) const SECRET: &str = "web-secret-of-many-characters";

pub(crate) fn web() -> ClientId {
    ClientId::parse("web").unwrap()
}

pub(crate) fn client() -> RegisteredClient {
    let secrets = vec![ClientSecretDigest::of(SECRET)];
    let mut client = RegisteredClient::confidential(web(), SecretMethods::ALL, secrets).unwrap();
    client.grants = GrantTypes::ALL;
    client.scope = Scope::parse("read write").unwrap();
    client.introspection = IntrospectionRight::Own;
    client
}

/// The engine of a node, over the clients of the database.
pub(crate) fn engine(store: &PostgresStore) -> AsyncEngine<PostgresStore, PostgresClients> {
    engine_at(store, || NOW)
}

/// The same, by another clock.
pub(crate) fn engine_at(
    store: &PostgresStore,
    clock: impl Fn() -> Timestamp + Send + Sync + 'static,
) -> AsyncEngine<PostgresStore, PostgresClients> {
    let rules = Rules::new(Pepper::new(vec![9; 32]).unwrap());
    let host = Host::new(clock, SystemEntropy);
    AsyncEngine::new(store.clone(), store.clients(Policy::default()), rules, host)
}

/// Starts a grant; its refresh token.
pub(crate) async fn issue(engine: &AsyncEngine<PostgresStore, PostgresClients>) -> String {
    let order = IssueRequest::new(web(), Scope::parse("read").unwrap());
    refresh_token(engine.issue(order).await.unwrap().success().unwrap())
}

/// Refreshes; the next refresh token.
pub(crate) async fn refresh(engine: &AsyncEngine<PostgresStore, PostgresClients>, token: &str) -> String {
    let credentials = Credentials { client_id: Some("web"), client_secret: Some(SECRET), ..Credentials::default() };
    let request =
        TokenRequest { credentials, grant_type: Some("refresh_token"), refresh_token: Some(token), scope: None };
    refresh_token(engine.token(request).await.unwrap().success().unwrap())
}

fn refresh_token(reply: TokenReply) -> String {
    reply.refresh_token.unwrap().expose(TokenEncoding::Base64Url).to_string()
}
