//! The blocking driver.

use super::{EngineError, EngineFault, Explanation, Found, Host, conclude, delay, fail};
use crate::answer::{Decision, Introspection, Reply, ResourceAccess, TokenReply};
use crate::client::ClientId;
use crate::decide::Fresh as _;
use crate::exchange::{Committing, Doubt, NeedsClient, begin};
use crate::port::{ClientStore, Revocation, TokenStore};
use crate::record::{Grant, GrantId};
use crate::request::{IntrospectionRequest, IssueRequest, Request, ResourceRequest, RevocationRequest, TokenRequest};
use crate::rules::Rules;
use crate::{Exchange, Settled, Step};

/// The engine over blocking stores.
#[derive(Debug)]
pub struct Engine<S, C> {
    store: S,
    clients: C,
    rules: Rules,
    host: Host,
}

/// What a request comes to before anything is written.
#[derive(Debug)]
enum Pending<'a, R: Request> {
    Done(Settled<R::Reply>),
    Commit(Committing<'a, R::Plan, R::Reply>),
}

impl<S: TokenStore, C: ClientStore> Engine<S, C> {
    /// Puts an engine together.
    pub const fn new(store: S, clients: C, rules: Rules, host: Host) -> Self {
        Self { store, clients, rules, host }
    }

    /// The store of grants.
    pub const fn store(&self) -> &S {
        &self.store
    }

    /// The store of clients.
    pub const fn clients(&self) -> &C {
        &self.clients
    }

    /// The rules.
    pub const fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Tells the host's observer of a decision that was made before the engine was asked: the wire refuses what it
    /// cannot read.
    pub fn observe(&self, decision: &Decision) {
        self.host.observe(decision);
    }

    /// Answers a request to the token endpoint. RFC 6749 §3.2.
    ///
    /// # Errors
    /// The server failed; see [`EngineFault`].
    pub fn token(&self, request: TokenRequest<'_>) -> Result<Reply<TokenReply>, EngineError> {
        self.run(&request)
    }

    /// Answers a revocation. RFC 7009.
    ///
    /// # Errors
    /// The server failed; the token may still live (N-202).
    pub fn revoke(&self, request: RevocationRequest<'_>) -> Result<Reply<()>, EngineError> {
        self.run(&request)
    }

    /// Answers an introspection. RFC 7662.
    ///
    /// # Errors
    /// The server failed.
    pub fn introspect(&self, request: IntrospectionRequest<'_>) -> Result<Reply<Introspection>, EngineError> {
        self.run(&request)
    }

    /// Checks the bearer token of a call to a protected resource. RFC 6750.
    ///
    /// # Errors
    /// The server failed; the resource must not be served.
    pub fn resource(&self, request: ResourceRequest<'_>) -> Result<Reply<ResourceAccess>, EngineError> {
        self.run(&request)
    }

    /// Starts a grant for a user that the host authenticated itself.
    ///
    /// # Errors
    /// The server failed; no token was given out.
    #[expect(clippy::needless_pass_by_value, reason = "a request is made once: the same values are another grant")]
    pub fn issue(&self, request: IssueRequest) -> Result<Reply<TokenReply>, EngineError> {
        self.run(&request)
    }

    /// Decides like the real thing, without commit, observer, throttle or feed.
    ///
    /// # Errors
    /// The server failed.
    pub fn explain<R: Request>(&self, request: &R) -> Result<Explanation, EngineError> {
        match self.advance(begin(&self.rules, request), None)? {
            Pending::Done(settled) => Ok(Explanation::new(&settled.decision, None)),
            Pending::Commit(committing) => {
                let (decision, change) = committing.foretell();
                Ok(Explanation::new(decision, Some(change)))
            }
        }
    }

    /// One request, from its beginning to its committed answer.
    fn run<R: Request>(&self, request: &R) -> Result<Reply<R::Reply>, EngineError> {
        let (mut step, mut doubted) = (begin(&self.rules, request), None);
        let outcome = loop {
            match self.advance(step, Some(&self.host)) {
                Ok(Pending::Done(settled)) => break Ok(conclude(&self.host, settled, doubted)),
                Ok(Pending::Commit(committing)) => match self.commit(committing, &mut doubted) {
                    Ok(Step::Done(settled)) => break Ok(conclude(&self.host, settled, doubted)),
                    Ok(next) => step = next,
                    Err(error) => break Err(error),
                },
                Err(error) => break Err(error),
            }
        };
        outcome.inspect_err(|error| fail(&self.host, error, doubted))
    }

    /// Loads what a request needs, step by step, until it is answered or must write.
    fn advance<'a, R: Request>(
        &'a self,
        mut step: Step<'a, R>,
        host: Option<&Host>,
    ) -> Result<Pending<'a, R>, EngineError> {
        loop {
            step = match step {
                Step::NeedsClient(exchange) => self.identify(exchange, host)?,
                Step::NeedsGrant(exchange) => {
                    let found = self.load(exchange.grant_id(), || exchange.faulted())?;
                    exchange.with_grant(found, self.host.clock().now())
                }
                Step::NeedsOwner(exchange) => {
                    let owner = self.client(exchange.owner_id(), || exchange.faulted())?;
                    exchange.with_owner(owner, self.host.clock().now())
                }
                Step::Committing(committing) => return Ok(Pending::Commit(committing)),
                Step::Done(settled) => return Ok(Pending::Done(settled)),
                Step::Failed(fault, decision) => return Err(EngineError { fault: fault.into(), decision }),
            }
        }
    }

    /// Looks the client up and lets it prove who it is.
    fn identify<'a, R: Request>(
        &'a self,
        exchange: Exchange<'a, NeedsClient<'a, R>>,
        host: Option<&Host>,
    ) -> Result<Step<'a, R>, EngineError> {
        if let Some(after) = host.and_then(|host| delay(host, &exchange)) {
            return Ok(exchange.throttled(after));
        }
        let client = match exchange.client_id() {
            Some(id) => self.client(id, || exchange.faulted())?,
            None => None,
        };
        let fresh = R::Fresh::draw(self.host.entropy())
            .map_err(|error| EngineError { fault: EngineFault::Entropy(error), decision: exchange.faulted() })?;
        Ok(exchange.with_client(client, fresh, self.host.clock().now(), host.and_then(Host::throttle)))
    }

    /// Commits a change and tells the exchange what became of it.
    fn commit<'a, R: Request>(
        &'a self,
        committing: Committing<'a, R::Plan, R::Reply>,
        doubted: &mut Option<Revocation>,
    ) -> Result<Step<'a, R>, EngineError> {
        let (change, settling) = committing.split();
        let error = match self.store.commit(change) {
            Ok(outcome) => return Ok(settling.settle(outcome)),
            Err(error) => error,
        };
        *doubted = settling.revocation().or(*doubted);
        match settling.in_doubt() {
            Doubt::LookAgain(step) => Ok(step),
            Doubt::GiveUp(decision) => Err(EngineError { fault: EngineFault::store(error), decision }),
        }
    }

    fn load(&self, id: &GrantId, faulted: impl FnOnce() -> Decision) -> Result<Option<Grant>, EngineError> {
        let found = self.store.load(id);
        found.map_err(|error| EngineError { fault: EngineFault::store(error), decision: faulted() })
    }

    fn client(&self, id: &ClientId, faulted: impl FnOnce() -> Decision) -> Result<Found, EngineError> {
        let found = self.clients.client(id);
        found.map_err(|error| EngineError { fault: EngineFault::clients(error), decision: faulted() })
    }
}
