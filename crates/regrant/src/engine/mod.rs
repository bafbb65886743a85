//! The engine over its stores: a blocking handle and an awaited one, two drivers of the same steps.

mod awaited;
mod blocking;
mod error;
mod host;

use alloc::sync::Arc;
use core::time::Duration;

pub use awaited::AsyncEngine;
pub use blocking::Engine;
pub use error::{EngineError, EngineFault};
pub use host::Host;

use crate::answer::{Check, Decision, Outcome};
use crate::exchange::NeedsClient;
use crate::port::{Admission, Change, Revocation};
use crate::request::Request;
use crate::{Exchange, Settled};

/// What the engine would decide, without the commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The decision.
    pub decision: Decision,
    /// The check at which the request would be refused.
    pub refused_at: Option<Check>,
    /// The change that would be committed.
    pub change: Option<Change>,
}

impl Explanation {
    fn new(decision: &Decision, change: Option<&Change>) -> Self {
        let refused_at = match decision.outcome {
            Outcome::Refused(reason) => Some(reason.check()),
            _ => None,
        };
        Self { decision: decision.clone(), refused_at, change: change.cloned() }
    }
}

/// Asks the throttle, if there is one, before the client is looked up: how long the caller must wait.
fn delay<'a, R: Request>(host: &Host, exchange: &Exchange<'a, NeedsClient<'a, R>>) -> Option<Duration> {
    match host.throttle()?.admit(exchange.attempt()?) {
        Admission::Proceed => None,
        Admission::RetryAfter(after) => Some(after),
    }
}

/// Tells the host of a final answer, and gives it out. `doubted` is what an earlier commit may have ended: where this
/// answer ends nothing, it found it ended.
fn conclude<T>(host: &Host, settled: Settled<T>, doubted: Option<Revocation>) -> crate::Reply<T> {
    host.publish(settled.revocation.or(doubted));
    host.observe(&settled.decision);
    settled.reply
}

/// Tells the host of a fault, and of what may have ended all the same.
fn fail(host: &Host, error: &EngineError, doubted: Option<Revocation>) {
    host.publish(doubted);
    host.fault(error);
}

/// A client that was looked up.
type Found = Option<Arc<crate::Client>>;
