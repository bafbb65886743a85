//! How long the head of a request may take.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// How long the head of a request may take, the wait for the next one on an open connection and the reading of the last
/// answer included.
pub(super) const HEAD: Duration = Duration::from_secs(15);
/// In place of a time: a request is being answered.
const ANSWERING: u64 = u64::MAX;

/// Since when one connection waits for the head of a request.
///
/// One timer a connection looks at it when it rings, which is once in as long as a head may take. A timer for each
/// request would go through the one list of timers that all connections share.
#[derive(Debug)]
pub(super) struct Patience {
    opened: Instant,
    /// Milliseconds since then, or [`ANSWERING`].
    since: AtomicU64,
}

impl Patience {
    /// The connection is open, and waits.
    pub(super) fn new() -> Self {
        Self { opened: Instant::now(), since: AtomicU64::new(0) }
    }

    /// The head of a request is there.
    pub(super) fn answering(&self) {
        self.since.store(ANSWERING, Ordering::Relaxed);
    }

    /// The request is answered.
    pub(super) fn answered(&self) {
        let since = u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(ANSWERING);
        self.since.store(since, Ordering::Relaxed);
    }

    /// When to look again; `None` where the time is over.
    pub(super) fn next_look(&self) -> Option<Instant> {
        let now = Instant::now();
        let over = match self.since.load(Ordering::Relaxed) {
            ANSWERING => now + HEAD,
            since => self.opened + Duration::from_millis(since) + HEAD,
        };
        (over > now).then_some(over)
    }
}
