//! The awaited driver.

use core::mem;

use super::{EngineError, EngineFault, Explanation, Found, Host, conclude, delay, fail};
use crate::answer::{Decision, Introspection, Reply, ResourceAccess, TokenReply};
use crate::client::ClientId;
use crate::decide::Fresh as _;
use crate::exchange::{Committing, Doubt, NeedsClient, begin};
use crate::port::{AsyncClientStore, AsyncTokenStore, CommitOutcome, Revocation};
use crate::record::{Grant, GrantId};
use crate::request::{IntrospectionRequest, IssueRequest, Request, ResourceRequest, RevocationRequest, TokenRequest};
use crate::rules::Rules;
use crate::{Exchange, Settled, Step};

/// The engine over stores that are awaited. It needs no runtime of its own.
#[derive(Debug)]
pub struct AsyncEngine<S, C> {
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

/// What a commit may have ended, and nobody was told of yet. Whoever awaits a request may drop it at any point: the
/// store may commit all the same, and then this is the only one left to tell.
struct Untold<'a> {
    host: &'a Host,
    revocation: Option<Revocation>,
}

impl Drop for Untold<'_> {
    fn drop(&mut self) {
        self.host.publish(self.revocation.take());
    }
}

impl<S: AsyncTokenStore, C: AsyncClientStore> AsyncEngine<S, C> {
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
    pub async fn token(&self, request: TokenRequest<'_>) -> Result<Reply<TokenReply>, EngineError> {
        self.run(&request).await
    }

    /// Answers a revocation. RFC 7009.
    ///
    /// # Errors
    /// The server failed; the token may still live (N-202).
    pub async fn revoke(&self, request: RevocationRequest<'_>) -> Result<Reply<()>, EngineError> {
        self.run(&request).await
    }

    /// Answers an introspection. RFC 7662.
    ///
    /// # Errors
    /// The server failed.
    pub async fn introspect(&self, request: IntrospectionRequest<'_>) -> Result<Reply<Introspection>, EngineError> {
        self.run(&request).await
    }

    /// Checks the bearer token of a call to a protected resource. RFC 6750.
    ///
    /// # Errors
    /// The server failed; the resource must not be served.
    pub async fn resource(&self, request: ResourceRequest<'_>) -> Result<Reply<ResourceAccess>, EngineError> {
        self.run(&request).await
    }

    /// Starts a grant for a user that the host authenticated itself.
    ///
    /// # Errors
    /// The server failed; no token was given out.
    pub async fn issue(&self, request: IssueRequest) -> Result<Reply<TokenReply>, EngineError> {
        self.run(&request).await
    }

    /// Decides like the real thing, without commit, observer, throttle or feed.
    ///
    /// # Errors
    /// The server failed.
    pub async fn explain<R: Request>(&self, request: &R) -> Result<Explanation, EngineError> {
        match self.advance(begin(&self.rules, request), None).await? {
            Pending::Done(settled) => Ok(Explanation::new(&settled.decision, None)),
            Pending::Commit(committing) => {
                let (decision, change) = committing.foretell();
                Ok(Explanation::new(decision, Some(change)))
            }
        }
    }

    /// One request, from its beginning to its committed answer.
    async fn run<R: Request>(&self, request: &R) -> Result<Reply<R::Reply>, EngineError> {
        let mut step = begin(&self.rules, request);
        let mut untold = Untold { host: &self.host, revocation: None };
        let outcome = loop {
            match self.advance(step, Some(&self.host)).await {
                Ok(Pending::Done(settled)) => break Ok(conclude(&self.host, settled, untold.revocation.take())),
                Ok(Pending::Commit(committing)) => match self.commit(committing, &mut untold.revocation).await {
                    Ok(Step::Done(settled)) => break Ok(conclude(&self.host, settled, untold.revocation.take())),
                    Ok(next) => step = next,
                    Err(error) => break Err(error),
                },
                Err(error) => break Err(error),
            }
        };
        outcome.inspect_err(|error| fail(&self.host, error, untold.revocation.take()))
    }

    /// Loads what a request needs, step by step, until it is answered or must write.
    async fn advance<'a, R: Request>(
        &'a self,
        mut step: Step<'a, R>,
        host: Option<&Host>,
    ) -> Result<Pending<'a, R>, EngineError> {
        loop {
            step = match step {
                Step::NeedsClient(exchange) => self.identify(exchange, host).await?,
                Step::NeedsGrant(exchange) => {
                    let found = self.load(exchange.grant_id(), || exchange.faulted()).await?;
                    exchange.with_grant(found, self.host.clock().now())
                }
                Step::NeedsOwner(exchange) => {
                    let owner = self.client(exchange.owner_id(), || exchange.faulted()).await?;
                    exchange.with_owner(owner, self.host.clock().now())
                }
                Step::Committing(committing) => return Ok(Pending::Commit(committing)),
                Step::Done(settled) => return Ok(Pending::Done(settled)),
                Step::Failed(fault, decision) => return Err(EngineError { fault: fault.into(), decision }),
            }
        }
    }

    /// Looks the client up and lets it prove who it is.
    async fn identify<'a, R: Request>(
        &'a self,
        exchange: Exchange<'a, NeedsClient<'a, R>>,
        host: Option<&Host>,
    ) -> Result<Step<'a, R>, EngineError> {
        if let Some(after) = host.and_then(|host| delay(host, &exchange)) {
            return Ok(exchange.throttled(after));
        }
        let client = match exchange.client_id() {
            Some(id) => self.client(id, || exchange.faulted()).await?,
            None => None,
        };
        let fresh = R::Fresh::draw(self.host.entropy())
            .map_err(|error| EngineError { fault: EngineFault::Entropy(error), decision: exchange.faulted() })?;
        Ok(exchange.with_client(client, fresh, self.host.clock().now(), host.and_then(Host::throttle)))
    }

    /// Commits a change and tells the exchange what became of it.
    async fn commit<'a, R: Request + 'a>(
        &'a self,
        committing: Committing<'a, R::Plan, R::Reply>,
        untold: &mut Option<Revocation>,
    ) -> Result<Step<'a, R>, EngineError> {
        let (change, settling) = committing.split();
        // Noted before the store is asked: nothing runs here any more if this future is dropped meanwhile.
        let earlier = mem::replace(untold, settling.revocation().or(*untold));
        let error = match self.store.commit(change).await {
            Ok(CommitOutcome::Conflict) => {
                *untold = earlier;
                return Ok(settling.settle(CommitOutcome::Conflict));
            }
            Ok(CommitOutcome::Committed) => return Ok(settling.settle(CommitOutcome::Committed)),
            Err(error) => error,
        };
        match settling.in_doubt() {
            Doubt::LookAgain(step) => Ok(step),
            Doubt::GiveUp(decision) => Err(EngineError { fault: EngineFault::store(error), decision }),
        }
    }

    async fn load(&self, id: &GrantId, faulted: impl FnOnce() -> Decision) -> Result<Option<Grant>, EngineError> {
        let found = self.store.load(id).await;
        found.map_err(|error| EngineError { fault: EngineFault::store(error), decision: faulted() })
    }

    async fn client(&self, id: &ClientId, faulted: impl FnOnce() -> Decision) -> Result<Found, EngineError> {
        let found = self.clients.client(id).await;
        found.map_err(|error| EngineError { fault: EngineFault::clients(error), decision: faulted() })
    }
}
