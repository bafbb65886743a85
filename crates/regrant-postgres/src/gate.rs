//! Commits that are held back while the server takes them and confirms none: its standby is away.
//!
//! A server goes on waiting for the standby when the store has long given up, so each such commit costs one of the
//! server's connections for as long as the standby is away. So once a commit had no answer, the server is asked whether it
//! holds any, and no further one is sent while it does: whatever is held was sent before the first of them was given up, at
//! most one by each connection of the store.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The first pause between two questions, and the longest; each is twice as long as the one before.
const SHORTEST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(30);

/// Shared by all lanes of a store.
#[derive(Debug, Default)]
pub(crate) struct Gate(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// How many passes with commits had no answer since the last one that had.
    unanswered: u32,
    /// When to ask next. `None` where there is nothing to ask.
    shut: Option<Instant>,
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

/// How a pass with commits came to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Passage {
    /// Together with others.
    Open,
    /// Alone, to see whether the server answers again. The others wait for it.
    Trial,
}

impl State {
    fn pause(&self) -> Duration {
        let doublings = self.unanswered.saturating_sub(2);
        SHORTEST.saturating_mul(2_u32.saturating_pow(doublings)).min(LONGEST)
    }
}

impl Gate {
    /// Whether commits may be sent now.
    pub(crate) fn leave(&self, now: Instant) -> Leave {
        let mut state = self.state();
        match state.shut {
            None => Leave::Granted(Passage::Open),
            Some(until) if now < until => Leave::Denied,
            Some(_) => {
                state.shut = Some(now + state.pause());
                Leave::Ask
            }
        }
    }

    /// The server holds no commit. A single connection that went silent says nothing of it; after several, one pass tries for
    /// all.
    pub(crate) fn nothing_is_held(&self) -> Passage {
        let mut state = self.state();
        if state.unanswered < 2 {
            state.shut = None;
            return Passage::Open;
        }
        Passage::Trial
    }

    /// A pass with commits had no answer in time.
    pub(crate) fn unanswered(&self, now: Instant) {
        let mut state = self.state();
        state.unanswered = state.unanswered.saturating_add(1);
        let pause = if state.unanswered < 2 { Duration::ZERO } else { state.pause() };
        state.shut = Some(now + pause);
    }

    /// A pass with commits was answered. Where others were not meanwhile, that says nothing of those: a commit that wrote
    /// nothing waits for no standby.
    pub(crate) fn answered(&self, passage: Passage) {
        let mut state = self.state();
        if passage == Passage::Trial || state.shut.is_none() {
            *state = State::default();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: Leave = Leave::Granted(Passage::Open);

    #[test]
    fn while_the_server_holds_a_commit_no_other_is_sent() {
        let (gate, start) = (Gate::default(), Instant::now());
        assert_eq!(gate.leave(start), OPEN);
        gate.unanswered(start);
        let asked: Vec<u64> = (0..3_600_000)
            .filter(|millis| match gate.leave(start + Duration::from_millis(*millis)) {
                Leave::Granted(_) => panic!("sent after {millis} ms"),
                Leave::Denied => false,
                Leave::Ask => true,
            })
            .collect();
        assert_eq!(asked[0], 0, "the first question comes at once");
        assert_eq!(asked.len(), 3_600 * 4, "and then four a second");
        // What was sent before is answered, and has perhaps written nothing.
        gate.answered(Passage::Open);
        assert_ne!(gate.leave(start + LONGEST * 1_000), OPEN);
    }

    #[test]
    fn one_connection_that_went_silent_holds_nobody_back_for_longer_than_a_question() {
        let (gate, start) = (Gate::default(), Instant::now());
        gate.unanswered(start);
        assert_eq!(gate.leave(start), Leave::Ask);
        assert_eq!(gate.leave(start), Leave::Denied, "one asks for all");
        assert_eq!(gate.nothing_is_held(), Passage::Open);
        assert_eq!(gate.leave(start), OPEN);
    }

    /// A server that hangs without holding anything, for its disk for instance.
    #[test]
    fn a_server_that_answers_none_for_an_hour_is_sent_few_and_its_first_answer_lets_all_through() {
        let (gate, start) = (Gate::default(), Instant::now());
        gate.unanswered(start);
        gate.unanswered(start);
        let mut trials = 0;
        for millis in 0..3_600_000 {
            let now = start + Duration::from_millis(millis);
            if gate.leave(now) == Leave::Ask {
                assert_eq!(gate.nothing_is_held(), Passage::Trial);
                gate.unanswered(now);
                trials += 1;
            }
        }
        assert!((120..130).contains(&trials), "{trials}");
        gate.answered(Passage::Trial);
        assert_eq!(gate.leave(start), OPEN);
    }
}
