//! What a write may do to a record.

use regrant::{EndReason, Grant, GrantState, PreviousAccessToken, RefreshFamily, encode_tokens};

use super::super::ask::Verb;
use super::super::population::SCOPE;
use super::super::trail::Trail;
use super::super::violation::{Property, Violation, holds};
use super::line::{Line, Standing};
use super::{Oracle, Policy};

/// One write: the record before and after, and when it was decided.
pub(in super::super) struct Written<'w> {
    pub(in super::super) before: Option<&'w Grant>,
    pub(in super::super) after: &'w Grant,
    /// The true time of the decision.
    pub(in super::super) decided_at: u64,
    /// The true time now.
    pub(in super::super) now: u64,
}

impl Oracle {
    /// Judges a write that took place, and remembers it.
    pub(in super::super) fn written(&mut self, trail: &mut Trail, write: &Written<'_>) -> Result<(), Violation> {
        trail.wrote += 1;
        let id = write.after.id();
        let Some(before) = write.before else {
            let fresh =
                !self.lines.contains_key(&id) && matches!(trail.ask.verb, Verb::Issue | Verb::ClientCredentials);
            holds(fresh, Property::EndedStaysEnded, || format!("the record {id} came back after it was purged"))?;
            let line = Line::new(self.owner_of(write.after), write.after);
            self.lines.insert(id, line);
            return self.bounded(write.after);
        };
        let writes = matches!(trail.ask.verb, Verb::Refresh | Verb::Revoke);
        holds(writes, Property::StrangerPowerless, || format!("{:?} writes to {id}", trail.ask.verb))?;
        holds(!before.is_ended(), Property::EndedStaysEnded, || format!("the ended record {id} was written"))?;
        holds(before.terms() == write.after.terms(), Property::ScopeHolds, || format!("the terms of {id} changed"))?;
        match write.after.state() {
            GrantState::Ended { reason, .. } => self.ended(trail, write, reason),
            GrantState::Active => self.replaced(trail, write, before),
        }
    }

    fn ended(&mut self, trail: &Trail, write: &Written<'_>, reason: EndReason) -> Result<(), Violation> {
        let id = write.after.id();
        if reason == EndReason::Replayed {
            let standing = self.standing(trail, write.after);
            let spent = matches!(standing, Standing::Outside | Standing::Edge);
            holds(spent, Property::InnocentUnharmed, || format!("{id} ended as replayed by a {standing:?} token"))?;
            holds(!trail.in_doubt, Property::InnocentUnharmed, || {
                format!("{id} ended as replayed by an exchange whose own commit was in doubt")
            })?;
        }
        let asked = trail.ask.verb == if reason == EndReason::Replayed { Verb::Refresh } else { Verb::Revoke };
        holds(asked, Property::InnocentUnharmed, || format!("{id} ended by {:?}", trail.ask.verb))?;
        if let Some(line) = self.lines.get_mut(&id) {
            line.ended_at.get_or_insert(write.now);
        }
        Ok(())
    }

    fn replaced(&mut self, trail: &mut Trail, write: &Written<'_>, before: &Grant) -> Result<(), Violation> {
        self.bounded(write.after)?;
        let (id, policy) = (write.after.id(), self.policy(self.owner_of(write.after)));
        let raised = before.revision().next() == write.after.revision();
        holds(raised, Property::OneSuccessor, || format!("{id} was written over a revision that was not read"))?;
        let current = |grant: &Grant| grant.refresh().map(|family| *family.current.as_bytes());
        let (old, new) = (current(before), current(write.after));
        let presented = trail.presented.map(|token| token.key);
        let on_current = trail.ask.verb == Verb::Refresh && presented == old;
        let Some(line) = self.lines.get_mut(&id) else { return Ok(()) };
        if let Some(key) = new.filter(|_| new != old) {
            holds(on_current, Property::OneSuccessor, || format!("{id} rotated by a token that is not current"))?;
            holds(!line.knows(&key), Property::OneSuccessor, || format!("{id} rotated back to a spent token"))?;
            line.rotate(key, write.decided_at);
            trail.installed.push(key);
        }
        removed(line, trail, write, before, &policy, on_current)?;
        let kept = line.learn_access(write.after);
        holds(kept, Property::EndedStaysEnded, || format!("an access token of {id} came back"))
    }

    /// The size of a record is bounded by its policy, whatever its history is.
    fn bounded(&self, grant: &Grant) -> Result<(), Violation> {
        let most = usize::from(self.policy(self.owner_of(grant)).max_access_tokens);
        let bound = 1 + 33 + 1 + RefreshFamily::MAX_SPENT * 40 + 2 + most * (50 + SCOPE.len());
        let size = encode_tokens(grant.refresh(), grant.access()).len();
        let kept = size <= bound && grant.access().len() <= most;
        holds(kept, Property::RecordBounded, || format!("{} takes {size} bytes of {bound}", grant.id()))
    }

    pub(super) fn standing(&self, trail: &Trail, grant: &Grant) -> Standing {
        let window = self.policy(self.owner_of(grant)).retry_window;
        let line = self.lines.get(&grant.id());
        line.map_or(Standing::Unknown, |line| line.standing(trail, window, self.spread))
    }
}

/// An access token leaves the record only for a reason: it expired, it was revoked, it gave way where there was no
/// room, or the policy ends it with a refresh. A retry ends none.
fn removed(
    line: &mut Line,
    trail: &Trail,
    write: &Written<'_>,
    before: &Grant,
    policy: &Policy,
    on_current: bool,
) -> Result<(), Violation> {
    let node_time = regrant::Timestamp::from_unix_millis(write.decided_at).after(trail.skew);
    let full = write.after.access().len() >= usize::from(policy.max_access_tokens);
    let by_policy = on_current && policy.previous_access_token == PreviousAccessToken::Revoke;
    for entry in before.access() {
        if write.after.access().iter().any(|kept| kept.digest == entry.digest) {
            continue;
        }
        let key = *entry.digest.as_bytes();
        let revoked = trail.ask.verb == Verb::Revoke && trail.presented.is_some_and(|token| token.key == key);
        let justified = entry.expires_at <= node_time || revoked || by_policy || full;
        holds(justified, Property::AnswerStands, || format!("an access token of {} was lost", before.id()))?;
        if let Some(fact) = line.access.get_mut(&key) {
            fact.removed_at.get_or_insert(write.after.revision());
        }
    }
    Ok(())
}
