//! A lane: one connection, and a task that takes what waits and has it done.
//!
//! A lane that is free takes all that waits, up to the size of a batch, and has it done in one pass: one statement for
//! the loads, one for the replacements, and so on, sent at once. So a lone call waits for nobody, and under load each
//! round trip and each flush of the log serves many.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::timeout;

use crate::error::Error;
use crate::gate::{Gate, Leave, Passage};
use crate::job::{Job, Jobs, Queued};
use crate::options::Options;
use crate::pass::Pass;
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
    /// Shared with the other lanes of the store.
    gate: Arc<Gate>,
}

impl Lane {
    /// A lane of a queue; `session` is open, or will be when it is needed.
    pub(crate) fn new(
        jobs: Jobs,
        options: Arc<Options>,
        batch: usize,
        session: Option<Session>,
        gate: Arc<Gate>,
    ) -> Self {
        Self { jobs, options, batch: batch.max(1), session, gate }
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
        let session = match self.confirmed_session().await {
            Ok(session) => session,
            Err(error) => {
                fail_all(jobs, &error);
                return Vec::new();
            }
        };
        let (jobs, passage) = self.admitted(jobs, &session).await;
        let pass = Pass::of(jobs, self.options.notify).run(&session);
        let Ok(left) = timeout(self.limit(), pass).await else {
            // Every reply of the pass was dropped with it: `Error::NoAnswer`.
            session.cut();
            if passage.is_some() {
                self.gate.unanswered(Instant::now());
            }
            return Vec::new();
        };
        if let Some(passage) = passage.filter(|_| session.is_usable()) {
            self.gate.answered(passage);
        }
        self.session = session.is_usable().then_some(session);
        left
    }

    /// The jobs without those that are held back; and how the commits among them came to be sent, if there are any.
    async fn admitted(&self, jobs: Vec<Job>, session: &Session) -> (Vec<Job>, Option<Passage>) {
        if !jobs.iter().any(Job::commits) {
            return (jobs, None);
        }
        if let Some(passage) = self.passage(session).await {
            return (jobs, Some(passage));
        }
        let (held, rest): (Vec<Job>, Vec<Job>) = jobs.into_iter().partition(Job::commits);
        fail_all(held, &Error::Overloaded);
        (rest, None)
    }

    /// Whether commits may be sent. Where that depends on the server, it is asked.
    async fn passage(&self, session: &Session) -> Option<Passage> {
        match self.gate.leave(Instant::now()) {
            Leave::Granted(passage) => return Some(passage),
            Leave::Denied => return None,
            Leave::Ask => {}
        }
        match timeout(self.limit(), session.holds_commits(self.options.statement_timeout)).await {
            // A server that does not know the question has no such standby.
            Ok(Ok(false) | Err(Error::Refused(_))) => Some(self.gate.nothing_is_held()),
            Ok(Ok(true) | Err(_)) => None,
            Err(_) => {
                session.condemn();
                None
            }
        }
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
        // It waits for the standby like any commit.
        let Some(passage) = self.passage(&session).await else {
            self.session = Some(session);
            return Err(Error::NotReplicated);
        };
        match timeout(self.limit(), session.confirm()).await {
            Ok(Err(error)) if !is_unknown_question(&error) => Err(error),
            Ok(_) => {
                self.gate.answered(passage);
                self.options.confirmation.confirm(warnings);
                Ok(session)
            }
            Err(_) => {
                session.cut();
                self.gate.unanswered(Instant::now());
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

/// Whether the server does not know how to say that its standby has everything: then it has no such standby.
fn is_unknown_question(error: &Error) -> bool {
    matches!(error, Error::Refused(fault) if matches!(fault.sqlstate(), Some("42883" | "0A000")))
}

fn fail_all(jobs: Vec<Job>, error: &Error) {
    for job in jobs {
        job.fail(error.clone());
    }
}
