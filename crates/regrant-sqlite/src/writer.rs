//! Everything that writes, in groups: writes that wait together share one transaction, and so one wait for the disk.
//!
//! There is one turn at the connection that writes. A caller that finds it free, and nobody waiting, works on its own
//! thread if it blocks: such a lone write waits for nobody and for no other thread. An awaited write queues, and so does
//! whoever finds the turn taken. When it is free, the thread of the writer commits all that wait as one group: a lone
//! awaited write is a group of one, and waits for nobody either. There is no timer: a group is what came meanwhile.

mod checkpoint;
mod desk;
mod group;
mod job;
mod teller;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Builder, JoinHandle};
use std::time::{Duration, Instant};

use futures_channel::oneshot;
use rusqlite::Connection;

use crate::connect;
use crate::error::Error;
use crate::file::DatabaseFile;
use crate::options::Options;
use crate::statistics::Statistics;
use crate::wait::wait;
use desk::{Desk, Next, Waiting};
use job::{Job, Write};
use teller::Teller;

/// The most writes of one group: how long the first of them waits for the last.
const GROUP: usize = 256;

/// The one who writes for everybody. When it is dropped, what waits is written first.
#[derive(Debug)]
pub(crate) struct Writer {
    counter: Arc<Counter>,
    /// The one that writes, and the one that moves the log.
    threads: Vec<JoinHandle<()>>,
}

/// Where callers and the thread of the writer meet.
#[derive(Debug)]
struct Counter {
    file: Arc<DatabaseFile>,
    desk: Mutex<Desk>,
    /// Somebody waits and the turn is free, or the store is gone.
    called: Condvar,
    /// The turn was given to the one for whom it was kept.
    reserved: Condvar,
    patience: Duration,
}

impl Writer {
    /// Starts the threads. One of them has a connection of its own.
    pub(crate) fn start(options: &Options, file: &Arc<DatabaseFile>) -> Result<Self, Error> {
        let connection = connect::checkpointer(options)?;
        let counter = Arc::new(Counter::new(options, file));
        let (serving, moving) = (Arc::clone(&counter), Arc::clone(&counter));
        let mut writer = Self { counter, threads: Vec::new() };
        let (teller, groups) = Teller::new();
        writer.spawn("regrant-write", move || serving.serve(&teller))?;
        writer.spawn("regrant-answer", move || teller::serve(&groups))?;
        writer.spawn("regrant-log", move || checkpoint::serve(&moving, &connection))?;
        Ok(writer)
    }

    fn spawn(&mut self, name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), Error> {
        self.threads.push(Builder::new().name(name.to_owned()).spawn(work).map_err(Error::Threads)?);
        Ok(())
    }

    /// Writes, and makes the thread of the caller wait for it.
    ///
    /// The work may be done more than once, each time after all of it was undone. Its answer is given when it is durable.
    ///
    /// # Errors
    /// As [`Writer::submit`].
    pub(crate) fn write<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> Result<T, Error> + Send + 'static,
    {
        if let Some(turn) = self.counter.turn() {
            return turn.counter.file.write(|connection| group::alone(connection, &work));
        }
        wait(self.queue(work)?).unwrap_or(Err(Error::NoAnswer))
    }

    /// As [`Writer::write`], for work whose statements are each right by themselves, and of which no more than one writes:
    /// alone it needs no transaction around it, since each statement is one.
    ///
    /// # Errors
    /// As [`Writer::submit`].
    pub(crate) fn write_guarded<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> Result<T, Error> + Send + 'static,
    {
        if let Some(turn) = self.counter.turn() {
            return turn.counter.file.write(work);
        }
        wait(self.queue(work)?).unwrap_or(Err(Error::NoAnswer))
    }

    /// Writes, while no thread of the caller waits.
    ///
    /// A caller that goes away before its turn has it not done at all: nobody was told anything.
    ///
    /// # Errors
    /// [`Error::Overloaded`] at once where too many wait, and where the turn came too late; [`Error::NoAnswer`] for a
    /// panic; else what the work answers, or why its transaction failed.
    pub(crate) async fn submit<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> Result<T, Error> + Send + 'static,
    {
        self.queue(work)?.await.unwrap_or(Err(Error::NoAnswer))
    }

    /// What was counted so far.
    pub(crate) fn statistics(&self) -> Statistics {
        self.counter.desk().statistics()
    }

