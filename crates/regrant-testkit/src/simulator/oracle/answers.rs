//! What an answer must be.

use regrant::{Grant, OnReplay, Reason, Scope, Timestamp};

use super::super::ask::{Answer, Failure, Verb};
use super::super::population::{RESOURCE_SERVER, SCOPE};
use super::super::trail::{Presented, Trail};
use super::super::violation::{Property, Violation, holds};
use super::Oracle;
use super::line::{Line, Standing};

/// How often a request is decided before it is told that others were faster.
const MAX_ATTEMPTS: u32 = 32;

impl Oracle {
    /// Judges the final answer of an exchange.
    pub(in super::super) fn answered(&mut self, trail: &Trail, answer: &Answer) -> Result<(), Violation> {
        self.refusal_changed_nothing(trail, answer)?;
        match answer {
            Answer::Failed(failure) => return failed(trail, *failure),
            Answer::Tokens { access, refresh, scope } => {
                self.committed(access)?;
                refresh.as_deref().map_or(Ok(()), |refresh| self.committed(refresh))?;
                scoped(trail, scope)?;
            }
            _ => {}
        }
        match trail.ask.verb {
            Verb::Issue | Verb::ClientCredentials => Ok(()),
            Verb::Refresh => self.refresh_answered(trail, answer),
            Verb::Revoke => self.revocation_answered(trail, answer),
            Verb::Introspect | Verb::Resource => self.look_answered(trail, answer),
        }
    }

    /// A refusal changes nothing but for a replay; unless the store hid from the exchange what it had written.
    fn refusal_changed_nothing(&self, trail: &Trail, answer: &Answer) -> Result<(), Violation> {
        let Answer::Refused(reason) = answer else { return Ok(()) };
        let kept = trail.wrote == 0 || *reason == Reason::Replay || trail.disturbed;
        holds(kept, Property::RefusalChangesNothing, || format!("a refusal for {reason:?} wrote"))?;
        let line = trail.presented.and_then(|token| self.lines.get(&token.grant));
        let Some(line) = line.filter(|_| *reason == Reason::Replay) else { return Ok(()) };
        let revokes = self.policy(line.owner).on_replay == OnReplay::Revoke;
        let ended = line.ended_at.is_some() || line.purged;
        holds(ended == revokes || ended, Property::TheftRecognised, || "a replay was refused, and nothing ended".into())
    }

    /// What is answered was committed before. From here on somebody has it.
    fn committed(&mut self, text: &str) -> Result<(), Violation> {
        let token = Presented::read(text);
        let line = token.and_then(|token| Some((self.lines.get_mut(&token.grant)?, token)));
        let known = line.is_some_and(|(line, token)| match line.access.get_mut(&token.key) {
            Some(fact) if !token.is_refresh => {
                fact.answered = true;
                true
            }
            _ => token.is_refresh && line.knows(&token.key),
        });
        holds(known, Property::AnswerStands, || "a token was answered that was never committed".into())
    }

    fn refresh_answered(&mut self, trail: &Trail, answer: &Answer) -> Result<(), Violation> {
        let Some(presented) = trail.presented else { return Ok(()) };
        let Some(line) = self.lines.get(&presented.grant) else { return Ok(()) };
        if line.owner != trail.ask.client {
            let refused = matches!(answer, Answer::Refused(_));
            return holds(refused, Property::StrangerPowerless, || "a stranger was given tokens".into());
        }
        if let Some(grant) = alive(trail, line, matches!(answer, Answer::Tokens { .. }))? {
            self.freshness_judged(trail, grant, answer)?;
        }
        let Answer::Tokens { refresh: Some(refresh), .. } = answer else { return Ok(()) };
        let Some(successor) = Presented::read(refresh) else { return Ok(()) };
        let Some(line) = self.lines.get_mut(&presented.grant) else { return Ok(()) };
        let first = *line.successors.entry(presented.key).or_insert(successor.key);
        holds(first == successor.key, Property::OneSuccessor, || {
            format!("one token of {} was given two successors", presented.grant)
        })
    }

