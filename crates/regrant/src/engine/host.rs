//! What the host lends the engine.

use alloc::boxed::Box;
use core::fmt;

use super::EngineError;
use crate::answer::Decision;
use crate::port::{Observer, Revocation, RevocationFeed, Throttle};
use crate::time::Clock;
use crate::token::EntropySource;

/// The clock, the random source, and whoever is to be told or asked.
///
/// Time and randomness have no default: the core names neither. Observer, throttle and feed are optional; without a
/// throttle, something in front of the engine must slow failed authentication down (RFC 6749 §2.3.1, N-039).
pub struct Host {
    clock: Box<dyn Clock>,
    entropy: Box<dyn EntropySource>,
    observer: Option<Box<dyn Observer>>,
    throttle: Option<Box<dyn Throttle>>,
    feed: Option<Box<dyn RevocationFeed>>,
}

impl Host {
    /// A host with a clock and a random source.
    pub fn new(clock: impl Clock + 'static, entropy: impl EntropySource + 'static) -> Self {
        Self { clock: Box::new(clock), entropy: Box::new(entropy), observer: None, throttle: None, feed: None }
    }

    /// Tells `observer` of every decision.
    #[must_use]
    pub fn with_observer(self, observer: impl Observer + 'static) -> Self {
        Self { observer: Some(Box::new(observer)), ..self }
    }

    /// Asks `throttle` before every authentication.
    #[must_use]
    pub fn with_throttle(self, throttle: impl Throttle + 'static) -> Self {
        Self { throttle: Some(Box::new(throttle)), ..self }
    }

    /// Tells `feed` of every end that was committed, or may have been where the store failed to say.
    #[must_use]
    pub fn with_feed(self, feed: impl RevocationFeed + 'static) -> Self {
        Self { feed: Some(Box::new(feed)), ..self }
    }

    pub(super) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    pub(super) fn entropy(&self) -> &dyn EntropySource {
        &*self.entropy
    }

    pub(super) fn throttle(&self) -> Option<&dyn Throttle> {
        self.throttle.as_deref()
    }

    pub(super) fn publish(&self, revocation: Option<Revocation>) {
        if let (Some(feed), Some(revocation)) = (&self.feed, revocation) {
            feed.publish(revocation);
        }
    }

    pub(super) fn observe(&self, decision: &Decision) {
        if let Some(observer) = &self.observer {
            observer.observe(decision);
        }
    }

    pub(super) fn fault(&self, error: &EngineError) {
        if let Some(observer) = &self.observer {
            observer.fault(error);
        }
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host")
            .field("observer", &self.observer.is_some())
            .field("throttle", &self.throttle.is_some())
            .field("feed", &self.feed.is_some())
            .finish_non_exhaustive()
    }
}
