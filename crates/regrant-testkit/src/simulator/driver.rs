//! A driver of the engine's steps, and the drivers that get it wrong.
//!
//! It does what the shipped drivers do, step by step, so that the world can stop it before and after every load and
//! every commit. The planted bugs of drivers live here.

use regrant::exchange::{Doubt, NeedsClient, Settling, begin};
use regrant::{
    AsyncClientStore as _, AsyncTokenStore as _, Change, CommitOutcome, Exchange, Fault, Outcome, Reason, Reply,
    Request, Step,
};

use super::ask::{Ask, Failure};
use super::desk::{Operation, StoreFailed};
use super::node::Node;
use super::plant::Plant;

impl From<StoreFailed> for Failure {
    fn from(_: StoreFailed) -> Self {
        Self::Store
    }
}

impl Node {
    /// One request, from its beginning to its committed answer.
    pub(super) async fn drive<'a, R: Request + 'a>(
        &'a self,
        ask: &Ask,
        request: &'a R,
        fresh: impl Fn() -> R::Fresh,
    ) -> Result<Reply<R::Reply>, Failure> {
        let mut step = begin(&self.rules, request);
        loop {
            step = match step {
                Step::NeedsClient(exchange) => self.identify(exchange, &fresh).await?,
                Step::NeedsGrant(exchange) => {
                    let found = self.port.load(exchange.grant_id()).await?;
                    exchange.with_grant(self.shown(ask, found), self.now())
                }
                Step::NeedsOwner(exchange) => {
                    let owner = self.port.client(exchange.owner_id()).await?;
                    exchange.with_owner(owner, self.now())
                }
                Step::Committing(committing) => {
                    let replay = committing.foretell().0.outcome == Outcome::Refused(Reason::Replay);
                    let (change, settling) = committing.split();
                    match self.commit(replay, self.to_write(ask, change), settling).await? {
                        Some(step) => step,
                        None => begin(&self.rules, request),
                    }
                }
                Step::Done(settled) => return Ok(settled.reply),
                Step::Failed(Fault::Contended { .. }, _) => return Err(Failure::Contended),
                Step::Failed(Fault::PepperMismatch, _) => return Err(Failure::Other),
            }
        }
    }

    async fn identify<'a, R: Request + 'a>(
        &'a self,
        exchange: Exchange<'a, NeedsClient<'a, R>>,
        fresh: &impl Fn() -> R::Fresh,
    ) -> Result<Step<'a, R>, Failure> {
        let client = match exchange.client_id() {
            Some(id) => self.port.client(id).await?,
            None => None,
        };
        Ok(exchange.with_client(client, fresh(), self.now(), None))
    }

    /// The step after a commit; `None` is a planted bug, that forgets everything and begins again.
    async fn commit<'a, R: Request + 'a>(
        &'a self,
        replay: bool,
        change: Change,
        settling: Box<Settling<'a, R::Plan, R::Reply>>,
    ) -> Result<Option<Step<'a, R>>, Failure> {
        if self.plant == Some(Plant::ReplayNotWritten) && replay {
            return Ok(Some(settling.settle(CommitOutcome::Committed)));
        }
        if self.plant == Some(Plant::AnsweredBeforeCommit) {
            self.port.0.ask_only(Operation::Commit(change));
            return Ok(Some(settling.settle(CommitOutcome::Committed)));
        }
        let outcome = self.port.commit(change).await;
        match (self.plant, outcome) {
            (Some(Plant::EntropyRedrawn), Err(_) | Ok(CommitOutcome::Conflict)) => Ok(None),
            (Some(Plant::AttemptForgotten), Err(_)) => {
                self.port.0.rewind_entropy();
                Ok(None)
            }
            (Some(Plant::DoubtTakenForConflict), Err(_)) => Ok(Some(settling.settle(CommitOutcome::Conflict))),
            (Some(Plant::ConflictSwallowed), Ok(CommitOutcome::Conflict)) => {
                Ok(Some(settling.settle(CommitOutcome::Committed)))
            }
            (_, Ok(outcome)) => Ok(Some(settling.settle(outcome))),
            (_, Err(error)) => match settling.in_doubt() {
                Doubt::LookAgain(step) => Ok(Some(step)),
                Doubt::GiveUp(_) => Err(error.into()),
            },
        }
    }
}
