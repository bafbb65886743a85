//! One engine with everything around it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use regrant::{
    AsyncEngine, Client, ClientId, Credentials, Decision, Digest, Engine, EngineError, Entropy, EntropyError,
    Explanation, Grant, GrantId, Host, Inline, IntrospectedToken, Introspection, IntrospectionRequest, IssueRequest,
    Pepper, Policy, PresentedToken, Reason, Reply, Request, ResourceAccess, ResourceRequest, RevocationRequest, Rules,
    Scope, Subject, Timestamp, TokenEncoding, TokenReply, TokenRequest,
};

use super::log::Ear;
use super::{Log, TestClients, TestStore, block_on};

/// Which driver a world has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Blocking,
    Awaited,
}

enum Driver {
    Blocking(Engine<Arc<TestStore>, Arc<TestClients>>),
    Awaited(AsyncEngine<Inline<Arc<TestStore>>, Inline<Arc<TestClients>>>),
}

/// The same call on either driver.
macro_rules! drive {
    ($world:expr, $method:ident, $request:expr) => {
        match &$world.driver {
            Driver::Blocking(engine) => engine.$method($request),
            Driver::Awaited(engine) => block_on(engine.$method($request)),
        }
    };
}

/// What is shared by all engines over one store.
#[derive(Clone)]
struct Surroundings {
    store: Arc<TestStore>,
    clients: Arc<TestClients>,
    log: Arc<Log>,
    millis: Arc<AtomicU64>,
    draws: Arc<AtomicU64>,
    dry: Arc<AtomicBool>,
}

/// An engine, its store, its clients, its clock and whoever listens.
pub(crate) struct World {
    around: Surroundings,
    driver: Driver,
    kind: Kind,
}

/// Runs a scenario against each driver.
pub(crate) fn both(scenario: impl Fn(&World)) {
    scenario(&World::new(Kind::Blocking));
    scenario(&World::new(Kind::Awaited));
}

/// The pepper of every world that asks for no other.
pub(crate) const PEPPER: u8 = 0x5c;

impl World {
    /// A world at a fixed instant, with an empty store.
    pub(crate) fn new(kind: Kind) -> Self {
        let around = Surroundings {
            store: Arc::default(),
            clients: Arc::new(TestClients::new()),
            log: Arc::default(),
            millis: Arc::new(AtomicU64::new(1_700_000_000_000)),
            draws: Arc::default(),
            dry: Arc::default(),
        };
        Self::over(around, kind, Rules::new(pepper(PEPPER)))
    }

    fn over(around: Surroundings, kind: Kind, rules: Rules) -> Self {
        let (store, clients) = (Arc::clone(&around.store), Arc::clone(&around.clients));
        let driver = match kind {
            Kind::Blocking => Driver::Blocking(Engine::new(store, clients, rules, around.host())),
            Kind::Awaited => Driver::Awaited(AsyncEngine::new(Inline(store), Inline(clients), rules, around.host())),
        };
        Self { around, driver, kind }
    }

    /// Another engine over the same store, as another process would have.
    pub(crate) fn beside(&self) -> Self {
        self.under(Rules::new(pepper(PEPPER)))
    }

    /// Another engine over the same store, under other rules.
    pub(crate) fn under(&self, rules: Rules) -> Self {
        Self::over(self.around.clone(), self.kind, rules)
    }

    pub(crate) fn store(&self) -> &TestStore {
        &self.around.store
    }

    /// The store, to be kept by something that happens later.
    pub(crate) fn shared_store(&self) -> Arc<TestStore> {
        Arc::clone(&self.around.store)
    }

    pub(crate) fn log(&self) -> &Log {
        &self.around.log
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.around.now()
    }

    pub(crate) fn advance(&self, span: Duration) {
        self.around.millis.fetch_add(u64::try_from(span.as_millis()).unwrap(), Ordering::SeqCst);
    }

