//! The store that the configuration names, and the clients in it.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use regrant::{
    AsyncClientStore, AsyncGrantManagement, AsyncTokenStore, BoxError, Change, Client, ClientId, ClientStore,
    CommitOutcome, EndReason, Grant, GrantFilter, GrantId, Policy, StaticClients, Timestamp,
};
use regrant_memory::MemoryStore;
use regrant_sqlite::{Error as SqliteError, Options, SqliteClients, SqliteStore};

use crate::config::{Config, StoreUrl};
use crate::fault::Fault;
use crate::journal;

/// Any of the stores, chosen when the server starts.
#[derive(Debug)]
pub enum Store {
    /// In this process.
    Memory(MemoryStore),
    /// In a file.
    Sqlite(SqliteStore),
}

impl Store {
    /// Opens the store at an address.
    ///
    /// # Errors
    /// The store cannot be opened.
    pub fn open(url: &StoreUrl) -> Result<Self, Fault> {
        match url {
            StoreUrl::Memory => Ok(Self::Memory(MemoryStore::new())),
            StoreUrl::Sqlite(path) => open_sqlite(path).map(Self::Sqlite),
        }
    }
}

/// The store of a command that works on what other processes see.
///
/// # Errors
/// A memory store, which no other process can see, as a fault of usage; a store that cannot be opened.
pub fn shared(config: &Config) -> Result<SqliteStore, Fault> {
    match &config.store {
        StoreUrl::Memory => Err(Fault::usage(
            "store: memory: is seen by no other process, expected sqlite:PATH for a command on the store",
        )),
        StoreUrl::Sqlite(path) => open_sqlite(path),
    }
}

/// A fault of the store of a configuration. The texts of the store hold neither a secret nor a digest.
pub fn fault(config: &Config, error: &SqliteError) -> Fault {
    Fault::caused(format_args!("store: {}", config.store), error)
}

fn open_sqlite(path: &Path) -> Result<SqliteStore, Fault> {
    let opened = SqliteStore::open(&Options::new(path));
    opened.map_err(|error| Fault::caused(format_args!("store: sqlite:{}", path.display()), &error))
}

impl AsyncTokenStore for Store {
    type Error = BoxError;

    async fn load(&self, id: &GrantId) -> Result<Option<Grant>, BoxError> {
        match self {
            Self::Memory(store) => AsyncTokenStore::load(store, id).await.map_err(told),
            Self::Sqlite(store) => AsyncTokenStore::load(store, id).await.map_err(told),
        }
    }

    async fn commit(&self, change: Change) -> Result<CommitOutcome, BoxError> {
        match self {
            Self::Memory(store) => AsyncTokenStore::commit(store, change).await.map_err(told),
            Self::Sqlite(store) => AsyncTokenStore::commit(store, change).await.map_err(told),
        }
    }
}

impl AsyncGrantManagement for Store {
    type Error = BoxError;

    async fn list(&self, filter: &GrantFilter, after: Option<GrantId>, limit: usize) -> Result<Vec<Grant>, BoxError> {
        match self {
            Self::Memory(store) => AsyncGrantManagement::list(store, filter, after, limit).await.map_err(told),
            Self::Sqlite(store) => AsyncGrantManagement::list(store, filter, after, limit).await.map_err(told),
        }
    }

    async fn end(
        &self,
        filter: &GrantFilter,
        at: Timestamp,
        reason: EndReason,
        limit: usize,
    ) -> Result<usize, BoxError> {
        match self {
            Self::Memory(store) => AsyncGrantManagement::end(store, filter, at, reason, limit).await.map_err(told),
            Self::Sqlite(store) => AsyncGrantManagement::end(store, filter, at, reason, limit).await.map_err(told),
        }
    }

    async fn purge(&self, before: Timestamp, limit: usize) -> Result<usize, BoxError> {
        match self {
            Self::Memory(store) => AsyncGrantManagement::purge(store, before, limit).await.map_err(told),
            Self::Sqlite(store) => AsyncGrantManagement::purge(store, before, limit).await.map_err(told),
        }
    }
}

/// Logs a fault of the store and forgets its type. Here, because the answer to the client says nothing of it, and the
/// record of the decision only that there was one.
fn told(error: impl Error + Send + Sync + 'static) -> BoxError {
    journal::store_fault(&error);
    BoxError::new(error)
}

/// The clients of the file, then those of the store's table. A client that both have is the file's.
#[derive(Debug)]
pub struct Clients {
    file: StaticClients,
    table: Option<SqliteClients>,
}

impl Clients {
    /// The clients of a configuration, and of its store where that has a table.
    pub fn new(file: StaticClients, policy: Policy, store: &Store) -> Self {
        let table = match store {
            Store::Memory(_) => None,
            Store::Sqlite(store) => Some(store.clients(policy)),
        };
        Self { file, table }
    }

    /// The same for a command on an SQLite store.
    pub fn over(file: StaticClients, table: SqliteClients) -> Self {
        Self { file, table: Some(table) }
    }

    /// The client of the file.
    fn of_file(&self, id: &ClientId) -> Option<Arc<Client>> {
        match ClientStore::client(&self.file, id) {
            Ok(found) => found,
        }
    }
}

impl ClientStore for Clients {
    type Error = SqliteError;

    fn client(&self, id: &ClientId) -> Result<Option<Arc<Client>>, SqliteError> {
        match (self.of_file(id), &self.table) {
            (None, Some(table)) => ClientStore::client(table, id),
            (found, _) => Ok(found),
        }
    }
}

impl AsyncClientStore for Clients {
    type Error = SqliteError;

    async fn client(&self, id: &ClientId) -> Result<Option<Arc<Client>>, SqliteError> {
        match (self.of_file(id), &self.table) {
            (None, Some(table)) => {
                AsyncClientStore::client(table, id).await.inspect_err(|error| journal::store_fault(error))
            }
            (found, _) => Ok(found),
        }
    }
}
