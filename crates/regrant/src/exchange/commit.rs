//! The step that writes. Its answer is sealed until the outcome of the write is known.

use alloc::boxed::Box;
use core::time::Duration;

use super::{Exchange, NeedsGrant, Settled, Step};
use crate::answer::{Decision, Reason, Refusal, Reply, Scheme};
use crate::decide::{Fault, Write};
use crate::port::{Change, CommitOutcome, Revocation};
use crate::record::{EndReason, GrantId};
use crate::request::Request;
use crate::time::Timestamp;

/// How often a request is decided before other writers have been faster too often.
const MAX_ATTEMPTS: u32 = 32;
/// How many commits of one request may fail before the error of the store is the answer.
const MAX_DOUBTS: u32 = 3;

/// After what time another try makes sense, unless the retry window is no longer than that.
pub(super) const WAIT: Duration = Duration::from_secs(1);

/// A change that waits to be committed, and the answer that waits for it.
#[derive(Debug)]
pub struct Committing<'a, P, T> {
    change: Change,
    /// Boxed, because it is by far the most that a step holds, and all steps are moved.
    settling: Box<Settling<'a, P, T>>,
}

/// A change under way. There is no way to the answer but through the outcome.
#[derive(Debug)]
pub struct Settling<'a, P, T> {
    exchange: Exchange<'a, NeedsGrant<P>>,
    reply: Result<T, Reason>,
    decision: Decision,
    revocation: Option<Revocation>,
    /// The end that is being written: writing it twice is writing it once.
    end: Option<End>,
}

/// A [`Change::End`].
#[derive(Clone, Copy, Debug)]
struct End {
    id: GrantId,
    at: Timestamp,
    reason: EndReason,
}

impl End {
    const fn of(change: &Change) -> Option<Self> {
        match *change {
            Change::End { id, at, reason } => Some(Self { id, at, reason }),
            Change::Insert(_) | Change::Replace { .. } => None,
        }
    }

    const fn change(self) -> Change {
        Change::End { id: self.id, at: self.at, reason: self.reason }
    }
}

/// What a commit of unknown outcome leaves.
#[derive(Debug)]
pub enum Doubt<S> {
    /// The record must be read again: the change may be there. Or an end must be written again, which finds its own.
    LookAgain(S),
    /// It failed too often. The error of the store is the answer.
    GiveUp(Decision),
}

impl<'a, P, T> Committing<'a, P, T> {
    pub(super) fn new(mut exchange: Exchange<'a, NeedsGrant<P>>, write: Write<T>) -> Self {
        let Write { change, outcome, reply, attempted, revocation } = write;
        let decision = exchange.context.decision(outcome);
        let end = End::of(&change);
        exchange.context.attempted = attempted.or(exchange.context.attempted);
        Self { change, settling: Box::new(Settling { exchange, reply, decision, revocation, end }) }
    }

    /// What would be decided and written. The answer stays sealed.
    pub const fn foretell(&self) -> (&Decision, &Change) {
        (&self.settling.decision, &self.change)
    }

    /// Hands out the change, for the store.
    pub fn split(self) -> (Change, Box<Settling<'a, P, T>>) {
        (self.change, self.settling)
    }
}

impl<'a, P, T> Settling<'a, P, T> {
    /// Goes on with the outcome of the commit: the answer, or another look at the record.
    #[expect(clippy::boxed_local, reason = "unboxed, the whole exchange would be copied for its answer")]
    pub fn settle<R>(self: Box<Self>, outcome: CommitOutcome) -> Step<'a, R>
    where
        R: Request<Plan = P, Reply = T>,
    {
        match outcome {
            CommitOutcome::Committed => {
                let reply = unseal(self.reply, self.exchange.context.scheme);
                Step::Done(Settled { reply, decision: self.decision, revocation: self.revocation })
            }
            CommitOutcome::Conflict if self.exchange.context.attempts < MAX_ATTEMPTS => Step::NeedsGrant(self.exchange),
            CommitOutcome::Conflict => {
                let fault = Fault::Contended { retry_after: self.retry_after() };
                let decision = self.exchange.faulted();
                Step::Failed(fault, decision)
            }
        }
    }

    /// What has ended, if the change is committed.
    pub const fn revocation(&self) -> Option<Revocation> {
        self.revocation
    }

    /// The outcome is unknown: the store failed while it committed. From here on this exchange concludes no replay.
    pub fn in_doubt<R>(mut self: Box<Self>) -> Doubt<Step<'a, R>>
    where
        R: Request<Plan = P, Reply = T>,
    {
        self.exchange.context.doubts += 1;
        if self.exchange.context.doubts >= MAX_DOUBTS {
            return Doubt::GiveUp(self.exchange.faulted());
        }
        // An end asks for no revision, so it is written again instead of looked for: the replay or the revocation that
        // it stands for is then told as what it is, and the feed hears of it.
        match self.end.map(End::change) {
            Some(change) => Doubt::LookAgain(Step::Committing(Committing { change, settling: self.again() })),
            None => Doubt::LookAgain(Step::NeedsGrant(self.exchange)),
        }
    }

    fn again(mut self: Box<Self>) -> Box<Self> {
        self.exchange.context.attempts += 1;
        self.decision.attempts += 1;
        self
    }

    /// A wait that ends inside the retry window, so that the client's next try is still a retry.
    fn retry_after(&self) -> Duration {
        if self.exchange.context.brief { Duration::ZERO } else { WAIT }
    }
}

fn unseal<T>(sealed: Result<T, Reason>, scheme: Scheme) -> Reply<T> {
    match sealed {
        Ok(answer) => Reply::Success(answer),
        Err(reason) => Reply::Refused(Refusal::new(reason, scheme)),
    }
}
