//! Whether the servers may hold a commit that their standby does not have.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts the warnings of all connections of a store, and how many of them were made good.
#[derive(Debug, Default)]
pub(crate) struct Confirmation {
    warned: AtomicU64,
    confirmed: AtomicU64,
}

impl Confirmation {
    /// The server has warned.
    pub(crate) fn warn(&self) {
        self.warned.fetch_add(1, Ordering::AcqRel);
    }

    /// How many warnings are still to be made good: what to hand to [`Confirmation::confirm`] once they are.
    pub(crate) fn pending(&self) -> Option<u64> {
        let warned = self.warned.load(Ordering::Acquire);
        (warned > self.confirmed.load(Ordering::Acquire)).then_some(warned)
    }

    /// So many warnings are made good. Those that came meanwhile are not.
    pub(crate) fn confirm(&self, warned: u64) {
        self.confirmed.fetch_max(warned, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_that_comes_meanwhile_is_still_to_be_made_good() {
        let confirmation = Confirmation::default();
        assert_eq!(confirmation.pending(), None);
        confirmation.warn();
        let first = confirmation.pending();
        confirmation.warn();
        confirmation.confirm(first.unwrap());
        assert_eq!(confirmation.pending(), Some(2));
        confirmation.confirm(2);
        confirmation.confirm(1);
        assert_eq!(confirmation.pending(), None);
    }
}
