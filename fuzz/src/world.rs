//! One engine over a memory store, with a clock and a random source that the input controls.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use regrant::{
    Attributes, Client, ClientId, ClientSecretDigest, Engine, Entropy, GrantFilter, GrantManagement, GrantTypes, Host,
    IntrospectionRight, IssueRequest, Pepper, Policy, RefreshFamily, Rules, Scope, SecretMethods, StaticClients,
    Subject, Timestamp, TokenReply,
};
use regrant_memory::MemoryStore;

/// The instant at which every run starts.
pub const START: u64 = 1_700_000_000_000;
/// The retry window of every client.
pub const WINDOW: Duration = Duration::from_secs(10);

pub struct World {
    pub engine: Engine<MemoryStore, StaticClients>,
    clock: Arc<AtomicU64>,
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl World {
    pub fn new() -> Self {
        let clock = Arc::new(AtomicU64::new(START));
        let reader = Arc::clone(&clock);
        let now = move || Timestamp::from_unix_millis(reader.load(Ordering::Relaxed));
        let drawn = AtomicU64::new(0);
        let entropy = move || Ok(counted(drawn.fetch_add(1, Ordering::Relaxed)));
        let rules = Rules::new(Pepper::new(vec![7; 32]).expect("long enough"));
        let engine = Engine::new(MemoryStore::new(), clients(), rules, Host::new(now, entropy));
        Self { engine, clock }
    }

    pub fn advance(&self, millis: u64) {
        self.clock.fetch_add(millis, Ordering::Relaxed);
    }

    pub fn now(&self) -> u64 {
        self.clock.load(Ordering::Relaxed)
    }

    pub fn issue(&self, client: &str, scope: &str) -> TokenReply {
        let scope = Scope::parse(scope).expect("a scope of the target");
        let mut attributes = Attributes::new();
        attributes.insert("user_uuid", "u-1").expect("a legal attribute");
        let subject = Some(Subject::parse("subject").expect("a legal subject"));
        let request = IssueRequest { client_id: id(client), subject, scope, attributes };
        let reply = self.engine.issue(request).expect("memory does not fail");
        reply.success().expect("the client may have it")
    }
}

impl World {
    /// What holds of every record, whatever was asked: it is bounded.
    pub fn check(&self) {
        let grants = self.engine.store().list(&GrantFilter::All, None, usize::MAX).expect("memory does not fail");
        for grant in grants {
            assert!(grant.access().len() <= usize::from(Policy::default().max_access_tokens), "access tokens pile up");
            assert!(
                grant.refresh().is_none_or(|family| family.spent.len() <= RefreshFamily::MAX_SPENT),
                "spent ones too"
            );
        }
    }
}

/// Distinct for every draw; a fuzzer needs no secrecy.
fn counted(draw: u64) -> Entropy {
    let mut bytes = [0; Entropy::LENGTH];
    for (part, chunk) in bytes.chunks_mut(8).enumerate() {
        let mixed = (draw + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (part as u64).wrapping_mul(0xC2B2_AE3D_27D4_EB4F);
        chunk.copy_from_slice(&mixed.to_be_bytes());
    }
    Entropy::from_bytes(&bytes)
}

pub fn id(text: &str) -> ClientId {
    ClientId::parse(text).expect("a client of the target")
}

fn clients() -> StaticClients {
    let secrets = |secret: &str| vec![ClientSecretDigest::of(secret)];
    let confidential = |name: &str, secret: &str| {
        Client::confidential(id(name), SecretMethods::ALL, secrets(secret)).expect("a client")
    };
    let all = [
        confidential("web", "web-secret"),
        confidential("web2", "web2-secret"),
        confidential("rs", "rs-secret"),
        Client::public(id("app")),
        Client::public(id("p42")),
    ];
    StaticClients::new(all.into_iter().map(equipped)).expect("distinct ids")
}

fn equipped(client: Client) -> Client {
    let mut policy = Policy::default();
    policy.retry_window = WINDOW;
    let mut client = client.with_policy(policy).expect("a legal policy");
    client.grants = GrantTypes::ALL;
    client.scope = Scope::parse("read write admin").expect("a scope");
    client.introspection =
        if matches!(client.id().as_str(), "web2" | "rs") { IntrospectionRight::Any } else { IntrospectionRight::Own };
    client
}
