//! Who writes, and who waits for it.

use std::collections::VecDeque;
use std::fmt;
use std::time::Instant;

use super::job::Job;
use crate::error::Error;
use crate::statistics::Statistics;

/// A write that waits, in the order in which they came.
pub(super) struct Waiting {
    pub(super) job: Box<dyn Job>,
    pub(super) since: Instant,
}

/// Whose turn is next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Of whoever comes.
    Nobody,
    /// Of those who wait, for whom the thread of the writer works.
    Writer,
    /// Of the one for whom it was kept.
    Reserved,
}

/// One turn, and a bounded queue for it.
pub(super) struct Desk {
    waiting: VecDeque<Waiting>,
    capacity: usize,
    taken: bool,
    /// Whoever has the turn gives it to the one who waits for it before all others.
    reserved: bool,
    closed: bool,
    statistics: Statistics,
}

impl Desk {
    pub(super) fn new(capacity: usize) -> Self {
        let statistics = Statistics::default();
        Self { waiting: VecDeque::new(), capacity, taken: false, reserved: false, closed: false, statistics }
    }

    /// Takes the turn, unless somebody has it or was here first.
    pub(super) fn take(&mut self) -> bool {
        let free = !self.taken && self.waiting.is_empty();
        if free {
            self.begin(1);
        }
        free
    }

    /// Takes the turn for the first `most` of those that wait.
    pub(super) fn take_group(&mut self, most: usize) -> Option<Vec<Waiting>> {
        if self.taken || self.waiting.is_empty() {
            return None;
        }
        let most = most.min(self.waiting.len());
        self.begin(most);
        Some(self.waiting.drain(..most).collect())
    }

    fn begin(&mut self, writes: usize) {
        self.taken = true;
        let Statistics { groups, writes: all, largest_group, .. } = &mut self.statistics;
        *groups += 1;
        *all += u64::try_from(writes).unwrap_or(u64::MAX);
        *largest_group = writes.max(*largest_group);
    }

    /// Takes the turn for something that is no write, before everybody who waits. Where it is taken, it is kept for this
    /// one, who asks [`Desk::is_reserved`] for it.
    pub(super) const fn reserve(&mut self) {
        self.reserved = self.taken;
        self.taken = true;
    }

    /// Whether somebody else still has the turn that is kept.
    pub(super) const fn is_reserved(&self) -> bool {
        self.reserved
    }

    /// Gives the turn back; answers whom to call.
    pub(super) fn give_back(&mut self) -> Next {
        self.taken = self.reserved;
        if self.reserved {
            self.reserved = false;
            Next::Reserved
        } else if self.waiting.is_empty() {
            Next::Nobody
        } else {
            Next::Writer
        }
    }

    /// Queues; answers whether the thread of the writer is to be called, which else looks when the turn is free.
    pub(super) fn queue(&mut self, job: Waiting) -> Result<bool, Error> {
        if self.waiting.len() >= self.capacity {
            return Err(self.refuse());
        }
        self.waiting.push_back(job);
        Ok(!self.taken && self.waiting.len() == 1)
    }

    /// What a caller is told that cannot have its turn, or not in time.
    pub(super) const fn refuse(&mut self) -> Error {
        self.statistics.overloaded += 1;
        Error::Overloaded
    }

    /// What was counted so far.
    pub(super) fn statistics(&self) -> Statistics {
        Statistics { waiting: self.waiting.len(), ..self.statistics }
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
        let Self { waiting, capacity, taken, reserved, closed, statistics } = self;
        let mut desk = f.debug_struct("Desk");
        desk.field("waiting", &waiting.len()).field("capacity", capacity).field("taken", taken);
        desk.field("reserved", reserved).field("closed", closed).field("statistics", statistics).finish()
    }
}
