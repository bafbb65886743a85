//! One write of somebody who waits for its answer.

use std::panic::{AssertUnwindSafe, catch_unwind};

use futures_channel::oneshot;
use rusqlite::Connection;

use super::group::{self, Lock};
use crate::error::Error;

/// A write whatever its answer is.
pub(super) trait Job: Send {
    /// Whether its caller still waits.
    fn is_wanted(&self) -> bool;

    /// Writes within a transaction, and keeps the answer. `false`: it failed, and the transaction must not be committed.
    fn run(&mut self, connection: &Connection) -> bool;

    /// Gives the answer that was kept, now that it is durable.
    fn answer(self: Box<Self>);

    /// Writes in a transaction of its own, and gives the answer.
    fn alone(self: Box<Self>, connection: &Connection) -> Lock;

    /// Gives an error for an answer.
    fn fail(self: Box<Self>, error: Error);
}

/// The work, the answer when there is one, and who waits for it.
pub(super) struct Write<T, F> {
    work: F,
    written: Option<T>,
    caller: oneshot::Sender<Result<T, Error>>,
}

impl<T, F> Write<T, F> {
    pub(super) const fn new(work: F, caller: oneshot::Sender<Result<T, Error>>) -> Self {
        Self { work, written: None, caller }
    }
}

/// Gives an answer; without one, the caller gets `NoAnswer`.
///
/// A caller that has gone meanwhile is nobody to tell. What wakes it is its own: a panic of it ends neither the answers
/// of others nor the thread that gives them.
fn tell<T>(caller: oneshot::Sender<Result<T, Error>>, answer: Option<Result<T, Error>>) {
    drop(catch_unwind(AssertUnwindSafe(|| match answer {
        Some(answer) => drop(caller.send(answer)),
        None => drop(caller),
    })));
}

impl<T, F> Job for Write<T, F>
where
    T: Send,
    F: Fn(&Connection) -> Result<T, Error> + Send,
{
    fn is_wanted(&self) -> bool {
        !self.caller.is_canceled()
    }

    fn run(&mut self, connection: &Connection) -> bool {
        let result = catch_unwind(AssertUnwindSafe(|| (self.work)(connection)));
        // Why it failed is told when it has failed alone.
        self.written = result.ok().and_then(Result::ok);
        self.written.is_some()
    }

    fn answer(self: Box<Self>) {
        tell(self.caller, self.written.map(Ok));
    }

    fn alone(self: Box<Self>, connection: &Connection) -> Lock {
        let result = catch_unwind(AssertUnwindSafe(|| group::alone(connection, &self.work))).ok();
        let lock = if matches!(result, Some(Err(Error::Busy))) { Lock::Another } else { Lock::Ours };
        tell(self.caller, result);
        lock
    }

    fn fail(self: Box<Self>, error: Error) {
        tell(self.caller, Some(Err(error)));
    }
}
