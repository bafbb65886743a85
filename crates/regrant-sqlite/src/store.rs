//! The store.

use std::sync::Arc;

use regrant::{
    AsyncGrantManagement, AsyncTokenStore, Change, CommitOutcome, EndReason, Grant, GrantFilter, GrantId,
    GrantManagement, Policy, Timestamp, TokenStore,
};

use crate::clients::SqliteClients;
use crate::error::Error;
use crate::file::DatabaseFile;
use crate::grants;
use crate::lane::Lane;
use crate::options::Options;
use crate::purge::purge;

/// All grants, in an SQLite file. Clones share the connections and the threads.
///
/// The blocking ports work on the caller's thread. The awaited ones hand the work to the threads of the store; dropping
/// the last clone waits for what those have begun.
#[derive(Clone, Debug)]
pub struct SqliteStore(Arc<Open>);

#[derive(Debug)]
struct Open {
    // Before the file, so that the threads have ended when it closes.
    reads: Lane,
    writes: Lane,
    file: Arc<DatabaseFile>,
}

impl SqliteStore {
    /// Opens the file, makes it where it is missing, and brings it to the newest schema.
    ///
    /// # Errors
    /// See [`Error`]; a file that is refused is left as it was.
    pub fn open(options: &Options) -> Result<Self, Error> {
        let file = Arc::new(DatabaseFile::open(options)?);
        let start = |name, threads| Lane::start(name, threads, options, &file).map_err(Error::Threads);
        let (reads, writes) = (start("regrant-read", options.readers.max(1))?, start("regrant-write", 1)?);
        Ok(Self(Arc::new(Open { reads, writes, file })))
    }

    /// The clients in the same file. `defaults` is the policy of every client, where its own row does not override it.
    pub fn clients(&self, defaults: Policy) -> SqliteClients {
        SqliteClients::new(self.clone(), defaults)
    }

    pub(crate) fn file(&self) -> &DatabaseFile {
        &self.0.file
    }

    pub(crate) fn reads(&self) -> &Lane {
        &self.0.reads
    }

    fn writes(&self) -> &Lane {
        &self.0.writes
    }
}

impl TokenStore for SqliteStore {
    type Error = Error;

    fn load(&self, id: &GrantId) -> Result<Option<Grant>, Error> {
        self.file().read(|connection| grants::load(connection, id))
    }

    fn commit(&self, change: Change) -> Result<CommitOutcome, Error> {
        self.file().write(|connection| grants::commit(connection, &change))
    }
}

impl AsyncTokenStore for SqliteStore {
    type Error = Error;

    async fn load(&self, id: &GrantId) -> Result<Option<Grant>, Error> {
        let id = *id;
        self.reads().run(move |file| file.read(|connection| grants::load(connection, &id))).await
    }

    async fn commit(&self, change: Change) -> Result<CommitOutcome, Error> {
        self.writes().run(move |file| file.write(|connection| grants::commit(connection, &change))).await
    }
}

/// `end` and `purge` write up to 256 records in one transaction; other writers go between two of them.
impl GrantManagement for SqliteStore {
    type Error = Error;

    /// A corrupt record within the page is an error that names it; a page after its id goes on behind it.
    fn list(&self, filter: &GrantFilter, after: Option<GrantId>, limit: usize) -> Result<Vec<Grant>, Error> {
        self.file().read(|connection| grants::list(connection, filter, after, limit))
    }

    fn end(&self, filter: &GrantFilter, at: Timestamp, reason: EndReason, limit: usize) -> Result<usize, Error> {
        end(self.file(), filter, at, reason, limit)
    }

    fn purge(&self, before: Timestamp, limit: usize) -> Result<usize, Error> {
        purge(self.file(), before, limit)
    }
}

impl AsyncGrantManagement for SqliteStore {
    type Error = Error;

    async fn list(&self, filter: &GrantFilter, after: Option<GrantId>, limit: usize) -> Result<Vec<Grant>, Error> {
        let filter = filter.clone();
        self.reads().run(move |file| file.read(|connection| grants::list(connection, &filter, after, limit))).await
    }

    async fn end(&self, filter: &GrantFilter, at: Timestamp, reason: EndReason, limit: usize) -> Result<usize, Error> {
        let filter = filter.clone();
        self.writes().run(move |file| end(file, &filter, at, reason, limit)).await
    }

    async fn purge(&self, before: Timestamp, limit: usize) -> Result<usize, Error> {
        self.writes().run(move |file| purge(file, before, limit)).await
    }
}

/// Ends up to `limit` grants, a batch at a time.
fn end(
    file: &DatabaseFile,
    filter: &GrantFilter,
    at: Timestamp,
    reason: EndReason,
    limit: usize,
) -> Result<usize, Error> {
    const BATCH: usize = 256;
    let mut ended = 0;
    while ended < limit {
        let batch = BATCH.min(limit - ended);
        match file.write(|connection| grants::end_living(connection, filter, at, reason, batch))? {
            0 => break,
            some => ended += some,
        }
    }
    Ok(ended)
}

#[cfg(test)]
mod tests;