    pub(crate) fn set_back(&self, span: Duration) {
        self.around.millis.fetch_sub(u64::try_from(span.as_millis()).unwrap(), Ordering::SeqCst);
    }

    pub(crate) fn set_clock(&self, now: Timestamp) {
        self.around.millis.store(now.unix_millis(), Ordering::SeqCst);
    }

    /// How often randomness was drawn so far.
    pub(crate) fn draws(&self) -> u64 {
        self.around.draws.load(Ordering::SeqCst)
    }

    /// Lets the random source fail from now on.
    pub(crate) fn run_dry(&self) {
        self.around.dry.store(true, Ordering::SeqCst);
    }

    pub(crate) fn client(&self, id: &str, change: impl FnOnce(&mut Client)) {
        self.around.clients.change(id, change);
    }

    pub(crate) fn clients(&self) -> &TestClients {
        &self.around.clients
    }

    pub(crate) fn policy(&self, id: &str, change: impl FnOnce(&mut Policy)) {
        self.around.clients.policy(id, change);
    }

    pub(crate) fn snapshot(&self) -> BTreeMap<GrantId, Grant> {
        self.store().snapshot()
    }

    /// The record that a token speaks of.
    pub(crate) fn record(&self, token: &str) -> Grant {
        self.store().grant(grant_id(token))
    }

    /// A grant for alice, with everything that the engine gives out.
    pub(crate) fn issue(&self, client: &str, scope: &str) -> Tokens {
        let mut request = IssueRequest::new(ClientId::parse(client).unwrap(), Scope::parse(scope).unwrap());
        request.subject = Some(Subject::parse("alice").unwrap());
        tokens(self.try_issue(request)).unwrap()
    }

    pub(crate) fn try_issue(&self, request: IssueRequest) -> Result<Reply<TokenReply>, EngineError> {
        drive!(self, issue, request)
    }

    pub(crate) fn token(&self, request: TokenRequest<'_>) -> Result<Reply<TokenReply>, EngineError> {
        drive!(self, token, request)
    }

    /// A refresh that is answered or refused.
    pub(crate) fn refresh(&self, who: Credentials<'_>, token: &str) -> Result<Tokens, Reason> {
        tokens(self.token(refresh_request(who, token, None)))
    }

    pub(crate) fn refresh_for(&self, who: Credentials<'_>, token: &str, scope: &str) -> Result<Tokens, Reason> {
        tokens(self.token(refresh_request(who, token, Some(scope))))
    }

    /// A refresh in which the server fails.
    pub(crate) fn failed_refresh(&self, who: Credentials<'_>, token: &str) -> EngineError {
        self.token(refresh_request(who, token, None)).expect_err("a fault of the server")
    }

    pub(crate) fn client_credentials(&self, who: Credentials<'_>, scope: Option<&str>) -> Result<Tokens, Reason> {
        let grant_type = Some("client_credentials");
        tokens(self.token(TokenRequest { credentials: who, grant_type, scope, ..TokenRequest::default() }))
    }

    pub(crate) fn try_revoke(&self, who: Credentials<'_>, token: Option<&str>) -> Result<Reply<()>, EngineError> {
        drive!(self, revoke, RevocationRequest { credentials: who, token })
    }

    pub(crate) fn revoke(&self, who: Credentials<'_>, token: &str) -> Result<(), Reason> {
        answered(self.try_revoke(who, Some(token)))
    }

    pub(crate) fn try_introspect(
        &self,
        who: Credentials<'_>,
        token: Option<&str>,
    ) -> Result<Reply<Introspection>, EngineError> {
        drive!(self, introspect, IntrospectionRequest { credentials: who, token })
    }

    /// An introspection that is answered: `None` for an inactive token.
    pub(crate) fn introspect(&self, who: Credentials<'_>, token: &str) -> Option<IntrospectedToken> {
        match answered(self.try_introspect(who, Some(token))).unwrap() {
            Introspection::Active(token) => Some(token),
            Introspection::Inactive => None,
        }
    }

