//! Where a host slows failed client authentication down. RFC 6749 §2.3.1 demands that somebody does (N-039, N-204).

use core::time::Duration;

use crate::client::ClientId;

/// An attempt to authenticate.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// The identifier that was claimed; `None` where there was none, or no valid one.
    pub client_id: Option<&'a ClientId>,
    /// Where the request came from, if the host said so.
    pub origin: Option<&'a str>,
}

/// Whether an attempt is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Go on.
    Proceed,
    /// Refuse without looking: HTTP 429, and `Retry-After` with this time.
    RetryAfter(Duration),
}

/// Counts failed attempts and decides when there were too many. The engine brings none: what is too many, and whom to
/// count together, the host knows.
pub trait Throttle: Send + Sync {
    /// Asked before the client is looked up.
    fn admit(&self, attempt: Attempt<'_>) -> Admission;

    /// Told when authentication failed.
    fn failed(&self, attempt: Attempt<'_>);

    /// Told when a client proved itself. Never of a public client, which proves nothing by naming itself: else whoever
    /// guesses secrets could start the count anew in between.
    fn succeeded(&self, attempt: Attempt<'_>);
}
