//! Who is told of decisions.

use crate::answer::Decision;

/// A host's ear: told of every decision, once, when it is final.
pub trait Observer: Send + Sync {
    /// Takes note of one decision. It must not block.
    fn observe(&self, decision: &Decision);
}

impl<F: Fn(&Decision) + Send + Sync> Observer for F {
    fn observe(&self, decision: &Decision) {
        self(decision);
    }
}