    pub(crate) fn try_resource(&self, token: Option<&str>) -> Result<Reply<ResourceAccess>, EngineError> {
        drive!(self, resource, ResourceRequest { token })
    }

    pub(crate) fn resource(&self, token: &str) -> Result<ResourceAccess, Reason> {
        answered(self.try_resource(Some(token)))
    }

    pub(crate) fn explain<R: Request>(&self, request: &R) -> Explanation {
        drive!(self, explain, request).unwrap()
    }

    /// A decision that was made before the engine was asked.
    pub(crate) fn observe(&self, decision: &Decision) {
        match &self.driver {
            Driver::Blocking(engine) => engine.observe(decision),
            Driver::Awaited(engine) => engine.observe(decision),
        }
    }

    /// The one decision that was told since this was last asked.
    pub(crate) fn decision(&self) -> Decision {
        self.log().decision()
    }
}

impl Surroundings {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_millis(self.millis.load(Ordering::SeqCst))
    }

    fn host(&self) -> Host {
        let (clock, source, log) = (self.clone(), self.clone(), Arc::clone(&self.log));
        Host::new(move || clock.now(), move || source.draw())
            .with_observer(move |decision: &Decision| log.decided(decision))
            .with_feed(Ear(Arc::clone(&self.log)))
            .with_throttle(Ear(Arc::clone(&self.log)))
    }

    /// Bytes that look random, never repeat in one world, and are the same in every run.
    fn draw(&self) -> Result<Entropy, EntropyError> {
        if self.dry.load(Ordering::SeqCst) {
            return Err(EntropyError);
        }
        let draw = self.draws.fetch_add(1, Ordering::SeqCst);
        let block = |part: u8| *Digest::sha256(&[&[part][..], &draw.to_be_bytes()].concat()).as_bytes();
        let bytes = [block(0), block(1), block(2)].concat();
        Ok(Entropy::from_bytes(&bytes.try_into().unwrap()))
    }
}

/// A pepper of one byte's repetition.
pub(crate) fn pepper(byte: u8) -> Pepper {
    Pepper::new(vec![byte; 32]).unwrap()
}

/// A refresh as a request.
pub(crate) fn refresh_request<'a>(who: Credentials<'a>, token: &'a str, scope: Option<&'a str>) -> TokenRequest<'a> {
    TokenRequest { credentials: who, grant_type: Some("refresh_token"), refresh_token: Some(token), scope }
}

/// The grant that a written token names.
pub(crate) fn grant_id(token: &str) -> GrantId {
    PresentedToken::parse(token).unwrap().grant_id()
}

/// A token answer, written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tokens {
    pub(crate) access: String,
    /// Empty where there is none.
    pub(crate) refresh: String,
    pub(crate) expires_in: u64,
    pub(crate) issued_at: Timestamp,
    pub(crate) scope: String,
}

impl From<TokenReply> for Tokens {
    fn from(reply: TokenReply) -> Self {
        let encoding = TokenEncoding::Base64Url;
        Self {
            scope: reply.scope().to_string(),
            access: reply.access_token.expose(encoding).to_string(),
            refresh: reply.refresh_token.map_or_else(String::new, |token| token.expose(encoding).to_string()),
            expires_in: reply.expires_in,
            issued_at: reply.issued_at,
        }
    }
}

/// The answer or the reason of the refusal; a fault of the server is not expected.
pub(crate) fn answered<T>(reply: Result<Reply<T>, EngineError>) -> Result<T, Reason> {
    match reply.expect("no fault of the server") {
        Reply::Success(answer) => Ok(answer),
        Reply::Refused(refusal) => Err(refusal.reason),
    }
}

pub(crate) fn tokens(reply: Result<Reply<TokenReply>, EngineError>) -> Result<Tokens, Reason> {
    answered(reply).map(Tokens::from)
}
