//! The clock of the host.

use std::time::{Duration, SystemTime};

use regrant::Timestamp;

/// The present instant. A clock before 1970 counts as 1970.
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    Timestamp::EPOCH.after(since)
}
