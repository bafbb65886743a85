//! Who writes, and who waits for it.

use std::collections::VecDeque;
use std::fmt;
use std::time::Instant;

use super::job::Job;
use crate::error::Error;

/// A write that waits, in the order in which they came.
pub(super) struct Waiting {
    pub(super) job: Box<dyn Job>,
    pub(super) since: Instant,
}

/// One turn, and a bounded queue for it.
pub(super) struct Desk {
    waiting: VecDeque<Waiting>,
    capacity: usize,
    taken: bool,
    closed: bool,
}

impl Desk {
    pub(super) const fn new(capacity: usize) -> Self {
        Self { waiting: VecDeque::new(), capacity, taken: false, closed: false }
    }

    /// Takes the turn, unless somebody has it or was here first.
    pub(super) fn take(&mut self) -> bool {
        let free = !self.taken && self.waiting.is_empty();
        self.taken |= free;
        free
    }

    /// Takes the turn for the first `most` of those that wait.
    pub(super) fn take_group(&mut self, most: usize) -> Option<Vec<Waiting>> {
        if self.taken || self.waiting.is_empty() {
            return None;
        }
        self.taken = true;
        let most = most.min(self.waiting.len());
        Some(self.waiting.drain(..most).collect())
    }

    /// Gives the turn back; answers whether the thread of the writer is to be called.
    pub(super) fn give_back(&mut self) -> bool {
        self.taken = false;
        !self.waiting.is_empty()
    }

    /// Queues; answers whether the thread of the writer is to be called, which else looks when the turn is free.
    pub(super) fn queue(&mut self, job: Waiting) -> Result<bool, Error> {
        if self.waiting.len() >= self.capacity {
            return Err(Error::Overloaded);
        }
        self.waiting.push_back(job);
        Ok(!self.taken && self.waiting.len() == 1)
    }

    /// The store is gone: nobody comes any more.
    pub(super) const fn close(&mut self) {
        self.closed = true;
    }

    /// Whether nobody waits, and nobody comes any more.
    pub(super) fn is_done(&self) -> bool {
        self.closed && self.waiting.is_empty()
    }
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { waiting, capacity, taken, closed } = self;
        let mut desk = f.debug_struct("Desk");
        desk.field("waiting", &waiting.len()).field("capacity", capacity).field("taken", taken);
        desk.field("closed", closed).finish()
    }
}
