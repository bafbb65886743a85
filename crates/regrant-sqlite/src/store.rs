//! The store.

use std::sync::Arc;

use regrant::{
    AsyncGrantManagement, AsyncTokenStore, Change, CommitOutcome, EndReason, Grant, GrantFilter, GrantId,
    GrantManagement, Policy, Timestamp, TokenStore,
};

use crate::change::Prepared;
use crate::clients::SqliteClients;
use crate::end::End;
use crate::error::Error;
use crate::file::DatabaseFile;
use crate::grants;
use crate::lane::Lane;
use crate::options::Options;
use crate::purge::Purge;
use crate::statistics::Statistics;
use crate::writer::Writer;

/// All grants, in an SQLite file. Clones share the connections and the threads.
///
/// A blocking call works on the caller's thread where it can. An awaited one hands its work to the threads of the store;
/// dropping the last clone waits for what those have begun.
#[derive(Clone, Debug)]
pub struct SqliteStore(Arc<Open>);

#[derive(Debug)]
struct Open {
    // Before the file, so that the threads have ended when it closes.
    reads: Lane,
    writer: Writer,
    file: Arc<DatabaseFile>,
}

impl SqliteStore {
    /// Opens the file, makes it where it is missing, and brings it to the newest schema.
    ///
    /// # Errors
    /// See [`Error`]; a file that is refused is left as it was.
    pub fn open(options: &Options) -> Result<Self, Error> {
        let file = Arc::new(DatabaseFile::open(options)?);
        let reads = Lane::start("regrant-read", options.readers.max(1), options, &file).map_err(Error::Threads)?;
        let writer = Writer::start(options, &file)?;
        Ok(Self(Arc::new(Open { reads, writer, file })))
    }

    /// The clients in the same file. `defaults` is the policy of every client, where its own row does not override it.
    pub fn clients(&self, defaults: Policy) -> SqliteClients {
        SqliteClients::new(self.clone(), defaults)
    }

    /// What was written since the store was opened, and what waits.
    pub fn statistics(&self) -> Statistics {
        let written = self.writer().statistics();
        Statistics { overloaded: written.overloaded + self.reads().refused(), ..written }
    }

    /// How often SQLite had to prepare a statement again that was prepared before. Anything but 0 costs time.
    ///
    /// It waits for every connection in its turn.
    ///
    /// # Errors
    /// The store failed.
    pub fn prepared_again(&self) -> Result<u64, Error> {
        self.file().prepared_again()
    }

    pub(crate) fn file(&self) -> &DatabaseFile {
        &self.0.file
    }

    pub(crate) fn reads(&self) -> &Lane {
        &self.0.reads
    }

    pub(crate) fn writer(&self) -> &Writer {
        &self.0.writer
    }
}

impl TokenStore for SqliteStore {
    type Error = Error;

    fn load(&self, id: &GrantId) -> Result<Option<Grant>, Error> {
        self.file().read(|connection| grants::load(connection, id))
    }

    fn commit(&self, change: Change) -> Result<CommitOutcome, Error> {
        let change = Prepared::new(change)?;
        self.writer().write_guarded(move |connection| change.commit(connection))
    }
}

impl AsyncTokenStore for SqliteStore {
    type Error = Error;

    async fn load(&self, id: &GrantId) -> Result<Option<Grant>, Error> {
        let id = *id;
        self.reads().run(move |file| file.read(|connection| grants::load(connection, &id))).await
    }

    async fn commit(&self, change: Change) -> Result<CommitOutcome, Error> {
        let change = Prepared::new(change)?;
        self.writer().submit(move |connection| change.commit(connection)).await
    }
}

/// `end` and `purge` work a batch at a time; other writers go between two of them.
impl GrantManagement for SqliteStore {
    type Error = Error;

    /// A corrupt record within the page is an error that names it; a page after its id goes on behind it.
    fn list(&self, filter: &GrantFilter, after: Option<GrantId>, limit: usize) -> Result<Vec<Grant>, Error> {
        self.file().read_many(|connection| grants::list(connection, filter, after, limit))
    }

    fn end(&self, filter: &GrantFilter, at: Timestamp, reason: EndReason, limit: usize) -> Result<usize, Error> {
        let mut end = End::new(filter, at, reason, limit);
        while let Some(batch) = end.batch() {
            end.advance(self.writer().write(batch)?);
        }
        Ok(end.ended())
    }

    fn purge(&self, before: Timestamp, limit: usize) -> Result<usize, Error> {
        let mut purge = Purge::new(before, limit);
        while let Some(batch) = purge.batch() {
            purge.advance(self.writer().write(batch)?);
        }
        Ok(purge.purged())
    }
}

impl AsyncGrantManagement for SqliteStore {
    type Error = Error;

    async fn list(&self, filter: &GrantFilter, after: Option<GrantId>, limit: usize) -> Result<Vec<Grant>, Error> {
        let filter = filter.clone();
        self.reads().run(move |file| file.read_many(|connection| grants::list(connection, &filter, after, limit))).await
    }

    async fn end(&self, filter: &GrantFilter, at: Timestamp, reason: EndReason, limit: usize) -> Result<usize, Error> {
        let mut end = End::new(filter, at, reason, limit);
        while let Some(batch) = end.batch() {
            end.advance(self.writer().submit(batch).await?);
        }
        Ok(end.ended())
    }

    async fn purge(&self, before: Timestamp, limit: usize) -> Result<usize, Error> {
        let mut purge = Purge::new(before, limit);
        while let Some(batch) = purge.batch() {
            purge.advance(self.writer().submit(batch).await?);
        }
        Ok(purge.purged())
    }
}

#[cfg(test)]
mod tests;
