//! Commits that are held back while the server takes them and confirms none: its standby is away.
//!
//! A server goes on waiting for the standby when the store has long given up, so each such commit costs one of the
//! server's connections for as long as the standby is away. What is held back costs none.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The first pause, and the longest; each is twice as long as the one before.
const SHORTEST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(30);

/// Shared by all lanes that serve requests.
#[derive(Debug, Default)]
pub(crate) struct Pause(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// How many passes with commits in a row had no answer.
    unanswered: u32,
    until: Option<Instant>,
}

impl State {
    /// A single connection that goes silent says nothing of the server.
    fn pause(&mut self, now: Instant) {
        if let Some(doublings) = self.unanswered.checked_sub(2) {
            let pause = SHORTEST.saturating_mul(2_u32.saturating_pow(doublings)).min(LONGEST);
            self.until = Some(now + pause);
        }
    }
}

impl Pause {
    /// Whether commits may be sent now. After a pause one pass may try; the next one waits for its answer, or for as long
    /// again.
    pub(crate) fn admits(&self, now: Instant) -> bool {
        let mut state = self.state();
        let Some(until) = state.until else { return true };
        let over = now >= until;
        if over {
            state.pause(now);
        }
        over
    }

    /// A pass with commits had no answer in time.
    pub(crate) fn unanswered(&self, now: Instant) {
        let mut state = self.state();
        state.unanswered = state.unanswered.saturating_add(1);
        state.pause(now);
    }

    /// A pass with commits was answered.
    pub(crate) fn answered(&self) {
        *self.state() = State::default();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_without_an_answer_admits_few_commits_and_one_answer_all() {
        let (pause, start) = (Pause::default(), Instant::now());
        pause.unanswered(start);
        assert!(pause.admits(start), "one lost connection holds nobody back");
        pause.unanswered(start);
        assert!(!pause.admits(start + SHORTEST / 2));
        let mut tries = 0;
        for millis in 0..3_600_000 {
            let now = start + Duration::from_millis(millis);
            if pause.admits(now) {
                assert!(!pause.admits(now), "one pass tries for all");
                pause.unanswered(now);
                tries += 1;
            }
        }
        assert!((120..130).contains(&tries), "{tries}");
        pause.answered();
        assert!(pause.admits(start) && pause.admits(start));
    }
}
