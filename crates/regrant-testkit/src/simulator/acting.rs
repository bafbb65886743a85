//! What the actors do: the steps of a schedule, and how a holder takes answers and their absence.

use core::time::Duration;

use regrant::{Change, EndReason, Timestamp};

use super::ask::{Answer, Ask, Verb};
use super::holder::{Holder, Outstanding};
use super::population::{PROFILES, RESOURCE_SERVER};
use super::prng::Prng;
use super::restart::NODES;
use super::schedule::Action;
use super::tally::{Fault, Happening};
use super::trail::Presented;
use super::violation::Violation;
use super::world::{Event, Recipient, World};

/// What a holder allows a repeated request for its way to the decision.
const SLACK: Duration = Duration::from_secs(2);
/// The scopes that are asked for. The last one goes beyond every grant.
const SCOPES: [Option<&str>; 8] =
    [None, None, None, None, Some("read"), Some("write read"), Some("admin"), Some("read everything")];

impl World<'_> {
    /// Takes one step of the schedule.
    pub(super) fn act(&mut self, rng: &mut Prng) -> Result<(), Violation> {
        self.tally.steps += 1;
        let slot = rng.index(self.holders.len());
        let action = Action::draw(rng);
        match action {
            Action::Purge => return self.purge(),
            Action::CrashNode => self.crash_node(rng.index(NODES)),
            Action::SetClock => self.set_clock(rng),
            Action::ChangePepper => self.change_pepper(rng.index(NODES)),
            Action::CrashStore => self.crash_store(),
            Action::RaiseEpoch => {
                self.tally.happened(Happening::EndedByHost);
                self.desk.raise_epoch(rng.index(RESOURCE_SERVER));
            }
            _ => self.act_for(action, slot, rng),
        }
        Ok(())
    }

    fn act_for(&mut self, action: Action, slot: usize, rng: &mut Prng) {
        let Some(holder) = self.holders.get(slot).cloned() else { return };
        let client = holder.client;
        let stranger = rng.index(PROFILES.len());
        match action {
            Action::Refresh => self.refresh(slot, 1, rng),
            Action::RefreshInParallel => {
                let copies = rng.between(2, 4);
                self.refresh(slot, copies, rng);
            }
            Action::Steal => self.steal(slot, &holder, client, rng),
            Action::Stranger if stranger != client => self.steal(slot, &holder, stranger, rng),
            Action::StrangerRevokes if stranger != client => self.revoke(slot, &holder, stranger, rng),
            Action::RevokeRefresh | Action::RevokeAccess => self.revoke_own(action, slot, &holder, rng),
            Action::ClientCredentials => self.send_aside(slot, Verb::ClientCredentials, client, String::new(), rng),
            Action::Introspect | Action::CallResource => self.look(action, slot, &holder, rng),
            Action::EndByHost => self.end_in_a_race(slot, rng),
            _ => {}
        }
    }

    /// The holder refreshes, or logs in where it has no grant.
    fn refresh(&mut self, slot: usize, copies: u64, rng: &mut Prng) {
        let (number, now) = (self.requests + 1, self.now);
        let Some(holder) = self.holders.get_mut(slot) else { return };
        if holder.outstanding.is_some() {
            return;
        }
        // Who gave up on a request may try it late, and be taken for a thief, or log in again.
        if holder.uncertain && rng.chance(700) {
            holder.forget();
        }
        let scope = rng.pick(&SCOPES).copied().flatten();
        let Some(token) = holder.token.clone() else {
            holder.outstanding = Some(Outstanding { number, token: String::new(), scope: None, first_sent: now });
            let ask = ask(Verb::Issue, holder.client, String::new(), None, rng);
            return self.send_own(slot, &ask, number, 1, rng);
        };
        holder.outstanding = Some(Outstanding { number, token: token.clone(), scope, first_sent: now });
        let ask = ask(Verb::Refresh, holder.client, token, scope, rng);
        self.send_own(slot, &ask, number, copies, rng);
    }

    fn send_own(&mut self, slot: usize, ask: &Ask, number: u64, copies: u64, rng: &mut Prng) {
        self.requests = number;
        let to = Recipient { slot, request: Some(number) };
        for _ in 0..copies {
            self.send(ask, to, rng);
        }
        let (delay, rng) = (rng.between(100, 1_500), rng.fork());
        self.after(delay, Event::TimeOut { slot, request: number, rng });
    }

    /// Puts a request on its way.
    fn send(&mut self, ask: &Ask, to: Recipient, rng: &mut Prng) {
        if rng.chance(30) {
            return self.tally.fault(Fault::RequestLost);
        }
        let mut arrivals = 1;
        if rng.chance(30) {
            self.tally.fault(Fault::RequestDuplicated);
            arrivals = 2;
        }
        for _ in 0..arrivals {
            let (node, delay) = (rng.index(NODES), self.network_delay(rng));
            self.after(delay, Event::Arrive { ask: ask.clone(), to, node, rng: rng.fork() });
        }
    }

    /// Somebody else's request: whatever it is answered, the holder does not learn of it.
    fn send_aside(&mut self, slot: usize, verb: Verb, client: usize, token: String, rng: &mut Prng) {
        let scope = match verb {
            Verb::Refresh | Verb::ClientCredentials => rng.pick(&SCOPES).copied().flatten(),
            _ => None,
        };
        let ask = ask(verb, client, token, scope, rng);
        self.send(&ask, Recipient { slot, request: None }, rng);
    }

    fn steal(&mut self, slot: usize, holder: &Holder, client: usize, rng: &mut Prng) {
        let Some(token) = copied(&holder.refresh_tokens, rng) else { return };
        self.tally.happened(Happening::TheftTried);
        self.send_aside(slot, Verb::Refresh, client, token, rng);
    }

    fn revoke(&mut self, slot: usize, holder: &Holder, client: usize, rng: &mut Prng) {
        let tokens = if rng.chance(500) { &holder.refresh_tokens } else { &holder.access_tokens };
        let Some(token) = copied(tokens, rng) else { return };
        self.send_aside(slot, Verb::Revoke, client, token, rng);
    }

    fn revoke_own(&mut self, action: Action, slot: usize, holder: &Holder, rng: &mut Prng) {
        let tokens = if action == Action::RevokeRefresh { &holder.refresh_tokens } else { &holder.access_tokens };
        let Some(token) = copied(tokens, rng) else { return };
        self.send_aside(slot, Verb::Revoke, holder.client, token, rng);
    }

    fn look(&mut self, action: Action, slot: usize, holder: &Holder, rng: &mut Prng) {
        let refresh = action == Action::Introspect && rng.chance(300);
        let tokens = if refresh { &holder.refresh_tokens } else { &holder.access_tokens };
        let Some(token) = copied(tokens, rng) else { return };
        let caller = if rng.chance(600) { RESOURCE_SERVER } else { rng.index(PROFILES.len()) };
        let verb = if action == Action::Introspect { Verb::Introspect } else { Verb::Resource };
        self.send_aside(slot, verb, caller, token, rng);
    }

    /// The host ends the grant, at times while a refresh is under way, and at times purges it at once.
    fn end_in_a_race(&mut self, slot: usize, rng: &mut Prng) {
        if rng.chance(700) {
            self.refresh(slot, 2, rng);
        }
        let delay = rng.between(0, 60);
        self.after(delay, Event::EndByHost { slot });
        if rng.chance(500) {
            self.after(delay + rng.between(1, 10), Event::Purge);
        }
    }

    pub(super) fn end_by_host(&mut self, slot: usize) {
        let copied = self.holders.get(slot).and_then(|holder| holder.refresh_tokens.last());
        let Some(token) = copied.and_then(|text| Presented::read(text)) else { return };
        let at = Timestamp::from_unix_millis(self.now);
        let change = Change::End { id: token.grant, at, reason: EndReason::EndedByHost };
        if self.store.commit(change, &mut Prng::new(0)).written.is_some() {
            self.tally.happened(Happening::EndedByHost);
            self.oracle.ended_by_host(token.grant, self.now);
        }
    }

    /// An answer arrives. A holder minds only the one that it waits for; a copy of any may be stolen.
    pub(super) fn delivered(&mut self, to: Recipient, answer: &Answer) {
        let Some(holder) = self.holders.get_mut(to.slot) else { return };
        let awaited = holder.outstanding.as_ref().is_some_and(|request| Some(request.number) == to.request);
        match answer {
            Answer::Tokens { access, refresh, .. } if awaited => holder.given(access, refresh.as_deref()),
            Answer::Tokens { access, refresh, .. } => holder.copy(access, refresh.as_deref()),
            // A scope that goes too far spends nothing: the same token is used next.
            Answer::Refused(reason) if awaited && reason.code().as_str() == "invalid_scope" => {
                holder.outstanding = None;
            }
            Answer::Refused(_) if awaited => holder.forget(),
            _ => {}
        }
    }

    /// No answer came. The same request again, as long as the retry rule allows it.
    pub(super) fn timed_out(&mut self, slot: usize, number: u64, mut rng: Prng) {
        let (now, slack) = (self.now, self.spread + SLACK);
        let Some(holder) = self.holders.get_mut(slot) else { return };
        let Some(request) = holder.outstanding.clone().filter(|request| request.number == number) else { return };
        if request.token.is_empty() {
            return holder.forget();
        }
        let window = self.windows.get(holder.client).copied().unwrap_or_default();
        if !holder.may_repeat(now, window, slack) {
            holder.outstanding = None;
            holder.uncertain = true;
            return;
        }
        let ask = ask(Verb::Refresh, holder.client, request.token, request.scope, &mut rng);
        self.send_own(slot, &ask, number, 1, &mut rng);
    }
}

fn ask(verb: Verb, client: usize, token: String, scope: Option<&'static str>, rng: &mut Prng) -> Ask {
    Ask { verb, client, in_header: rng.chance(500), token, scope }
}

/// A copied token: mostly one of the latest, sometimes any.
fn copied(tokens: &[String], rng: &mut Prng) -> Option<String> {
    if rng.chance(500) { tokens.last().cloned() } else { rng.pick(tokens).cloned() }
}