    fn freshness_judged(&self, trail: &Trail, grant: &Grant, answer: &Answer) -> Result<(), Violation> {
        let standing = self.standing(trail, grant);
        match (standing, answer) {
            (Standing::Current | Standing::Retry | Standing::Edge, Answer::Tokens { refresh, .. }) => {
                not_expired(trail, grant)?;
                gives_current(trail, grant, standing, refresh.as_deref())
            }
            (Standing::Current | Standing::Retry, Answer::Refused(reason)) => {
                holds(excused(trail, grant, *reason), Property::InnocentUnharmed, || {
                    format!("a {standing:?} token was refused for {reason:?}")
                })
            }
            (Standing::InUse, Answer::Refused(reason)) => {
                let kept = *reason == Reason::SuccessorInUse;
                holds(kept, Property::InnocentUnharmed, || format!("inside the window: refused for {reason:?}"))
            }
            (Standing::Outside, Answer::Refused(reason)) => {
                let known = *reason == Reason::Replay || (trail.in_doubt && *reason == Reason::CommitInDoubt);
                holds(known, Property::TheftRecognised, || format!("a spent token was refused for {reason:?}"))
            }
            (Standing::Edge | Standing::Unknown, Answer::Refused(_)) => Ok(()),
            (Standing::Ahead, _) => Err(Violation::new(Property::AnswerStands, "a load missed an acknowledged commit")),
            _ => Err(Violation::new(Property::TheftRecognised, format!("a {standing:?} token was answered"))),
        }
    }

    fn revocation_answered(&self, trail: &Trail, answer: &Answer) -> Result<(), Violation> {
        let Some((line, presented)) = trail.presented.and_then(|token| Some((self.lines.get(&token.grant)?, token)))
        else {
            return Ok(());
        };
        if line.owner != trail.ask.client || !matches!(answer, Answer::Revoked) {
            return Ok(());
        }
        let gone = line.ended_at.is_some() || line.purged;
        let removed = line.access.get(&presented.key).is_some_and(|fact| fact.removed_at.is_some());
        holds(gone || removed, Property::EndedStaysEnded, || "a revocation was answered, and nothing ended".into())
    }

    /// Introspection and the bearer check: active means active, in both directions.
    fn look_answered(&self, trail: &Trail, answer: &Answer) -> Result<(), Violation> {
        let Some((line, presented)) = trail.presented.and_then(|token| Some((self.lines.get(&token.grant)?, token)))
        else {
            return Ok(());
        };
        let active = match answer {
            Answer::Active => true,
            Answer::Inactive => false,
            _ => return Ok(()),
        };
        let own = trail.ask.verb == Verb::Resource || line.owner == trail.ask.client;
        let may_ask = own || (trail.ask.client == RESOURCE_SERVER && !presented.is_refresh);
        if !may_ask {
            return holds(!active, Property::StrangerPowerless, || "a stranger learned of a token".into());
        }
        let Some(grant) = alive(trail, line, active)? else { return Ok(()) };
        let node_time = trail.shown.as_ref().map_or(Timestamp::EPOCH, |shown| shown.node_time);
        let expected = if presented.is_refresh {
            let current = grant.refresh().filter(|family| *family.current.as_bytes() == presented.key);
            trail.ask.verb == Verb::Introspect && current.is_some_and(|family| node_time < family.expires_at)
        } else {
            let fact = line.access.get(&presented.key);
            fact.is_some_and(|fact| {
                node_time < fact.expires_at && fact.removed_at.is_none_or(|removed| grant.revision() < removed)
            })
        };
        holds(active == expected, Property::AnswerStands, || {
            format!("{:?} found a token of {} {answer:?}", trail.ask.verb, grant.id())
        })
    }
}

