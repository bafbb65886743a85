//! Telling every connection that the server stops.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;
use tokio::sync::futures::Notified;

/// Whether the server stops, and who is to be woken then.
///
/// A connection joins those who wait once, and looks at the flag from then on: to ask the list of the waiting for each
/// request would be a lock that all requests take.
#[derive(Debug, Default)]
pub(super) struct Stop {
    stopping: AtomicBool,
    waiting: Notify,
}

impl Stop {
    /// Says so, and wakes all who wait.
    pub(super) fn now(&self) {
        self.stopping.store(true, Ordering::Release);
        self.waiting.notify_waiters();
    }

    /// Whether it was said.
    pub(super) fn was_said(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// Wakes the task that polls it, once it is said. Whoever polls it looks at [`was_said`](Self::was_said) afterwards.
    pub(super) fn notified(&self) -> Notified<'_> {
        self.waiting.notified()
    }
}
