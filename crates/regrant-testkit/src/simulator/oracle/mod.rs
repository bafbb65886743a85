//! The oracle: it watches every write and every answer, and knows by itself what each should have been.
//!
//! It shares no code with the decisions. It reads tokens with its own eyes, keeps the line of every grant's refresh
//! tokens with the true times at which they were spent, and judges by those.

mod answers;
mod line;
mod transition;

use core::time::Duration;
use std::collections::BTreeMap;

use regrant::{Client, Grant, GrantId, Policy, Reason, Timestamp};

use line::Line;
pub(super) use transition::Written;

use super::ask::{Answer, Verb};
use super::tally::Happening;
use super::trail::Trail;
use super::violation::{Property, Violation, holds};

/// What the oracle knows.
#[derive(Debug)]
pub(super) struct Oracle {
    /// The clients, as they were registered.
    clients: Vec<Client>,
    /// How far the clocks of two nodes are apart at most.
    spread: Duration,
    lines: BTreeMap<GrantId, Line>,
}

impl Oracle {
    pub(super) fn new(clients: Vec<Client>, spread: Duration) -> Self {
        Self { clients, spread, lines: BTreeMap::new() }
    }

    /// The store purged a record. Answers whether it had been dead before that instant.
    pub(super) fn purged(&mut self, id: GrantId, before: Timestamp) -> bool {
        let Some(line) = self.lines.get_mut(&id) else { return false };
        line.purged = true;
        line.ended_at.is_some()
            || line.access.values().all(|fact| fact.removed_at.is_some() || fact.expires_at < before)
    }

    /// The host ended a grant.
    pub(super) fn ended_by_host(&mut self, id: GrantId, now: u64) {
        if let Some(line) = self.lines.get_mut(&id) {
            line.ended_at.get_or_insert(now);
        }
    }

    /// A commit is asked for. Strangers never get that far.
    pub(super) fn commit_asked(&self, trail: &Trail, id: GrantId) -> Result<(), Violation> {
        let owner = self.lines.get(&id).map(|line| line.owner);
        holds(owner.is_none_or(|owner| owner == trail.ask.client), Property::StrangerPowerless, || {
            format!("{:?} of a stranger writes to {id}", trail.ask.verb)
        })
    }

    /// The place of the client that owns the grant of the presented token.
    pub(super) fn owner(&self, trail: &Trail) -> Option<usize> {
        self.lines.get(&trail.presented?.grant).map(|line| line.owner)
    }

    /// What an answer counts as.
    pub(super) fn name(&self, trail: &Trail, answer: &Answer) -> Happening {
        let stranger = self.owner(trail).is_some_and(|owner| owner != trail.ask.client);
        match (answer, trail.ask.verb) {
            (Answer::Tokens { .. }, Verb::Refresh) if trail.wrote == 0 => Happening::Retried,
            (Answer::Tokens { .. }, Verb::Refresh) => Happening::Refreshed,
            (Answer::Tokens { .. }, _) => Happening::Issued,
            (Answer::Revoked, _) => Happening::Revoked,
            (Answer::Active, _) => Happening::FoundActive,
            (Answer::Inactive, _) => Happening::FoundInactive,
            (Answer::Failed(_), _) => Happening::Unavailable,
            (Answer::Refused(_), Verb::Refresh | Verb::Revoke) if stranger => Happening::StrangerRefused,
            (Answer::Refused(Reason::Replay), _) => Happening::ReplayRefused,
            (Answer::Refused(Reason::SuccessorInUse), _) => Happening::SuccessorInUse,
            (Answer::Refused(Reason::CommitInDoubt), _) => Happening::RefusedInDoubt,
            (Answer::Refused(_), _) => Happening::RefusedOtherwise,
        }
    }

    fn policy(&self, client: usize) -> Policy {
        self.clients.get(client).map(|client| *client.policy()).unwrap_or_default()
    }

    /// The place of the client that a record names.
    fn owner_of(&self, grant: &Grant) -> usize {
        let id = &grant.terms().client_id;
        self.clients.iter().position(|client| client.id() == id).unwrap_or(usize::MAX)
    }
}
