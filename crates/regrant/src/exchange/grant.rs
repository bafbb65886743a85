//! The steps that need the record, and the client that owns it.

use alloc::sync::Arc;

use super::{Committing, Context, Exchange, Settled, Step};
use crate::client::{Client, ClientId};
use crate::decide::{Question, Situation, Verdict};
use crate::record::{Grant, GrantId};
use crate::request::Request;
use crate::rules::Rules;
use crate::time::Timestamp;

/// The request is admitted; its record is needed.
#[derive(Debug)]
pub struct NeedsGrant<P> {
    pub(super) plan: P,
    pub(super) id: GrantId,
}

/// The record is known; the client that owns it is needed.
#[derive(Debug)]
pub struct NeedsOwner<P, Q> {
    plan: P,
    question: Q,
}

impl<P> NeedsGrant<P> {
    pub(super) fn step<R: Request<Plan = P>>(rules: &Rules, context: Context, plan: P) -> Step<'_, R> {
        Step::NeedsGrant(Self::exchange::<R>(rules, context, plan))
    }

    /// Decides about a record that does not exist yet.
    pub(super) fn decide_anew<R>(rules: &Rules, context: Context, plan: P, now: Timestamp) -> Step<'_, R>
    where
        R: Request<Plan = P>,
    {
        decide(Self::exchange::<R>(rules, context, plan), None, now)
    }

    fn exchange<R: Request<Plan = P>>(rules: &Rules, mut context: Context, plan: P) -> Exchange<'_, Self> {
        let id = R::grant_id(&plan);
        context.grant_id = Some(id);
        Exchange { rules, context, state: Self { plan, id } }
    }
}

impl<'a, P> Exchange<'a, NeedsGrant<P>> {
    /// The record to load.
    pub const fn grant_id(&self) -> &GrantId {
        &self.state.id
    }

    /// Goes on with the record that was found, or with none.
    pub fn with_grant<R: Request<Plan = P>>(self, found: Option<Grant>, now: Timestamp) -> Step<'a, R> {
        decide(self, found, now)
    }
}

impl<'a, P, Q: Question> Exchange<'a, NeedsOwner<P, Q>> {
    /// The client to look up.
    pub fn owner_id(&self) -> &ClientId {
        self.state.question.owner()
    }

    /// Goes on with the client that was found, or with none.
    pub fn with_owner<R>(self, owner: Option<Arc<Client>>, now: Timestamp) -> Step<'a, R>
    where
        R: Request<Plan = P, Question = Q>,
    {
        let owner = owner.filter(|owner| owner.id() == self.owner_id());
        let Self { rules, context, state: NeedsOwner { plan, question } } = self;
        let verdict = R::conclude(&plan, question, owner, now);
        let id = R::grant_id(&plan);
        next(Exchange { rules, context, state: NeedsGrant { plan, id } }, verdict)
    }
}

fn decide<R: Request>(
    mut exchange: Exchange<'_, NeedsGrant<R::Plan>>,
    found: Option<Grant>,
    now: Timestamp,
) -> Step<'_, R> {
    exchange.context.attempts += 1;
    let Context { attempted, doubts, .. } = exchange.context;
    let situation = Situation { rules: exchange.rules, attempted, in_doubt: doubts > 0, now };
    let verdict = R::decide(&exchange.state.plan, found, &situation);
    next(exchange, verdict)
}

/// The step after a verdict.
fn next<R: Request>(
    exchange: Exchange<'_, NeedsGrant<R::Plan>>,
    verdict: Verdict<R::Reply, R::Question>,
) -> Step<'_, R> {
    let context = &exchange.context;
    match verdict {
        Verdict::Answer(outcome, answer) => Step::Done(Settled::answered(answer, context.decision(outcome))),
        Verdict::Refuse(reason) => context.refuse(reason),
        Verdict::Fault(fault) => Step::Failed(fault, exchange.faulted()),
        Verdict::Write(write) => Step::Committing(Committing::new(exchange, write)),
        Verdict::AskOwner(question) => {
            let Exchange { rules, context, state: NeedsGrant { plan, .. } } = exchange;
            Step::NeedsOwner(Exchange { rules, context, state: NeedsOwner { plan, question } })
        }
    }
}
