//! Ending many grants, a batch at a time.

use regrant::{EndReason, GrantFilter, Timestamp};
use rusqlite::Connection;

use crate::error::Error;
use crate::grants::end_living;

/// The most records of one batch: how long other writers wait.
const BATCH: usize = 64;

/// An end of many grants on its way.
#[derive(Debug)]
pub(crate) struct End {
    filter: GrantFilter,
    at: Timestamp,
    reason: EndReason,
    limit: usize,
    ended: usize,
    done: bool,
}

impl End {
    /// Of up to `limit` living grants of a filter.
    pub(crate) fn new(filter: &GrantFilter, at: Timestamp, reason: EndReason, limit: usize) -> Self {
        Self { filter: filter.clone(), at, reason, limit, ended: 0, done: limit == 0 }
    }

    /// The next batch, if there is something left to do.
    pub(crate) fn batch(&self) -> Option<impl Fn(&Connection) -> Result<usize, Error> + Send + use<>> {
        let (filter, at, reason) = (self.filter.clone(), self.at, self.reason);
        let size = BATCH.min(self.limit - self.ended);
        (!self.done).then_some(move |connection: &Connection| end_living(connection, &filter, at, reason, size))
    }

    /// Goes on behind a batch, which ended so many.
    pub(crate) const fn advance(&mut self, ended: usize) {
        self.ended += ended;
        self.done = ended == 0 || self.ended == self.limit;
    }

    /// How many grants were ended.
    pub(crate) const fn ended(&self) -> usize {
        self.ended
    }
}
