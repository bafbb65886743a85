//! Commits that are held back while the server takes them and confirms none: its standby is away.
//!
//! A server goes on waiting for the standby when the store has long given up, so each such commit costs one of the
//! server's connections for as long as the standby is away. So once a commit had no answer, the server is asked whether it
//! holds any, and no further one is sent while it does: whatever is held was sent before the first of them was given up, at
//! most one by each connection of the store.

use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The pause between two questions, and the first between two trials. A question only reads, and whoever wants to write is
/// refused until it has its answer, so it is never asked more seldom.
const SHORTEST: Duration = Duration::from_millis(250);
/// The longest pause between two trials; each is twice as long as the one before.
const LONGEST: Duration = Duration::from_secs(30);

/// Shared by all lanes of a store.
#[derive(Debug)]
pub(crate) struct Gate {
    state: Mutex<State>,
    /// How old a commit is at least that counts as held.
    age: Duration,
    /// After how long a trial has its answer, or none. One that is lost with its lane is over then, too.
    limit: Duration,
}

#[derive(Debug, Default)]
struct State {
    /// How many passes with commits had no answer since the last one that had.
    unanswered: u32,
    /// How many trials in a row had none.
    failed: u32,
    /// When to ask next. `None` where there is nothing to ask.
    shut: Option<Instant>,
    /// Until when nobody tries after a trial that failed.
    rest: Option<Instant>,
    /// Until when others wait for the trial that is under way.
    trial: Option<Instant>,
    /// Whether the server held a commit when it was last asked.
    held: bool,
}

/// Whether commits may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leave {
    /// They may.
    Granted(Passage),
    /// They may not.
    Denied,
    /// It depends on what the server says; whoever is told this asks.
    Ask,
}

/// How commits come to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Passage {
    /// Together with others.
    Open,
    /// Alone, to see whether the server answers again. The others wait for it.
    Trial,
}

impl State {
    fn begins_to_rest(&mut self, now: Instant) {
        let pause = SHORTEST.saturating_mul(2_u32.saturating_pow(self.failed)).min(LONGEST);
        self.failed = self.failed.saturating_add(1);
        self.rest = Some(now + pause);
    }
}

impl Gate {
    /// An open gate. `age` is how old a commit must be that the server is asked for, `limit` how long an answer may take.
    pub(crate) fn new(age: Duration, limit: Duration) -> Self {
        Self { state: Mutex::default(), age, limit }
    }

    /// Whether commits may be sent now.
    pub(crate) fn leave(&self, now: Instant) -> Leave {
        let mut state = self.state();
        match state.shut {
            None => Leave::Granted(Passage::Open),
            Some(until) if now < until.max(state.trial.unwrap_or(until)) => Leave::Denied,
            Some(_) => {
                state.shut = Some(now + SHORTEST);
                Leave::Ask
            }
        }
    }

    /// The server holds a commit.
    pub(crate) fn holds_some(&self) {
        self.state().held = true;
    }

    /// Whether the server holds none any more of those that it held. The standby has come back, so whoever writes need not
    /// wait for the end of a pause; or somebody has cancelled their wait, which nobody has heard.
    pub(crate) fn came_loose(&self) -> bool {
        let mut state = self.state();
        let loose = mem::take(&mut state.held);
        if loose {
            (state.failed, state.rest) = (0, None);
        }
        loose
    }

    /// The server holds no commit: how they may be sent, if they may. A single connection that went silent says nothing of the
    /// server; after several, one tries for all.
    pub(crate) fn holds_none(&self, now: Instant) -> Option<Passage> {
        let mut state = self.state();
        if state.unanswered < 2 {
            state.shut = None;
            return Some(Passage::Open);
        }
        if [state.rest, state.trial].into_iter().flatten().any(|until| now < until) {
            return None;
        }
        state.trial = Some(now + self.limit);
        Some(Passage::Trial)
    }

    /// Commits had no answer in time. What was given up began before now: when it is asked for, it is as old as it must be.
    pub(crate) fn unanswered(&self, passage: Passage, now: Instant) {
        let mut state = self.state();
        state.unanswered = state.unanswered.saturating_add(1);
        state.shut = Some(now + self.age);
        if passage == Passage::Trial {
            state.trial = None;
            state.begins_to_rest(now);
        }
    }

    /// Commits were answered. Where others were not meanwhile, that says nothing of those: a commit that wrote nothing waits
    /// for no standby. A trial writes, unless the server is one that waits for none.
    pub(crate) fn answered(&self, passage: Passage) {
        let mut state = self.state();
        if passage == Passage::Trial || state.shut.is_none() {
            *state = State::default();
        }
    }

