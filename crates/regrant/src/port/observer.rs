//! Who is told of decisions and faults.

use crate::answer::Decision;
use crate::engine::EngineError;

/// A host's ear: told of every decision and every fault, once, when it is final.
pub trait Observer: Send + Sync {
    /// Takes note of one decision. It must not block.
    fn observe(&self, decision: &Decision);

    /// Takes note of a request that the server failed to decide, and of why. It must not block.
    fn fault(&self, error: &EngineError);
}

/// A closure is told of decisions; of a fault it sees the decision, without the cause.
impl<F: Fn(&Decision) + Send + Sync> Observer for F {
    fn observe(&self, decision: &Decision) {
        self(decision);
    }

    fn fault(&self, error: &EngineError) {
        self(&error.decision);
    }
}
