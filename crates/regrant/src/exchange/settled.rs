//! A final answer.

use core::time::Duration;

use crate::answer::{Decision, Reason, Refusal, Reply, Scheme};
use crate::port::Revocation;

/// An answer that is final, and committed where it wrote.
#[derive(Debug)]
pub struct Settled<T> {
    /// What the client gets.
    pub reply: Reply<T>,
    /// What the host logs.
    pub decision: Decision,
    /// What has ended by it.
    pub revocation: Option<Revocation>,
}

impl<T> Settled<T> {
    pub(super) const fn refused(reason: Reason, scheme: Scheme, decision: Decision) -> Self {
        Self { reply: Reply::Refused(Refusal::new(reason, scheme)), decision, revocation: None }
    }

    pub(super) const fn throttled(scheme: Scheme, after: Duration, decision: Decision) -> Self {
        let refusal = Refusal { reason: Reason::Throttled, scheme, retry_after: Some(after) };
        Self { reply: Reply::Refused(refusal), decision, revocation: None }
    }

    pub(super) const fn answered(answer: T, decision: Decision) -> Self {
        Self { reply: Reply::Success(answer), decision, revocation: None }
    }
}
