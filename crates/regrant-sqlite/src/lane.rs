//! Threads that work for awaited calls, so that none of a runtime's threads ever waits for a disk.

use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use futures_channel::oneshot;

use crate::error::Error;
use crate::file::DatabaseFile;
use crate::options::Options;

/// A bounded queue of work, and the threads that do it. When it is dropped, what waits is done first.
pub(crate) struct Lane {
    jobs: Option<SyncSender<Job>>,
    threads: Vec<JoinHandle<()>>,
    patience: Duration,
    refused: Arc<AtomicU64>,
}

/// One piece of work.
struct Job(Box<dyn FnOnce(&DatabaseFile) + Send>);

impl Lane {
    /// Starts the threads.
    pub(crate) fn start(name: &str, threads: usize, options: &Options, file: &Arc<DatabaseFile>) -> io::Result<Self> {
        let (sender, receiver) = sync_channel(options.queue);
        let receiver = Arc::new(Mutex::new(receiver));
        let spawn = |_| {
            let (file, receiver) = (Arc::clone(file), Arc::clone(&receiver));
            Builder::new().name(name.to_owned()).spawn(move || work(&receiver, &file))
        };
        let threads = (0..threads).map(spawn).collect::<io::Result<_>>()?;
        Ok(Self { jobs: Some(sender), threads, patience: options.busy_timeout, refused: Arc::default() })
    }

    /// Has a piece of work done, in its turn.
    ///
    /// A caller that goes away before its turn has it not done at all: nobody was told anything.
    ///
    /// # Errors
    /// [`Error::Overloaded`] at once where the queue is full, and where the turn came too late; else what the work answers.
    pub(crate) async fn run<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&DatabaseFile) -> Result<T, Error> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let (queued, patience, refused) = (Instant::now(), self.patience, Arc::clone(&self.refused));
        let job = Job(Box::new(move |file| {
            if !answer.is_canceled() {
                // Behind a lock each job ahead waits for its own time-out. Without a bound on the sum, the last of a
                // hundred callers would hear minutes later what the first one heard at once.
                let late = queued.elapsed() >= patience && !patience.is_zero();
                // The caller may have gone meanwhile; then nobody is left to tell.
                drop(answer.send(if late { Err(refuse(&refused)) } else { work(file) }));
            }
        }));
        match self.jobs.as_ref().map(|jobs| jobs.try_send(job)) {
            Some(Ok(())) => answered.await.unwrap_or(Err(Error::NoAnswer)),
            Some(Err(TrySendError::Full(_))) => Err(refuse(&self.refused)),
            Some(Err(TrySendError::Disconnected(_))) | None => Err(Error::NoAnswer),
        }
    }
}

impl Lane {
    /// How many were refused so far.
    pub(crate) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }
}

/// What a caller is told that cannot have its turn, or not in time.
fn refuse(refused: &AtomicU64) -> Error {
    refused.fetch_add(1, Ordering::Relaxed);
    Error::Overloaded
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.jobs = None;
        for thread in self.threads.drain(..) {
            // A thread survives the panic of a job, so there is nothing to hear from it.
            drop(thread.join());
        }
    }
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lane").field("threads", &self.threads.len()).finish_non_exhaustive()
    }
}

/// What each thread does until the store is gone.
fn work(jobs: &Mutex<Receiver<Job>>, file: &DatabaseFile) {
    while let Some(Job(job)) = next(jobs) {
        // The job drops its end of the channel when it panics, and its caller gets `NoAnswer`.
        drop(catch_unwind(AssertUnwindSafe(|| job(file))));
    }
}

fn next(jobs: &Mutex<Receiver<Job>>) -> Option<Job> {
    jobs.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}
