//! What waits for a connection, and the bounded queue it waits in.

use std::fmt;
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use regrant::{Change, ClientId, ClientRecord, CommitOutcome, Grant, GrantId};
use tokio::sync::{Mutex, mpsc, oneshot};

use crate::error::Error;
use crate::session::Session;

/// Whoever waits for an answer. They may have gone away.
pub(crate) type Reply<T> = oneshot::Sender<Result<T, Error>>;

/// A load that waits.
#[derive(Debug)]
pub(crate) struct Load {
    pub(crate) id: GrantId,
    pub(crate) reply: Reply<Option<Grant>>,
    /// Whether a connection was lost over it already.
    pub(crate) again: bool,
}

/// A commit that waits.
#[derive(Debug)]
pub(crate) struct Commit {
    pub(crate) change: Change,
    pub(crate) reply: Reply<CommitOutcome>,
}

/// The lookup of a client that waits.
#[derive(Debug)]
pub(crate) struct Lookup {
    pub(crate) id: ClientId,
    pub(crate) reply: Reply<Option<ClientRecord>>,
}

/// Anything else that is to be done on a connection, by itself. It tells its caller the outcome.
pub(crate) struct Work {
    run: Runs,
    writes: bool,
}

/// Does the work, or has its caller hear why it is not done.
type Runs = Box<dyn for<'a> FnOnce(Result<&'a Session, Error>) -> Working<'a> + Send>;

impl Work {
    /// Does it.
    pub(crate) async fn run(self, session: &Session) {
        (self.run)(Ok(session)).await;
    }
}

/// Work under way.
pub(crate) type Working<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Work under way that has an answer.
pub(crate) type Asked<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// What waits.
#[derive(Debug)]
pub(crate) enum Job {
    Load(Load),
    Commit(Commit),
    Lookup(Lookup),
    Work(Work),
}

impl Job {
    /// Whether nobody waits any more. What nobody was told of need not be done.
    pub(crate) fn is_cancelled(&self) -> bool {
        match self {
            Self::Load(load) => load.reply.is_closed(),
            Self::Commit(commit) => commit.reply.is_closed(),
            Self::Lookup(lookup) => lookup.reply.is_closed(),
            Self::Work(_) => false,
        }
    }

    /// Whether it may write, and so wait for a standby.
    pub(crate) const fn commits(&self) -> bool {
        match self {
            Self::Commit(_) => true,
            Self::Work(work) => work.writes,
            Self::Load(_) | Self::Lookup(_) => false,
        }
    }

    /// Tells the one who waits that it was not done.
    pub(crate) fn fail(self, error: Error) {
        match self {
            Self::Load(load) => tell(load.reply, Err(error)),
            Self::Commit(commit) => tell(commit.reply, Err(error)),
            Self::Lookup(lookup) => tell(lookup.reply, Err(error)),
            Self::Work(work) => drop((work.run)(Err(error))),
        }
    }
}

impl fmt::Debug for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Work").finish_non_exhaustive()
    }
}

/// Answers. Who has gone away hears nothing.
pub(crate) fn tell<T>(reply: Reply<T>, answer: Result<T, Error>) {
    drop(reply.send(answer));
}

/// A job, and since when it waits.
#[derive(Debug)]
pub(crate) struct Queued {
    pub(crate) job: Job,
    pub(crate) since: Instant,
}

/// The end of a queue that jobs go into.
#[derive(Clone, Debug)]
pub(crate) struct Queue(mpsc::Sender<Queued>);

/// The end that all lanes of a queue take jobs from.
pub(crate) type Jobs = Arc<Mutex<mpsc::Receiver<Queued>>>;

impl Queue {
    /// A queue for so many jobs.
    pub(crate) fn new(size: usize) -> (Self, Jobs) {
        let (sender, receiver) = mpsc::channel(size.max(1));
        (Self(sender), Arc::new(Mutex::new(receiver)))
    }

    /// Has a job done, in its turn. It needs no runtime where it is awaited.
    ///
    /// # Errors
    /// [`Error::Overloaded`] at once where the queue is full; [`Error::NoAnswer`]; else what the job answers.
    pub(crate) async fn ask<T>(&self, job: impl FnOnce(Reply<T>) -> Job) -> Result<T, Error> {
        let (reply, answer) = oneshot::channel();
        self.put(job(reply))?;
        answer.await.unwrap_or(Err(Error::NoAnswer))
    }

    fn put(&self, job: Job) -> Result<(), Error> {
        self.0.try_send(Queued { job, since: Instant::now() }).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => Error::Overloaded,
            mpsc::error::TrySendError::Closed(_) => Error::NoAnswer,
        })
    }

    /// Has something done on a connection that may write.
    ///
    /// # Errors
    /// As [`Queue::ask`]; [`Error::Overloaded`] where commits are held back.
    pub(crate) async fn write<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: for<'a> FnOnce(&'a Session) -> Asked<'a, T> + Send + 'static,
    {
        self.ask(|reply| work_of(work, reply, true)).await
    }

    /// Has something done on a connection that only reads.
    ///
    /// # Errors
    /// As [`Queue::ask`].
    pub(crate) async fn read<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: for<'a> FnOnce(&'a Session) -> Asked<'a, T> + Send + 'static,
    {
        self.ask(|reply| work_of(work, reply, false)).await
    }
}

fn work_of<T, F>(work: F, reply: Reply<T>, writes: bool) -> Job
where
    T: Send + 'static,
    F: for<'a> FnOnce(&'a Session) -> Asked<'a, T> + Send + 'static,
{
    Job::Work(Work {
        run: Box::new(move |session| match session {
            Ok(session) => {
                let working = work(session);
                Box::pin(async move { tell(reply, working.await) })
            }
            Err(error) => {
                tell(reply, Err(error));
                Box::pin(ready(()))
            }
        }),
        writes,
    })
}