    /// Nobody knows what the server would have answered: the connection was lost.
    pub(crate) fn unknown(&self, passage: Passage) {
        if passage == Passage::Trial {
            self.state().trial = None;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: Leave = Leave::Granted(Passage::Open);
    const AGE: Duration = Duration::from_millis(500);
    const LIMIT: Duration = Duration::from_secs(3);

    fn gate() -> (Gate, Instant) {
        (Gate::new(AGE, LIMIT), Instant::now())
    }

    /// When somebody who never stops trying is told to ask within this time.
    fn asked(gate: &Gate, start: Instant, millis: u64) -> Vec<u64> {
        let asks = |millis: &u64| match gate.leave(start + Duration::from_millis(*millis)) {
            Leave::Granted(_) => panic!("sent after {millis} ms"),
            Leave::Denied => false,
            Leave::Ask => true,
        };
        (0..millis).filter(asks).collect()
    }

    #[test]
    fn while_the_server_holds_a_commit_no_other_is_sent() {
        let (gate, start) = gate();
        assert_eq!(gate.leave(start), OPEN);
        gate.unanswered(Passage::Open, start);
        let asked = asked(&gate, start, 3_600_500);
        assert_eq!(asked[0], 500, "what was given up is old enough then");
        assert_eq!(asked.len(), 3_600 * 4, "and then four a second");
        // What was sent before is answered, and has perhaps written nothing.
        gate.answered(Passage::Open);
        assert_ne!(gate.leave(start + LONGEST * 1_000), OPEN);
    }

    /// All of them had their commits at a standby that went away for a moment.
    #[test]
    fn however_many_connections_have_no_answer_it_is_asked_for_within_a_second() {
        let (gate, start) = gate();
        (0..33).for_each(|_| gate.unanswered(Passage::Open, start));
        assert_eq!(asked(&gate, start, 1_000), [500, 750]);
        assert_eq!(gate.holds_none(start + Duration::from_secs(1)), Some(Passage::Trial), "and tried at once");
    }

    #[test]
    fn one_connection_that_went_silent_holds_nobody_back_for_longer_than_a_question() {
        let (gate, start) = gate();
        gate.unanswered(Passage::Open, start);
        let then = start + AGE;
        assert_eq!(gate.leave(then), Leave::Ask);
        assert_eq!(gate.leave(then), Leave::Denied, "one asks for all");
        assert_eq!(gate.holds_none(then), Some(Passage::Open));
        assert_eq!(gate.leave(then), OPEN);
    }

    #[test]
    fn while_one_tries_nobody_else_does_and_a_trial_that_is_lost_is_over_in_time() {
        let (gate, start) = gate();
        (0..2).for_each(|_| gate.unanswered(Passage::Open, start));
        let then = start + AGE;
        assert_eq!((gate.leave(then), gate.holds_none(then)), (Leave::Ask, Some(Passage::Trial)));
        // Whoever has asked at the same time.
        assert_eq!(gate.holds_none(then), None);
        assert!(asked(&gate, then, 2_999).is_empty());
        let late = then + LIMIT;
        assert_eq!((gate.leave(late), gate.holds_none(late)), (Leave::Ask, Some(Passage::Trial)));
        gate.unknown(Passage::Trial);
        let next = late + SHORTEST;
        assert_eq!((gate.leave(next), gate.holds_none(next)), (Leave::Ask, Some(Passage::Trial)));
    }

    #[test]
    fn what_the_server_held_comes_loose_once_and_is_tried_without_a_pause() {
        let (gate, start) = gate();
        (0..2).for_each(|_| gate.unanswered(Passage::Open, start));
        (0..9).for_each(|_| gate.unanswered(Passage::Trial, start));
        let then = start + Duration::from_secs(1);
        assert!(!gate.came_loose(), "it was never held");
        assert_eq!(gate.holds_none(then), None, "nine trials have failed");
        gate.holds_some();
        assert_eq!((gate.came_loose(), gate.came_loose()), (true, false));
        assert_eq!(gate.holds_none(then), Some(Passage::Trial));
    }

    /// A server that hangs without holding anything, for its disk for instance.
    #[test]
    fn a_server_that_answers_none_for_an_hour_is_sent_few_and_its_first_answer_lets_all_through() {
        let (gate, start) = gate();
        (0..2).for_each(|_| gate.unanswered(Passage::Open, start));
        let mut trials = 0;
        for millis in 0..3_600_000 {
            let now = start + Duration::from_millis(millis);
            if gate.leave(now) == Leave::Ask && gate.holds_none(now) == Some(Passage::Trial) {
                gate.unanswered(Passage::Trial, now);
                trials += 1;
            }
        }
        assert!((120..130).contains(&trials), "{trials}");
        gate.answered(Passage::Trial);
        assert_eq!(gate.leave(start), OPEN);
    }
}
