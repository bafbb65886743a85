//! A lane: one connection, and a task that takes what waits and has it done.
//!
//! A lane that is free takes all that waits, up to the size of a batch, and has it done in one pass: one statement for
//! the loads, one for the replacements, and so on, sent at once. So a lone call waits for nobody, and under load each
//! round trip and each flush of the log serves many.

use std::mem;
use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;

use tokio::time::timeout;

use crate::error::Error;
use crate::gate::{Gate, Leave, Passage};
use crate::job::{Job, Jobs, Queued};
use crate::options::Options;
use crate::pass::Pass;
use crate::session::Session;

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
        let session = match self.session().await {
            Ok(session) => session,
            Err(error) => {
                fail_all(jobs, &error);
                return Vec::new();
            }
        };
        let (commits, mut jobs): (Vec<Job>, Vec<Job>) = jobs.into_iter().partition(Job::commits);
        let passage = self.admitted(!commits.is_empty(), &session).await;
        match passage {
            Some(_) => jobs.extend(commits),
            None => fail_all(commits, &Error::Overloaded),
        }
        if self.options.confirmation.pending().is_some() {
            fail_all(mem::take(&mut jobs), &Error::NotReplicated);
        }
        let left = self.run(jobs, passage, &session).await;
        self.session = session.is_usable().then_some(session);
        left
    }

    async fn run(&self, jobs: Vec<Job>, passage: Option<Passage>, session: &Session) -> Vec<Job> {
        let passage = passage.filter(|_| jobs.iter().any(Job::commits));
        let mut pass = pin!(Pass::of(jobs, self.options.notify).run(session));
        let Ok(left) = timeout(self.options.limit(), pass.as_mut()).await else {
            // Every reply of the pass is dropped with it: `Error::NoAnswer`. Not before the gate is shut: whoever hears that
            // comes again at once, and another lane must not find it open.
            session.cut();
            if let Some(passage) = passage {
                self.gate.unanswered(passage, Instant::now());
            }
            return Vec::new();
        };
        match passage {
            Some(passage) if session.is_usable() => self.gate.answered(passage),
            Some(passage) => self.gate.unknown(passage),
            None => {}
        }
        left
    }

    /// Whether commits may be sent, if any are to be, on a server that holds nothing which a failover would lose.
    ///
    /// Somebody may have cancelled a commit's wait for the standby. The server then shows what it alone has, and an answer
    /// that rests on it would be lost with the server. So nothing is read before the standby has it as well: before a commit
    /// of the store's own is answered. That is also what is tried with after a pause, since it always writes.
    async fn admitted(&self, commits: bool, session: &Session) -> Option<Passage> {
        let confirmation = &self.options.confirmation;
        if !commits && confirmation.pending().is_none() {
            return None;
        }
        // The question may be what tells of such a wait, so it comes first.
        let passage = self.passage(session).await?;
        let warnings = confirmation.pending();
        if warnings.is_none() && passage == Passage::Open {
            return Some(passage);
        }
        let confirmed = timeout(self.options.limit(), session.confirm()).await;
        let passage = match confirmed {
            Ok(Ok(())) => {
                self.gate.answered(passage);
                Passage::Open
            }
            // Such a server waits for no standby, and what is tried with is the next commit.
            Ok(Err(error)) if is_unknown_question(&error) => passage,
            Ok(Err(_)) => {
                self.gate.unknown(passage);
                return None;
            }
            Err(_) => {
                session.cut();
                self.gate.unanswered(passage, Instant::now());
                return None;
            }
        };
        if let Some(warnings) = warnings {
            confirmation.confirm(warnings);
        }
        Some(passage)
    }

    /// Whether commits may be sent. Where that depends on the server, it is asked.
    async fn passage(&self, session: &Session) -> Option<Passage> {
        match self.gate.leave(Instant::now()) {
            Leave::Granted(passage) => return Some(passage),
            Leave::Denied => return None,
            Leave::Ask => {}
        }
        match timeout(self.options.limit(), session.holds_commits(self.options.age_of_held())).await {
            Ok(Ok(true)) => self.gate.holds_some(),
            Ok(Ok(false)) => {
                if self.gate.came_loose() {
                    self.options.confirmation.warn();
                }
                return self.gate.holds_none(Instant::now());
            }
            // A server that does not know the question has no such standby. Any other refusal leaves it open.
            Ok(Err(error)) if is_unknown_question(&error) => return self.gate.holds_none(Instant::now()),
            Ok(Err(_)) => {}
            Err(_) => session.condemn(),
        }
        None
    }

    async fn session(&mut self) -> Result<Session, Error> {
        match self.session.take() {
            Some(session) if session.is_usable() => Ok(session),
            _ => Session::open(&self.options).await,
        }
    }
}

/// Whether the server does not know what it is asked of its standby, by a function or a table or a column that it lacks: then it
/// has no such standby.
fn is_unknown_question(error: &Error) -> bool {
    let unknown = ["42883", "42P01", "42703", "0A000"];
    matches!(error, Error::Refused(fault) if fault.sqlstate().is_some_and(|code| unknown.contains(&code)))
}

fn fail_all(jobs: Vec<Job>, error: &Error) {
    for job in jobs {
        job.fail(error.clone());
    }
}
