//! A server with clients, a clock that a test moves, and an ear for every decision.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use http::{Method, Request};
use regrant::{
    Admission, AsyncEngine, Attempt, Client, ClientId, ClientSecretDigest, Decision, Engine, Grant, GrantId,
    GrantTypes, Host, Inline, IntrospectionRight, IssueRequest, Outcome, Pepper, Reason, Rules, Scope, Secret,
    SecretMethods, StaticClients, Subject, SystemEntropy, Throttle, Timestamp, TokenEncoding,
};
use regrant_http::{
    CacheBounds, Dialect, EndpointPath, IntrospectionCache, Issuer, Limits, Mount, PartnerId, Partners, Realm, Service,
};

use crate::answer::Answer;
use crate::store::Memory;

pub(crate) const FORM: &str = "application/x-www-form-urlencoded";
/// 2025-01-01, a Wednesday.
const START: u64 = 1_735_689_600_000;

/// The tokens of one grant.
#[derive(Debug, Clone)]
pub(crate) struct Tokens {
    pub(crate) refresh: String,
    pub(crate) access: String,
}

pub(crate) struct World {
    pub(crate) engine: Engine<Arc<Memory>, StaticClients>,
    pub(crate) awaited: AsyncEngine<Inline<Arc<Memory>>, StaticClients>,
    pub(crate) service: Service,
    pub(crate) store: Arc<Memory>,
    clock: Arc<AtomicU64>,
    decisions: Arc<Mutex<Vec<Decision>>>,
    delay: Arc<AtomicU64>,
}

/// A throttle that demands a delay where a test has set one, in milliseconds.
struct Delay(Arc<AtomicU64>);

impl Throttle for Delay {
    fn admit(&self, _: Attempt<'_>) -> Admission {
        match self.0.load(Ordering::SeqCst) {
            0 => Admission::Proceed,
            millis => Admission::RetryAfter(Duration::from_millis(millis)),
        }
    }

