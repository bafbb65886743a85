//! One transaction for one write, or for many.

use rusqlite::Connection;

use super::job::Job;
use crate::error::{Error, again};

/// One write in a transaction of its own.
///
/// # Errors
/// That of the work, after which nothing of it is written; or that of the transaction.
pub(super) fn alone<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> Result<T, Error>,
) -> Result<T, Error> {
    let transaction = Transaction::begin(connection)?;
    let written = work(connection)?;
    transaction.commit()?;
    Ok(written)
}

/// Many writes in one transaction. Nobody is answered before all of it is durable.
///
/// One write that fails must not fail the others, so each is then tried by itself, and gets an answer of its own; what
/// is left once `over` answers an error is told that one.
pub(super) fn together(
    connection: &Connection,
    mut jobs: Vec<Box<dyn Job>>,
    over: impl Fn() -> Option<Error>,
    tell: impl FnOnce(Vec<Box<dyn Job>>),
) {
    if jobs.is_empty() {
        return;
    }
    match attempt(connection, &mut jobs) {
        Ok(()) => tell(jobs),
        Err(Failure::Undone) => one_by_one(connection, jobs, over),
        Err(Failure::All(error)) => jobs.into_iter().for_each(|job| job.fail(again(&error).into())),
    }
}

fn one_by_one(connection: &Connection, jobs: Vec<Box<dyn Job>>, over: impl Fn() -> Option<Error>) {
    let mut locked = false;
    for job in jobs {
        // Each would wait for the lock of another process as long as the first one did, the last one for the sum of it.
        if locked {
            job.fail(Error::Busy);
        } else if let Some(refusal) = over() {
            job.fail(refusal);
        } else {
            locked = job.alone(connection) == Lock::Another;
        }
    }
}

/// Who had the lock of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lock {
    /// This process, or nobody.
    Ours,
    /// Another process, for longer than one waits for it.
    Another,
}

/// How a group fails.
enum Failure {
    /// One of them could not be written, or all of them found no room; nothing of the group was written.
    Undone,
    /// It did not begin, or whether it was committed is unknown. It is the same for each of them.
    All(rusqlite::Error),
}

fn attempt(connection: &Connection, jobs: &mut [Box<dyn Job>]) -> Result<(), Failure> {
    let transaction = Transaction::begin(connection).map_err(Failure::All)?;
    for job in jobs {
        if !job.run(connection) {
            return Err(Failure::Undone);
        }
    }
    transaction.commit().map_err(|error| match Error::from(again(&error)) {
        // What finds no room is not written, and a part of it may find it.
        Error::Full => Failure::Undone,
        _ => Failure::All(error),
    })
}

/// A transaction that is undone where it is dropped, in a panic too.
struct Transaction<'a>(&'a Connection);

impl<'a> Transaction<'a> {
    /// Under the write lock from the first read on: nothing changes between a look at a record and its write.
    fn begin(connection: &'a Connection) -> rusqlite::Result<Self> {
        run(connection, "BEGIN IMMEDIATE")?;
        Ok(Self(connection))
    }

    /// Returns when it is on the disk.
    fn commit(self) -> rusqlite::Result<()> {
        run(self.0, "COMMIT")
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        // After a commit, and after an error that made SQLite undo it by itself, there is none.
        if !self.0.is_autocommit() {
            // Where this fails, the next `BEGIN` does, too, and nothing is ever committed.
            drop(run(self.0, "ROLLBACK"));
        }
    }
}

fn run(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(drop)
}
