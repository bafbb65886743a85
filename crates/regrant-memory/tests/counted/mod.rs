//! An engine over the memory store, with a clock that a test moves, in a program that counts its allocations.

#![allow(dead_code, reason = "each of the programs uses a part of it")]

use std::alloc::System;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use regrant::{
    AuthorizationHeader, Client, ClientId, ClientSecretDigest, Credentials, Engine, Entropy, GrantTypes, Host,
    IntrospectionRequest, IntrospectionRight, IssueRequest, Pepper, Rules, Scope, SecretMethods, StaticClients,
    Subject, Timestamp, TokenEncoding, TokenReply, TokenRequest,
};
use regrant_memory::MemoryStore;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// A measurement that begins now.
pub(crate) fn region() -> Region<'static, System> {
    Region::new(ALLOCATOR)
}

/// The written tokens of an answer.
pub(crate) struct Pair {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

impl Pair {
    fn of(reply: &TokenReply) -> Self {
        let written = TokenEncoding::Base64Url;
        let refresh = reply.refresh_token.as_ref().unwrap().expose(written).to_string();
        Self { access: reply.access_token.expose(written).to_string(), refresh }
    }
}

/// One confidential client under the default policy.
pub(crate) struct World {
    pub(crate) engine: Engine<MemoryStore, StaticClients>,
    now: Arc<AtomicU64>,
}

impl World {
    pub(crate) fn new() -> Self {
        let secrets = vec![ClientSecretDigest::of("web-secret")];
        let mut client = Client::confidential(ClientId::parse("web").unwrap(), SecretMethods::ALL, secrets).unwrap();
        client.grants = GrantTypes::ALL;
        client.scope = Scope::parse("read write").unwrap();
        client.introspection = IntrospectionRight::Own;
        let now = Arc::new(AtomicU64::new(1_800_000_000_000));
        let clock = Arc::clone(&now);
        let clock = move || Timestamp::from_unix_millis(clock.load(Ordering::Relaxed));
        let drawn = AtomicU64::new(0);
        // Different at each draw, and spread over all bits as random bytes are.
        let entropy = move || {
            let number = drawn.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let eight = |n: usize| number.rotate_left(u32::try_from(n * 5).unwrap()).to_le_bytes();
            let bytes: [[u8; 8]; 12] = std::array::from_fn(eight);
            Ok(Entropy::from_bytes(bytes.as_flattened().first_chunk().unwrap()))
        };
        let rules = Rules::new(Pepper::new(vec![7; 32]).unwrap());
        let host = Host::new(clock, entropy);
        let engine = Engine::new(MemoryStore::new(), StaticClients::new([client]).unwrap(), rules, host);
        Self { engine, now }
    }

    pub(crate) fn advance(&self, span: Duration) {
        self.now.fetch_add(u64::try_from(span.as_millis()).unwrap(), Ordering::Relaxed);
    }

    pub(crate) fn issue(&self, subject: Option<&str>) -> Pair {
        let mut request = IssueRequest::new(ClientId::parse("web").unwrap(), Scope::parse("read write").unwrap());
        request.subject = subject.map(|subject| Subject::parse(subject).unwrap());
        Pair::of(&self.engine.issue(request).unwrap().success().unwrap())
    }

    pub(crate) fn refresh(&self, token: &str) -> Option<Pair> {
        self.engine.token(refresh(token)).unwrap().success().as_ref().map(Pair::of)
    }
}

fn credentials() -> Credentials<'static> {
    let header = AuthorizationHeader::Basic { user: "web", password: "web-secret" };
    Credentials { header, ..Credentials::default() }
}

pub(crate) fn refresh(token: &str) -> TokenRequest<'_> {
    let grant_type = Some("refresh_token");
    TokenRequest { credentials: credentials(), grant_type, refresh_token: Some(token), scope: None }
}

pub(crate) fn introspection(token: &str) -> IntrospectionRequest<'_> {
    IntrospectionRequest { credentials: credentials(), token: Some(token) }
}