/// The record that the exchange was shown, if it was alive. No success without that.
fn alive<'t>(trail: &'t Trail, line: &Line, success: bool) -> Result<Option<&'t Grant>, Violation> {
    let Some(shown) = &trail.shown else {
        return holds(!success, Property::AnswerStands, || "an answer without a look at the record".into())
            .map(|()| None);
    };
    let ended_before = line.ended_at.is_some_and(|ended| ended < shown.asked_at);
    holds(!(success && ended_before), Property::EndedStaysEnded, || "a token of an ended grant worked".into())?;
    let Some(grant) = &shown.grant else {
        let gone = line.purged && !success;
        return holds(gone, Property::AnswerStands, || "a record is gone that nobody purged".into()).map(|()| None);
    };
    let alive = !grant.is_ended() && grant.terms().client_epoch >= trail.epoch;
    holds(alive || !success, Property::EndedStaysEnded, || format!("{} has ended, and was answered", grant.id()))?;
    Ok(alive.then_some(grant))
}

/// A retry gives the successor that is current; a rotation gives the one that it installed.
fn gives_current(trail: &Trail, grant: &Grant, standing: Standing, answered: Option<&str>) -> Result<(), Violation> {
    let current = grant.refresh().map(|family| *family.current.as_bytes());
    let answered = answered.and_then(Presented::read).map(|token| token.key);
    let installed = answered.is_some_and(|key| trail.installed.contains(&key));
    let kept = answered == current || (standing == Standing::Current && installed);
    let id = grant.id();
    holds(kept, Property::OneSuccessor, || format!("{standing:?}: another token of {id} was answered"))
}

fn failed(trail: &Trail, failure: Failure) -> Result<(), Violation> {
    let issuing = matches!(trail.ask.verb, Verb::Issue | Verb::ClientCredentials);
    let excused = match failure {
        Failure::Store => trail.disturbed,
        Failure::Contended => trail.conflicts >= MAX_ATTEMPTS || (issuing && trail.disturbed),
        Failure::Other => false,
    };
    holds(excused, Property::NoFault, || format!("{:?} failed: {failure:?}", trail.ask.verb))
}

fn scoped(trail: &Trail, answered: &str) -> Result<(), Violation> {
    let expected = trail.ask.scope.unwrap_or(SCOPE);
    let scopes = Scope::parse(expected).ok().zip(Scope::parse(answered).ok());
    let equal = scopes.is_some_and(|(one, other)| one.is_within(&other) && other.is_within(&one));
    let granted =
        Scope::parse(SCOPE).is_ok_and(|granted| Scope::parse(answered).is_ok_and(|own| own.is_within(&granted)));
    holds(equal && granted, Property::ScopeHolds, || format!("the scope {answered:?} was answered for {expected:?}"))
}

fn not_expired(trail: &Trail, grant: &Grant) -> Result<(), Violation> {
    let node_time = trail.shown.as_ref().map_or(Timestamp::EPOCH, |shown| shown.node_time);
    let live = grant.refresh().is_some_and(|family| node_time < family.expires_at);
    holds(live, Property::EndedStaysEnded, || format!("an expired token of {} worked", grant.id()))
}

/// Whether a token that stands may be refused for this: it expired, or the scope goes too far.
fn excused(trail: &Trail, grant: &Grant, reason: Reason) -> bool {
    let node_time = trail.shown.as_ref().map_or(Timestamp::EPOCH, |shown| shown.node_time);
    let granted = |text| Scope::parse(text).ok().zip(Scope::parse(SCOPE).ok()).is_some_and(|(a, b)| a.is_within(&b));
    match reason {
        Reason::RefreshTokenExpired => grant.refresh().is_some_and(|family| family.expires_at <= node_time),
        Reason::GrantExpired => grant.terms().expires_at.is_some_and(|end| end <= node_time),
        Reason::ScopeNotGranted => trail.ask.scope.is_some_and(|text| !granted(text)),
        _ => false,
    }
}
