//! One request on its way through the engine: a value that moves from typed step to typed step.
//!
//! ```text
//! begin → NeedsClient → NeedsGrant → (NeedsOwner) → Committing → Done
//! ```
//!
//! What a step needs is an argument of its method, so a wrong order does not compile. The reply of a step that writes
//! stays sealed until the outcome of its commit is known. [`Engine`](crate::Engine) drives these steps; a host drives
//! them itself only if it wants another loop.

mod commit;
mod grant;
mod opening;
mod settled;

pub use commit::{Committing, Doubt, Settling};
pub use grant::{NeedsGrant, NeedsOwner};
pub use opening::{NeedsClient, begin};
pub use settled::Settled;

use crate::answer::{Decision, Outcome, Reason, RequestKind, Scheme};
use crate::client::ClientId;
use crate::decide::Fault;
use crate::digest::Digest;
use crate::record::GrantId;
use crate::request::Request;
use crate::rules::Rules;

/// A request at one of its steps.
#[derive(Debug)]
pub struct Exchange<'a, S> {
    rules: &'a Rules,
    context: Context,
    state: S,
}

/// The next step of a request.
#[derive(Debug)]
pub enum Step<'a, R: Request> {
    /// The client that the request claims to come from is needed.
    NeedsClient(Exchange<'a, NeedsClient<'a, R>>),
    /// The record is needed.
    NeedsGrant(Exchange<'a, NeedsGrant<R::Plan>>),
    /// The client that owns the record is needed.
    NeedsOwner(Exchange<'a, NeedsOwner<R::Plan, R::Question>>),
    /// A change waits to be committed.
    Committing(Committing<'a, R::Plan, R::Reply>),
    /// The answer is final.
    Done(Settled<R::Reply>),
    /// The server is at fault; nothing is answered.
    Failed(Fault, Decision),
}

/// What is known of a request wherever it stands.
#[derive(Debug)]
struct Context {
    kind: RequestKind,
    scheme: Scheme,
    /// The identifier as the request gave it, where a client of that name was found. It is the request's own, and not
    /// the client's, whose count of owners all requests of that client would share.
    client_id: Option<ClientId>,
    /// Whether the caller's retry window is no longer than the wait that is asked for elsewhere.
    brief: bool,
    grant_id: Option<GrantId>,
    attempts: u32,
    attempted: Option<Digest>,
    doubts: u32,
}

impl Context {
    fn new(kind: RequestKind) -> Self {
        // N-180: a resource challenges for a bearer token, whatever came in its place.
        let scheme = if matches!(kind, RequestKind::Resource) { Scheme::Bearer } else { Scheme::None };
        Self { kind, scheme, client_id: None, brief: false, grant_id: None, attempts: 0, attempted: None, doubts: 0 }
    }

    fn decision(&self, outcome: Outcome) -> Decision {
        Decision {
            request: self.kind,
            outcome,
            client_id: self.client_id.clone(),
            grant_id: self.grant_id,
            attempts: self.attempts,
        }
    }

    fn refuse<'a, R: Request>(&self, reason: Reason) -> Step<'a, R> {
        Step::Done(Settled::refused(reason, self.scheme, self.decision(Outcome::Refused(reason))))
    }
}

impl<S> Exchange<'_, S> {
    /// The record of a request that a fault of the server ends here.
    pub fn faulted(&self) -> Decision {
        self.context.decision(Outcome::Fault)
    }
}