    /// The turn, so that everybody else waits.
    #[cfg(test)]
    pub(crate) fn hold(&self) -> Option<impl Drop> {
        self.counter.turn()
    }

    fn queue<T, F>(&self, work: F) -> Result<oneshot::Receiver<Result<T, Error>>, Error>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> Result<T, Error> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job = Waiting { job: Box::new(Write::new(work, answer)), since: Instant::now() };
        let mut desk = self.counter.desk();
        let call = desk.queue(job)?;
        drop(desk);
        if call {
            self.counter.called.notify_one();
        }
        Ok(answered)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.counter.desk().close();
        self.counter.called.notify_one();
        self.counter.file.log().close();
        // The last handle may go with an answer that the thread of the writer gives. It cannot wait for its own end, nor
        // for the other one, which may wait for the turn.
        let mine = thread::current().id();
        if self.threads.iter().all(|thread| thread.thread().id() != mine) {
            // A thread survives the panic of a job, so there is nothing to hear from it.
            self.threads.drain(..).for_each(|thread| drop(thread.join()));
        }
    }
}

impl Counter {
    fn new(options: &Options, file: &Arc<DatabaseFile>) -> Self {
        Self {
            file: Arc::clone(file),
            desk: Mutex::new(Desk::new(options.queue)),
            called: Condvar::new(),
            reserved: Condvar::new(),
            patience: options.busy_timeout,
        }
    }

    // INVARIANT: nothing that can panic happens while the desk is locked, so a poisoned lock is whole.
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The turn, where it is free and nobody waits for it.
    fn turn(&self) -> Option<Turn<'_>> {
        let taken = self.desk().take();
        // Not made where it is not taken: dropping it would give back the turn of another.
        taken.then(|| Turn { counter: self })
    }

    /// The turn, before everybody who waits for it.
    fn reserved(&self) -> Turn<'_> {
        let mut desk = self.desk();
        desk.reserve();
        while desk.is_reserved() {
            desk = self.reserved.wait(desk).unwrap_or_else(PoisonError::into_inner);
        }
        Turn { counter: self }
    }

    /// What the thread does until the store is gone and nobody waits.
    fn serve(&self, teller: &Teller) {
        while let Some((_turn, group)) = self.next() {
            // No panic of a job, or of what wakes its caller, gets as far as here. If one did, it would be the end of one
            // group, and not of the thread that all others wait for.
            drop(catch_unwind(AssertUnwindSafe(|| self.work(group, teller))));
        }
    }

    /// Writes a group. What is left of it once it took too long is refused.
    fn work(&self, group: Vec<Waiting>, teller: &Teller) {
        let jobs = group.into_iter().filter_map(|waiting| self.in_time(waiting)).collect();
        let began = Instant::now();
        let over = || self.is_over(began).then(|| self.desk().refuse());
        self.file.write(|connection| group::together(connection, jobs, over, |jobs| teller.tell(jobs)));
    }

    /// Whether who waits since then has waited too long.
    fn is_over(&self, since: Instant) -> bool {
        since.elapsed() >= self.patience && !self.patience.is_zero()
    }

    /// Waits for somebody who waits, and takes the turn for all of them, up to [`GROUP`].
    fn next(&self) -> Option<(Turn<'_>, Vec<Waiting>)> {
        let mut desk = self.desk();
        loop {
            if let Some(group) = desk.take_group(GROUP) {
                return Some((Turn { counter: self }, group));
            }
            if desk.is_done() {
                return None;
            }
            desk = self.called.wait(desk).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The job, unless its caller has gone or has waited too long.
    fn in_time(&self, Waiting { job, since }: Waiting) -> Option<Box<dyn Job>> {
        // Behind a lock of another process each group waits for its own time-out. Without a bound on the sum, the last
        // of many callers would hear minutes later what the first one heard at once.
        if self.is_over(since) {
            let refusal = self.desk().refuse();
            job.fail(refusal);
            return None;
        }
        job.is_wanted().then_some(job)
    }
}

/// The one turn at the connection that writes. It is given back when this is dropped, in a panic too.
struct Turn<'a> {
    counter: &'a Counter,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let next = self.counter.desk().give_back();
        match next {
            Next::Nobody => {}
            Next::Writer => self.counter.called.notify_one(),
            Next::Reserved => self.counter.reserved.notify_one(),
        }
    }
}

#[cfg(test)]
mod tests;
