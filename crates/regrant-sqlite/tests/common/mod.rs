//! What the tests of this crate share.
#![allow(dead_code, clippy::unwrap_used, reason = "each test uses a part, and fails by a panic")]

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use regrant::{
    AccessEntry, Attributes, Client, ClientId, ClientSecretDigest, Credentials, Digest, Engine, Few, Grant, GrantId,
    GrantState, GrantTypes, Host, IntrospectionRight, Pepper, Policy, RefreshFamily, Retry, Revision, Rules, Scope,
    SecretMethods, Spent, StaticClients, Subject, SystemEntropy, Terms, Timestamp, TokenRequest,
};
use regrant_sqlite::{Options, SqliteStore};
use rusqlite::Connection;
use tempfile::TempDir;

pub(crate) const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);
pub(crate) const DAY: Duration = Duration::from_hours(24);

/// A directory with a database in it.
pub(crate) struct Place {
    directory: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("grants.db")
    }

    pub(crate) fn options(&self) -> Options {
        Options::new(self.path())
    }

    pub(crate) fn open(&self) -> SqliteStore {
        SqliteStore::open(&self.options()).unwrap()
    }

    /// A connection beside the store, which checks nothing.
    pub(crate) fn raw(&self) -> Connection {
        let connection = Connection::open(self.path()).unwrap();
        connection.execute_batch("PRAGMA ignore_check_constraints = ON").unwrap();
        connection
    }
}

pub(crate) fn id(n: u8) -> GrantId {
    GrantId::from_bytes([n; 16])
}

pub(crate) fn digest(n: u8) -> Digest {
    Digest::from_bytes([n; 32])
}

/// The refresh tokens of a grant whose current one expires at `expires_at`.
pub(crate) fn family(expires_at: Timestamp) -> RefreshFamily {
    RefreshFamily {
        lineage: digest(1),
        current: digest(2),
        issued_at: NOW,
        expires_at,
        generation: 3,
        retry: Some(Retry { salt: [4; 32], intact: true }),
        spent: Few::one(Spent { digest: digest(5), at: NOW }),
    }
}

/// A grant with something in every field.
pub(crate) fn full(id: GrantId, client: &str, expires_at: Timestamp) -> Grant {
    let mut attributes = Attributes::new();
    attributes.insert("user_uuid", "u-1").unwrap();
    let terms = Terms {
        client_id: ClientId::parse(client).unwrap(),
        client_epoch: 7,
        subject: Some(Subject::parse("alice").unwrap()),
        scope: Scope::parse("read write").unwrap(),
        attributes,
        created_at: NOW,
        expires_at: Some(expires_at.after(DAY)),
    };
    let scope = Some(Scope::parse("read").unwrap());
    let access =
        AccessEntry { digest: digest(6), issued_at: NOW, expires_at: NOW.after(Duration::from_mins(1)), scope };
    let refresh = Some(family(expires_at));
    Grant::new(id, Revision::FIRST, GrantState::Active, Arc::new(terms), refresh, vec![access]).unwrap()
}

/// The next version of a grant, with another expiry.
pub(crate) fn next(grant: &Grant, expires_at: Timestamp) -> Grant {
    let refresh = Some(RefreshFamily { generation: 4, ..family(expires_at) });
    let (terms, access) = (Arc::clone(grant.terms()), grant.access().to_vec());
    Grant::new(grant.id(), grant.revision().next(), grant.state(), terms, refresh, access).unwrap()
}

pub(crate) const CLIENT: &str = "web";
pub(crate) const SECRET: &str = "web-secret-of-many-characters";

/// A clock that the test moves.
#[derive(Clone, Debug)]
pub(crate) struct Hands(Arc<AtomicU64>);

impl Hands {
    pub(crate) fn new() -> Self {
        Self::at(NOW.unix_millis())
    }

    pub(crate) fn at(millis: u64) -> Self {
        Self(Arc::new(AtomicU64::new(millis)))
    }

    pub(crate) fn move_by(&self, span: Duration) {
        self.0.fetch_add(u64::try_from(span.as_millis()).unwrap(), Ordering::SeqCst);
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_unix_millis(self.0.load(Ordering::SeqCst))
    }
}

pub(crate) fn client() -> Client {
    let id = ClientId::parse(CLIENT).unwrap();
    let mut client = Client::confidential(id, SecretMethods::ALL, vec![ClientSecretDigest::of(SECRET)]).unwrap();
    client.grants = GrantTypes::ALL;
    client.scope = Scope::parse("read write").unwrap();
    client.introspection = IntrospectionRight::Own;
    client
}

pub(crate) fn engine(store: SqliteStore, hands: &Hands) -> Engine<SqliteStore, StaticClients> {
    let hands = hands.clone();
    let mut policy = Policy::default();
    policy.grant_lifetime = None;
    let clients = StaticClients::new([client().with_policy(policy).unwrap()]).unwrap();
    let rules = Rules::new(Pepper::new(vec![9; 32]).unwrap());
    Engine::new(store, clients, rules, Host::new(move || hands.now(), SystemEntropy))
}

pub(crate) fn refresh(token: &str) -> TokenRequest<'_> {
    let credentials = Credentials { client_id: Some(CLIENT), client_secret: Some(SECRET), ..Credentials::default() };
    TokenRequest { credentials, grant_type: Some("refresh_token"), refresh_token: Some(token), scope: None }
}
