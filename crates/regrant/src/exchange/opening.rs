//! The first steps: the request alone, and then its client.

use alloc::sync::Arc;
use core::time::Duration;

use super::commit::WAIT;
use super::{Context, Exchange, NeedsGrant, Settled, Step};
use crate::answer::{Outcome, Reason};
use crate::client::{AuthenticatedClient, Claim, Client, ClientId, authenticate};
use crate::decide::{Admission, Opening};
use crate::port::{Attempt, Throttle};
use crate::request::Request;
use crate::rules::Rules;
use crate::time::Timestamp;

/// The request is read; its client is needed.
#[derive(Debug)]
pub struct NeedsClient<'a, R> {
    request: &'a R,
    caller: Caller<'a>,
}

/// Who is said to ask.
#[derive(Debug)]
enum Caller<'a> {
    /// Somebody who must prove it.
    Claimed(Claim<'a>),
    /// A client that the host answers for.
    Vouched(ClientId),
}

impl Caller<'_> {
    const fn id(&self) -> Option<&ClientId> {
        match self {
            Self::Claimed(claim) => claim.id.as_ref(),
            Self::Vouched(id) => Some(id),
        }
    }

    fn into_id(self) -> Option<ClientId> {
        match self {
            Self::Claimed(claim) => claim.id,
            Self::Vouched(id) => Some(id),
        }
    }
}

/// Takes a request up.
pub fn begin<'a, R: Request>(rules: &'a Rules, request: &'a R) -> Step<'a, R> {
    let mut context = Context::new(R::KIND);
    let opening = match request.open() {
        Ok(opening) => opening,
        Err(reason) => return context.refuse(reason),
    };
    context.scheme = opening.scheme();
    let caller = match opening {
        Opening::Load(plan) => return NeedsGrant::step(rules, context, plan),
        Opening::Authenticate(claim) => Caller::Claimed(claim),
        Opening::Vouch(id) => Caller::Vouched(id),
    };
    Step::NeedsClient(Exchange { rules, context, state: NeedsClient { request, caller } })
}

impl<'a, R: Request> Exchange<'a, NeedsClient<'a, R>> {
    /// The client to look up; `None` where the request names none that could exist. The next step is the same then,
    /// without a client.
    pub const fn client_id(&self) -> Option<&ClientId> {
        self.state.caller.id()
    }

    /// What a throttle is asked about; `None` where nobody has to prove anything.
    pub fn attempt(&self) -> Option<Attempt<'_>> {
        match &self.state.caller {
            Caller::Claimed(claim) => Some(Attempt { client_id: claim.id.as_ref(), origin: claim.origin }),
            Caller::Vouched(_) => None,
        }
    }

    /// Refuses without a look at the credentials (N-039).
    pub fn throttled(self, after: Duration) -> Step<'a, R> {
        let decision = self.context.decision(Outcome::Refused(Reason::Throttled));
        Step::Done(Settled::throttled(self.context.scheme, after, decision))
    }

    /// Goes on with the client that was found, or with none. It proves itself before anything is said about its token
    /// (N-081). `throttle` is told whether it proved itself.
    pub fn with_client(
        self,
        client: Option<Arc<Client>>,
        fresh: R::Fresh,
        now: Timestamp,
        throttle: Option<&dyn Throttle>,
    ) -> Step<'a, R> {
        // A store that compares names loosely, by a collation for instance, must lend nobody another's name (N-016).
        let client = client.filter(|client| self.client_id() == Some(client.id()));
        let known = client.as_ref().map(|client| client.policy().retry_window);
        let identified = identified(&self.state.caller, client, now);
        if let (Some(throttle), Some(attempt)) = (throttle, self.attempt()) {
            match &identified {
                // Naming oneself proves nothing: it must not wipe out what the throttle counted (N-022).
                Ok(caller) if caller.is_public() => {}
                Ok(_) => throttle.succeeded(attempt),
                Err(_) => throttle.failed(attempt),
            }
        }
        let Self { rules, mut context, state: NeedsClient { request, caller } } = self;
        if let Some(window) = known {
            context.client_id = caller.into_id();
            context.brief = window <= WAIT;
        }
        let caller = match identified {
            Ok(caller) => caller,
            Err(reason) => return context.refuse(reason),
        };
        match request.admit(caller, fresh, rules) {
            Ok(Admission::Load(plan)) => NeedsGrant::step(rules, context, plan),
            Ok(Admission::Decide(plan)) => NeedsGrant::decide_anew(rules, context, plan, now),
            Ok(Admission::Answer(outcome, answer)) => {
                let decision = context.decision(outcome);
                Step::Done(Settled::answered(answer, decision))
            }
            Err(reason) => context.refuse(reason),
        }
    }
}

fn identified(caller: &Caller<'_>, client: Option<Arc<Client>>, now: Timestamp) -> Result<AuthenticatedClient, Reason> {
    match caller {
        Caller::Claimed(claim) => authenticate(claim, client, now),
        Caller::Vouched(_) => match client {
            Some(client) if client.enabled => Ok(AuthenticatedClient::vouched_for_by_host(client)),
            Some(_) => Err(Reason::ClientDisabled),
            None => Err(Reason::UnknownClient),
        },
    }
}
