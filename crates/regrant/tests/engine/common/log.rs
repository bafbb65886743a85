//! What the engine told its host.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use regrant::{Admission, Attempt, Decision, Revocation, RevocationFeed, Throttle};

/// What a throttle was asked or told: of which client, from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Spoken {
    Asked(Option<String>, Option<String>),
    Failed(Option<String>),
    Succeeded(Option<String>),
}

/// Everything the engine told its host, in order.
#[derive(Default)]
pub(crate) struct Log {
    decisions: Mutex<Vec<Decision>>,
    revocations: Mutex<Vec<Revocation>>,
    spoken: Mutex<Vec<Spoken>>,
    delay: Mutex<Option<Duration>>,
}

impl Log {
    /// Takes note of a decision.
    pub(crate) fn decided(&self, decision: &Decision) {
        self.decisions.lock().unwrap().push(decision.clone());
    }

    /// All decisions since the last call.
    pub(crate) fn decisions(&self) -> Vec<Decision> {
        std::mem::take(&mut self.decisions.lock().unwrap())
    }

    /// The one decision since the last call.
    pub(crate) fn decision(&self) -> Decision {
        let [decision] = self.decisions().try_into().expect("one decision for one request");
        decision
    }

    /// All revocations since the last call.
    pub(crate) fn revocations(&self) -> Vec<Revocation> {
        std::mem::take(&mut self.revocations.lock().unwrap())
    }

    /// All that the throttle heard since the last call.
    pub(crate) fn spoken(&self) -> Vec<Spoken> {
        std::mem::take(&mut self.spoken.lock().unwrap())
    }

    /// Lets the throttle slow everybody down.
    pub(crate) fn slow_down(&self, delay: Duration) {
        *self.delay.lock().unwrap() = Some(delay);
    }
}

/// A log as the engine holds it.
pub(crate) struct Ear(pub(crate) Arc<Log>);

impl RevocationFeed for Ear {
    fn publish(&self, revocation: Revocation) {
        self.0.revocations.lock().unwrap().push(revocation);
    }
}

impl Throttle for Ear {
    fn admit(&self, attempt: Attempt<'_>) -> Admission {
        let origin = attempt.origin.map(str::to_owned);
        self.0.spoken.lock().unwrap().push(Spoken::Asked(name(attempt), origin));
        self.0.delay.lock().unwrap().map_or(Admission::Proceed, Admission::RetryAfter)
    }

    fn failed(&self, attempt: Attempt<'_>) {
        self.0.spoken.lock().unwrap().push(Spoken::Failed(name(attempt)));
    }

    fn succeeded(&self, attempt: Attempt<'_>) {
        self.0.spoken.lock().unwrap().push(Spoken::Succeeded(name(attempt)));
    }
}

fn name(attempt: Attempt<'_>) -> Option<String> {
    attempt.client_id.map(ToString::to_string)
}
