//! A lane: one connection, and a task that takes what waits and has it done.
//!
//! A lane that is free takes all that waits, up to the size of a batch, and has it done in one pass: one statement for
//! the loads, one for the replacements, and so on, sent at once. So a lone call waits for nobody, and under load each
//! round trip and each flush of the log serves many.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::timeout;

use crate::error::Error;
use crate::job::{Job, Jobs, Queued};
use crate::options::Options;
use crate::pass::Pass;
use crate::pause::Pause;
use crate::session::Session;

/// How much longer the store waits for an answer than the server works on it.
const GRACE: Duration = Duration::from_secs(1);

/// What a lane works with.
#[derive(Debug)]
pub(crate) struct Lane {
    jobs: Jobs,
    options: Arc<Options>,
    /// The most jobs of one pass.
    batch: usize,
    session: Option<Session>,
    /// Set where requests are served.
    pause: Option<Arc<Pause>>,
}

impl Lane {
    /// A lane of a queue; `session` is open, or will be when it is needed.
    pub(crate) fn new(jobs: Jobs, options: Arc<Options>, batch: usize, session: Option<Session>) -> Self {
        Self { jobs, options, batch: batch.max(1), session, pause: None }
    }

    /// Holds commits back together with the other lanes of `pause`.
    pub(crate) fn with_pause(self, pause: Arc<Pause>) -> Self {
        Self { pause: Some(pause), ..self }
    }

    /// Works until the store is gone and nothing waits any more.
    pub(crate) async fn work(mut self) {
        while let Some(jobs) = self.next().await {
            let mut left = jobs;
            while !left.is_empty() {
                left = self.pass(left).await;
            }
        }
    }

    /// What waits, at least one and at most a batch. Whoever waited for too long is told so.
    async fn next(&self) -> Option<Vec<Job>> {
        let mut taken = Vec::new();
        if self.jobs.lock().await.recv_many(&mut taken, self.batch).await == 0 {
            return None;
        }
        let now = Instant::now();
        let mut jobs = Vec::with_capacity(taken.len());
        for Queued { job, since } in taken {
            if now.saturating_duration_since(since) >= self.options.patience {
                job.fail(Error::Overloaded);
            } else if !job.is_cancelled() {
                jobs.push(job);
            }
        }
        Some(jobs)
    }

    /// Has jobs done; answers with those that are still to be done.
    async fn pass(&mut self, jobs: Vec<Job>) -> Vec<Job> {
        let (jobs, pause) = self.admitted(jobs);
        if jobs.is_empty() {
            return jobs;
        }
        let session = match self.confirmed_session().await {
            Ok(session) => session,
            Err(error) => {
                for job in jobs {
                    job.fail(error.clone());
                }
                return Vec::new();
            }
        };
        if let Ok(left) = timeout(self.limit(), Pass::of(jobs, self.options.notify).run(&session)).await {
            if let Some(pause) = pause.filter(|_| session.is_usable()) {
                pause.answered();
            }
            self.session = session.is_usable().then_some(session);
            return left;
        }
        // Every reply of the pass was dropped with it: `Error::NoAnswer`.
        session.cut();
        if let Some(pause) = pause {
            pause.unanswered(Instant::now());
        }
        Vec::new()
    }

    /// The jobs without those that are held back; and what to tell of their outcome, if there are commits among them.
    fn admitted(&self, jobs: Vec<Job>) -> (Vec<Job>, Option<Arc<Pause>>) {
        let Some(pause) = self.pause.as_ref().filter(|_| jobs.iter().any(Job::commits)) else {
            return (jobs, None);
        };
        if pause.admits(Instant::now()) {
            return (jobs, Some(Arc::clone(pause)));
        }
        let (held, rest): (Vec<Job>, Vec<Job>) = jobs.into_iter().partition(Job::commits);
        for job in held {
            job.fail(Error::Overloaded);
        }
        (rest, None)
    }

    /// How long the store waits for an answer.
    fn limit(&self) -> Duration {
        self.options.statement_timeout.saturating_add(GRACE)
    }

    /// A connection to a server that holds nothing which a failover would lose.
    ///
    /// Somebody may have cancelled a commit's wait for the standby. The server then shows what it alone has, and an answer
    /// that rests on it would be lost with the server. So nothing is read before the standby has it as well.
    async fn confirmed_session(&mut self) -> Result<Session, Error> {
        let session = self.session().await?;
        let Some(warnings) = self.options.confirmation.pending() else {
            return Ok(session);
        };
        match timeout(self.limit(), session.confirm()).await {
            Ok(Ok(())) => {
                self.options.confirmation.confirm(warnings);
                Ok(session)
            }
            // A server that does not know the question has no such standby.
            Ok(Err(Error::Refused(fault))) if matches!(fault.sqlstate(), Some("42883" | "0A000")) => {
                self.options.confirmation.confirm(warnings);
                Ok(session)
            }
            Ok(Err(error)) => Err(error),
            Err(_) => {
                session.cut();
                Err(Error::NotReplicated)
            }
        }
    }

    async fn session(&mut self) -> Result<Session, Error> {
        match self.session.take() {
            Some(session) if session.is_usable() => Ok(session),
            _ => Session::open(&self.options).await,
        }
    }
}
