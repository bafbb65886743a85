//! Whether news arrives.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use regrant::Timestamp;

/// For how long after the last proof the news counts as complete. A revocation that was published is honoured everywhere
/// within this time, whatever becomes of the line. One that its node never published is not heard of here.
const TRUSTED: Duration = Duration::from_secs(1);
/// In place of an instant: not connected.
const SILENT: u64 = u64::MAX;

/// The line on which news comes: up to which instant all of it was heard.
#[derive(Debug)]
pub(super) struct Line(AtomicU64);

impl Line {
    pub(super) const fn disconnected() -> Self {
        Self(AtomicU64::new(SILENT))
    }

    pub(super) fn connect(&self, at: Timestamp) {
        self.0.store(at.unix_millis(), Ordering::SeqCst);
    }

    pub(super) fn disconnect(&self) {
        self.0.store(SILENT, Ordering::SeqCst);
    }

    /// Moves the instant on. A line that is not connected stays so, and an earlier instant proves nothing new.
    pub(super) fn prove(&self, at: Timestamp) {
        let at = at.unix_millis();
        let later = |heard| (heard != SILENT && heard < at).then_some(at);
        // Where there is nothing to move, nothing is.
        let _ = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, later);
    }

    /// Whether everything was heard that counts at `now`. A proof from the future is none: the clock was set back.
    pub(super) fn is_trusted(&self, now: Timestamp) -> bool {
        let heard = self.0.load(Ordering::SeqCst);
        let at = Timestamp::from_unix_millis(heard);
        heard != SILENT && at <= now && now < at.after(TRUSTED)
    }
}
