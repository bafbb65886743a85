//! What the writer counts.

/// What a store has written since it was opened. A number that grows wraps after centuries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statistics {
    /// Groups of writes: each was one transaction and one wait for the disk.
    pub groups: u64,
    /// Writes: commits of grants, changes of clients, and batches of `end` and `purge`.
    pub writes: u64,
    /// The most writes of one group.
    pub largest_group: usize,
    /// Writes and awaited reads that were refused with [`Error::Overloaded`](crate::Error::Overloaded).
    pub overloaded: u64,
    /// Writes that wait at this moment.
    pub waiting: usize,
}