    fn failed(&self, _: Attempt<'_>) {}

    fn succeeded(&self, _: Attempt<'_>) {}
}

impl World {
    /// Retries off, as the vectors have it.
    pub(crate) fn new() -> Self {
        Self::with(Duration::ZERO, &[7; 32], Arc::default())
    }

    pub(crate) fn with(retry_window: Duration, pepper: &[u8], store: Arc<Memory>) -> Self {
        let clock = Arc::new(AtomicU64::new(START));
        let decisions = Arc::new(Mutex::new(Vec::new()));
        let delay = Arc::new(AtomicU64::new(0));
        let host = || {
            let (clock, decisions) = (Arc::clone(&clock), Arc::clone(&decisions));
            let now = move || Timestamp::from_unix_millis(clock.load(Ordering::SeqCst));
            Host::new(now, SystemEntropy)
                .with_observer(move |decision: &Decision| decisions.lock().unwrap().push(decision.clone()))
                .with_throttle(Delay(Arc::clone(&delay)))
        };
        let rules = || Rules::new(Pepper::new(pepper.to_vec()).unwrap());
        let clients = || StaticClients::new(clients(retry_window)).unwrap();
        Self {
            engine: Engine::new(Arc::clone(&store), clients(), rules(), host()),
            awaited: AsyncEngine::new(Inline(Arc::clone(&store)), clients(), rules(), host()),
            service: Service::new(Realm::parse("test").unwrap(), Limits::default(), mounts()).unwrap(),
            store,
            clock,
            decisions,
            delay,
        }
    }

    /// Remembers active tokens, once the cache is connected.
    pub(crate) fn with_cache(self) -> (Self, Arc<IntrospectionCache>) {
        let clock = Arc::clone(&self.clock);
        let now = move || Timestamp::from_unix_millis(clock.load(Ordering::SeqCst));
        let cache = Arc::new(IntrospectionCache::new(CacheBounds::default(), now, Secret::new([9; 32])));
        let service = self.service.with_cache(Arc::clone(&cache));
        (Self { service, ..self }, cache)
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_unix_millis(self.clock.load(Ordering::SeqCst))
    }

    /// All decisions since the last call.
    pub(crate) fn decisions(&self) -> Vec<Decision> {
        std::mem::take(&mut self.decisions.lock().unwrap())
    }

    /// Demands a delay of whoever authenticates from now on.
    pub(crate) fn slow_down(&self, delay: Duration) {
        self.delay.store(u64::try_from(delay.as_millis()).unwrap(), Ordering::SeqCst);
    }

    /// Starts a grant for a user.
    pub(crate) fn issue(&self, client: &str, scope: &str, attributes: &[(&str, &str)]) -> Tokens {
        let mut request = IssueRequest::new(ClientId::parse(client).unwrap(), Scope::parse(scope).unwrap());
        request.subject = Some(Subject::parse("alice").unwrap());
        for (name, value) in attributes {
            request.attributes.insert(name, value).unwrap();
        }
        let reply = self.engine.issue(request).unwrap().success().unwrap();
        Tokens {
            refresh: reply.refresh_token.unwrap().expose(TokenEncoding::Base64Url).to_string(),
            access: reply.access_token.expose(TokenEncoding::Base64Url).to_string(),
        }
    }

    pub(crate) fn send(&self, request: &Request<Vec<u8>>) -> Answer {
        Answer::of(self.service.handle(&self.engine, request))
    }

    /// A form with the credentials of a client in the header.
    pub(crate) fn post(&self, path: &str, credentials: &str, body: &str) -> Answer {
        self.send(&post(path, credentials, body))
    }

    pub(crate) fn refresh(&self, path: &str, credentials: &str, token: &str) -> Answer {
        self.post(path, credentials, &format!("grant_type=refresh_token&refresh_token={token}"))
    }

    pub(crate) fn advance(&self, span: Duration) {
        self.clock.fetch_add(u64::try_from(span.as_millis()).unwrap(), Ordering::SeqCst);
    }

    pub(crate) fn grants(&self) -> HashMap<GrantId, Grant> {
        self.store.snapshot()
    }

    /// The cause of the latest refusal.
    pub(crate) fn last_reason(&self) -> Option<Reason> {
        match self.decisions.lock().unwrap().last()?.outcome {
            Outcome::Refused(reason) => Some(reason),
            _ => None,
        }
    }
}

/// `id:secret` in the header; nothing for the empty text.
pub(crate) fn post(path: &str, credentials: &str, body: &str) -> Request<Vec<u8>> {
    let request = Request::builder().method(Method::POST).uri(path).header("content-type", FORM);
    let request = match credentials {
        "" => request,
        credentials => request.header("authorization", basic(credentials)),
    };
    request.body(body.as_bytes().to_vec()).unwrap()
}

pub(crate) fn basic(credentials: &str) -> String {
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(credentials))
}

fn path(text: &str) -> EndpointPath {
    EndpointPath::parse(text).unwrap()
}

fn mounts() -> Vec<Mount> {
    let issuer = Some(Issuer::parse("https://as.example").unwrap());
    let partners: Partners = [(42, "p42"), (43, "web")]
        .map(|(n, id)| (PartnerId::new(n), ClientId::parse(id).unwrap()))
        .into_iter()
        .collect();
    vec![
        Mount {
            revoke: Some(path("/revoke")),
            introspect: Some(path("/introspect")),
            resource: Some(path("/resource")),
            ..Mount::new(Dialect::Rfc6749 { issuer }, path("/token"))
        },
        Mount::new(Dialect::Payu, path("/oauth/token")),
        Mount::new(Dialect::PartnerJson(partners), path("/v1/auth/token")),
        Mount { revoke: Some(path("/wso2/revoke")), ..Mount::new(Dialect::Wso2, path("/wso2/token")) },
    ]
}

fn clients(retry_window: Duration) -> Vec<Client> {
    let confidential = |id: &str, secret: &str| {
        let digest = ClientSecretDigest::of(secret);
        Client::confidential(ClientId::parse(id).unwrap(), SecretMethods::ALL, vec![digest]).unwrap()
    };
    let public = |id: &str| Client::public(ClientId::parse(id).unwrap());
    let mut resource_server = confidential("rs", "rs-secret");
    resource_server.introspection = IntrospectionRight::Any;
    let ordinary = [
        confidential("web", "web-secret"),
        confidential("web2", "web2-secret"),
        confidential("IZsIi6HDbB5e8VKdZAnUi_fZ3f8a", "Gm0bJ6oWV8fC5OQLLlC6jslACW8a"),
        public("app"),
        public("p42"),
    ];
    let ordinary = ordinary.map(|client| {
        let mut policy = *client.policy();
        policy.retry_window = retry_window;
        policy.access_token_lifetime = Duration::from_hours(2);
        let mut client = client.with_policy(policy).unwrap();
        client.grants = GrantTypes::ALL;
        client.scope = Scope::parse("read write admin hub_session").unwrap();
        client.introspection = if client.is_public() { IntrospectionRight::None } else { IntrospectionRight::Own };
        client
    });
    let mut norefresh = confidential("norefresh", "s");
    norefresh.grants = GrantTypes::NONE;
    ordinary.into_iter().chain([resource_server, norefresh]).collect()
}
