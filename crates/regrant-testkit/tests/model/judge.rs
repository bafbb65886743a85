//! The promises, judged at every write and every answer, by the line of tokens and the true time.

use std::sync::Arc;

use regrant::{EndReason, GrantState, Reason, Reply, Step, TokenReply};

use crate::protocol::{Protocol, Removed, Who, refresh_token};
use crate::state::{Broken, Happened, Link, State};
use crate::steps::{Exchange, Name, Record, Seen};

/// What a presented token is, by the line of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Current,
    Retry,
    InUse,
    Outside,
}

impl Protocol {
    fn standing(&self, state: &State, exchange: &Exchange) -> Standing {
        let depth = exchange.current - exchange.token;
        if depth == 0 {
            return Standing::Current;
        }
        if depth == 1 && exchange.installed == Some(exchange.current) {
            return Standing::Retry;
        }
        let spent_at = state.links[usize::from(exchange.token)].spent_at;
        let age = spent_at.map_or(0, |spent| exchange.loaded_at - spent);
        match (age, depth) {
            _ if self.window().is_zero() => Standing::Outside,
            (2.., _) | (_, 5..) => Standing::Outside,
            (_, 1) => Standing::Retry,
            _ => Standing::InUse,
        }
    }

    /// A write took place. `reply` is the refresh token that its exchange is going to answer.
    pub(crate) fn judge_write(
        &self,
        state: &mut State,
        name: Name,
        exchange: &Exchange,
        before: &Record,
        reply: Option<Arc<str>>,
    ) {
        let after = state.record.clone();
        if before == &after {
            return;
        }
        if self.who(name) == Who::Stranger {
            state.broken.insert(Broken::StrangerPowerless);
        }
        if before.0.is_ended() {
            state.broken.insert(Broken::EndedStaysEnded);
        }
        if let GrantState::Ended { reason, .. } = after.0.state() {
            let replayed = reason == EndReason::Replayed && self.standing(state, exchange) == Standing::Outside;
            if !replayed || exchange.in_doubt {
                state.broken.insert(Broken::InnocentUnharmed);
            }
            return;
        }
        let current = |record: &Record| record.0.refresh().map(|family| *family.current.as_bytes());
        if current(before) != current(&after) {
            rotated(state, name, exchange, reply.unwrap());
        }
        if self.removed == Some(Removed::WindowCloses) {
            state.versions.push(after);
        }
        self.count_living(state, name);
    }

    /// Asks the engine itself about every token: one can be rotated, and no more; and what was answered and is not
    /// spent is that one.
    fn count_living(&self, state: &mut State, name: Name) {
        let seen = [Seen::Loaded(Some(state.record.clone()), u64::from(u32::MAX))];
        let lives = |link: &Link| {
            self.setting((self.owner_place(), name.1, name.2), &link.text)
                .walk(name, &seen, |step| match step {
                    Step::Committing(committing) => committing.foretell().0.outcome == regrant::Outcome::Rotated,
                    _ => false,
                })
                .unwrap_or(false)
        };
        let living: Vec<bool> = state.links.iter().map(lives).collect();
        if living.iter().filter(|lives| **lives).count() > 1 {
            state.broken.insert(Broken::OneSuccessor);
        }
        let taken_back = |(link, lives): (&Link, &bool)| link.answered && link.spent_at.is_none() && !lives;
        if state.links.iter().zip(&living).any(taken_back) {
            state.broken.insert(Broken::AnswerStands);
        }
    }

    fn owner_place(&self) -> u8 {
        let place = self.presenters.iter().position(|(who, _)| *who != Who::Stranger);
        u8::try_from(place.unwrap_or_default()).unwrap()
    }

    /// An exchange has its answer.
    pub(crate) fn judge_answer(&self, state: &mut State, name: Name, exchange: &Exchange, reply: Reply<TokenReply>) {
        let standing = self.standing(state, exchange);
        let ended = exchange.seen.iter().rev().find_map(|seen| match seen {
            Seen::Loaded(record, _) => Some(record.as_ref().is_some_and(|record| record.0.is_ended())),
            _ => None,
        });
        let ended = ended.unwrap_or(false);
        let refusal = reply.refusal().map(|refusal| refusal.reason);
        match refusal {
            None => self.judge_success(state, name, exchange, (standing, ended), refresh_token(reply).as_ref()),
            Some(_) if self.who(name) == Who::Stranger => _ = state.happened.insert(Happened::StrangerRefused),
            Some(Reason::GrantEnded) if ended => _ = state.happened.insert(Happened::EndedRefused),
            Some(reason) => judge_refusal(state, exchange, standing, reason),
        }
        if refusal.is_some_and(|reason| reason != Reason::Replay) && exchange.installed.is_some() && !exchange.in_doubt
        {
            state.broken.insert(Broken::RefusalChangesNothing);
        }
    }

    fn judge_success(
        &self,
        state: &mut State,
        name: Name,
        exchange: &Exchange,
        (standing, ended): (Standing, bool),
        answered: Option<&Arc<str>>,
    ) {
        if self.who(name) == Who::Stranger {
            state.broken.insert(Broken::StrangerPowerless);
        }
        if ended {
            state.broken.insert(Broken::EndedStaysEnded);
        }
        let place = state.links.iter().rposition(|link| Some(&link.text) == answered);
        let Some(place) = place.and_then(|place| u8::try_from(place).ok()) else {
            state.broken.insert(Broken::AnswerStands);
            return;
        };
        match standing {
            Standing::Current if exchange.installed == Some(place) => {}
            Standing::Retry if place == exchange.current => {
                let own = exchange.installed == Some(place);
                state.happened.insert(if own { Happened::DoubtResolved } else { Happened::Retried });
            }
            Standing::Outside => _ = state.broken.insert(Broken::TheftRecognised),
            _ => _ = state.broken.insert(Broken::AnswerStands),
        }
        if *state.successors.entry(exchange.token).or_insert(place) != place {
            state.broken.insert(Broken::OneSuccessor);
        }
        state.links[usize::from(place)].answered = true;
        state.answers.insert((name, place));
    }
}

fn rotated(state: &mut State, name: Name, exchange: &Exchange, text: Arc<str>) {
    state.happened.insert(Happened::Rotated);
    let spent = &mut state.links[usize::from(exchange.token)];
    if spent.spent_at.is_some() {
        state.broken.insert(Broken::OneSuccessor);
    }
    spent.spent_at.get_or_insert(exchange.loaded_at);
    state.links.push(Link { text, spent_at: None, answered: false });
    let place = u8::try_from(state.links.len() - 1).unwrap();
    if let Some(exchange) = state.exchanges.get_mut(&name) {
        exchange.installed = Some(place);
    }
}

fn judge_refusal(state: &mut State, exchange: &Exchange, standing: Standing, reason: Reason) {
    match (standing, reason) {
        (Standing::InUse, Reason::SuccessorInUse) => _ = state.happened.insert(Happened::SuccessorInUse),
        (Standing::Outside, Reason::CommitInDoubt) if exchange.in_doubt => {
            state.happened.insert(Happened::RefusedInDoubt);
        }
        (Standing::Outside, Reason::Replay) if state.record.0.is_ended() => {
            state.happened.insert(Happened::ReplayRefused);
        }
        (Standing::Outside, _) => _ = state.broken.insert(Broken::TheftRecognised),
        _ => _ = state.broken.insert(Broken::InnocentUnharmed),
    }
}
