//! The store.

use std::sync::Arc;

use regrant::{
    AsyncGrantManagement, AsyncTokenStore, Change, Clock, CommitOutcome, EndReason, Grant, GrantFilter, GrantId,
    Policy, RevocationSink, Timestamp,
};

use crate::clients::PostgresClients;
use crate::error::Error;
use crate::gate::Gate;
use crate::job::{Commit, Job, Jobs, Load, Queue};
use crate::lane::Lane;
use crate::listener::{Listener, ListenerEvent};
use crate::options::Options;
use crate::session::Session;
use crate::{management, purge, schema};

/// All grants, in a Postgres database. Clones share the connections.
///
/// Its connections belong to tasks of the runtime that it was opened in. Its futures can be awaited anywhere. When the last
/// clone is dropped, the tasks do what waits, and end.
#[derive(Clone, Debug)]
pub struct PostgresStore(Arc<Open>);

#[derive(Debug)]
struct Open {
    options: Arc<Options>,
    requests: Queue,
    aside: Queue,
}

impl PostgresStore {
    /// Connects, and brings the database to the newest schema where it may. It must be called in a tokio runtime.
    ///
    /// # Errors
    /// [`Error::Unreachable`], [`Error::NotMigrated`], [`Error::NewerSchema`]; the server failed.
    pub async fn open(options: Options) -> Result<Self, Error> {
        let options = Arc::new(options);
        let session = Session::open(&options).await?;
        schema::ensure(&session, &options).await?;
        let (requests, jobs) = Queue::new(options.queue);
        let (aside, tasks) = Queue::new(options.queue);
        let mut first = Some(session);
        let gate = Arc::new(Gate::new(options.age_of_held(), options.limit()));
        let lane = |jobs: &Jobs, batch, session| {
            let lane = Lane::new(Arc::clone(jobs), Arc::clone(&options), batch, session, Arc::clone(&gate));
            tokio::spawn(lane.work());
        };
        for _ in 0..options.connections.max(1) {
            lane(&jobs, options.batch, first.take());
        }
        // Management must not stand in the way of a request, nor wait for one.
        lane(&tasks, 1, None);
        Ok(Self(Arc::new(Open { options, requests, aside })))
    }

    /// The clients in the same database. `defaults` is the policy of every client, where its own row does not override it.
    pub fn clients(&self, defaults: Policy) -> PostgresClients {
        PostgresClients::new(self.clone(), defaults)
    }

    /// Brings the caches of this node the news of all nodes: see [`Listener::start`].
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn listen(
        &self,
        clock: impl Clock + 'static,
        sinks: Vec<Arc<dyn RevocationSink>>,
        tell: impl Fn(&ListenerEvent) + Send + Sync + 'static,
    ) -> Option<Listener> {
        Listener::start(self.options(), clock, sinks, tell)
    }

    pub(crate) fn options(&self) -> &Options {
        &self.0.options
    }

    /// Where the loads and commits of requests wait.
    pub(crate) fn requests(&self) -> &Queue {
        &self.0.requests
    }

    /// Where everything else waits.
    pub(crate) fn aside(&self) -> &Queue {
        &self.0.aside
    }
}

impl AsyncTokenStore for PostgresStore {
    type Error = Error;

    async fn load(&self, id: &GrantId) -> Result<Option<Grant>, Error> {
        self.requests().ask(|reply| Job::Load(Load { id: *id, reply, again: false })).await
    }

    async fn commit(&self, change: Change) -> Result<CommitOutcome, Error> {
        self.requests().ask(|reply| Job::Commit(Commit { change, reply })).await
    }
}

/// `end` and `purge` write up to 256 records in one statement; requests have other connections.
impl AsyncGrantManagement for PostgresStore {
    type Error = Error;

    /// A corrupt record within the page is an error that names it; a page after its id goes on behind it.
    async fn list(&self, filter: &GrantFilter, after: Option<GrantId>, limit: usize) -> Result<Vec<Grant>, Error> {
        management::list(self.aside(), filter.clone(), after, limit).await
    }

    async fn end(&self, filter: &GrantFilter, at: Timestamp, reason: EndReason, limit: usize) -> Result<usize, Error> {
        management::end(self.aside(), self.options().notify, filter, at, reason, limit).await
    }

    async fn purge(&self, before: Timestamp, limit: usize) -> Result<usize, Error> {
        purge::purge(self.aside(), before, limit).await
    }
}
