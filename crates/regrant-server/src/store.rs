//! The store that the configuration names, and the clients in it.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use regrant::{
    AsyncClientStore, AsyncGrantManagement, AsyncTokenStore, BoxError, Change, Client, ClientId, ClientStore,
    CommitOutcome, EndReason, Grant, GrantFilter, GrantId, GrantManagement, Policy, StaticClients, Timestamp,
};
use regrant_memory::MemoryStore;
use regrant_sqlite::{Error as SqliteError, Options, SqliteClients, SqliteStore};

use crate::config::{Config, StoreUrl, io_text};
use crate::fault::Fault;
use crate::journal;
use crate::watched_file::WatchedFile;

/// How long the server waits for another process that holds the lock of the file. A request waits for it up to three
/// times, and as often for its turn behind others; its answer must come while the client can still retry.
const SERVING: Duration = Duration::from_secs(1);
/// How long a command waits. It has nobody behind it.
const COMMANDING: Duration = Duration::from_secs(5);

/// Any of the stores, chosen when the server starts.
#[derive(Debug)]
pub enum Store {
    /// In this process.
    Memory(MemoryStore),
    /// In a file.
    Sqlite(SqliteFile),
}

/// An SQLite store, and the file that it is in.
#[derive(Debug)]
pub struct SqliteFile {
    store: SqliteStore,
    file: WatchedFile,
}

impl SqliteFile {
    fn open(path: &Path) -> Result<Self, Fault> {
        let store = open_sqlite(path, SERVING)?;
        let file = WatchedFile::new(path)
            .map_err(|error| Fault::caused(format_args!("store: sqlite:{}", path.display()), &error))?;
        Ok(Self { store, file })
    }

    /// Lets an answer of the store count only if the file was still there after it. A commit that went into a file
    /// without a name is in doubt: the engine gives up on it, and the client is told to come again.
    fn still_there<T>(&self, answer: Result<T, SqliteError>) -> Result<T, BoxError> {
        let answer = answer.map_err(told)?;
        self.file.check().map_err(told)?;
        Ok(answer)
    }
}

impl Store {
    /// Opens the store at an address.
    ///
    /// # Errors
    /// The store cannot be opened.
    pub fn open(url: &StoreUrl) -> Result<Self, Fault> {
        match url {
            StoreUrl::Memory => Ok(Self::Memory(MemoryStore::new())),
            StoreUrl::Sqlite(path) => SqliteFile::open(path).map(Self::Sqlite),
        }
    }

    /// Whether there is no grant at all. What cannot be read is something.
    pub async fn is_empty(&self) -> bool {
        AsyncGrantManagement::list(self, &GrantFilter::All, None, 1).await.is_ok_and(|page| page.is_empty())
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
        StoreUrl::Sqlite(path) => open_sqlite(path, COMMANDING),
    }
}

/// As [`Store::is_empty`].
pub fn is_empty(grants: &SqliteStore) -> bool {
    GrantManagement::list(grants, &GrantFilter::All, None, 1).is_ok_and(|page| page.is_empty())
}

/// A fault of the store of a configuration. The texts of the store hold neither a secret nor a digest.
pub fn fault(config: &Config, error: &SqliteError) -> Fault {
    Fault::caused(format_args!("store: {}", config.store), error)
}

fn open_sqlite(path: &Path, patience: Duration) -> Result<SqliteStore, Fault> {
    let mut options = Options::new(path);
    options.busy_timeout = patience;
    let opened = SqliteStore::open(&options);
    opened.map_err(|error| match error {
        SqliteError::CannotOpen { .. } => {
            Fault::running(format_args!("store: sqlite:{}: cannot open the database file{}", path.display(), why(path)))
        }
        error => Fault::caused(format_args!("store: sqlite:{}", path.display()), &error),
    })
}

/// Why a file cannot be opened, as the system puts it: `SQLite` does not tell a missing folder from a missing right.
fn why(path: &Path) -> String {
    let tried = std::fs::OpenOptions::new().read(true).write(true).open(path);
    tried.map_or_else(|error| format!(": {}", io_text(&error)), |_| String::new())
}

impl AsyncTokenStore for Store {
    type Error = BoxError;

    async fn load(&self, id: &GrantId) -> Result<Option<Grant>, BoxError> {
        match self {
            Self::Memory(store) => AsyncTokenStore::load(store, id).await.map_err(told),
            Self::Sqlite(open) => open.still_there(AsyncTokenStore::load(&open.store, id).await),
        }
    }

    async fn commit(&self, change: Change) -> Result<CommitOutcome, BoxError> {
        match self {
            Self::Memory(store) => AsyncTokenStore::commit(store, change).await.map_err(told),
            Self::Sqlite(open) => open.still_there(AsyncTokenStore::commit(&open.store, change).await),
        }
    }
}

impl AsyncGrantManagement for Store {
    type Error = BoxError;

    async fn list(&self, filter: &GrantFilter, after: Option<GrantId>, limit: usize) -> Result<Vec<Grant>, BoxError> {
        match self {
            Self::Memory(store) => AsyncGrantManagement::list(store, filter, after, limit).await.map_err(told),
            Self::Sqlite(open) => open.still_there(AsyncGrantManagement::list(&open.store, filter, after, limit).await),
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
            Self::Sqlite(open) => {
                open.still_there(AsyncGrantManagement::end(&open.store, filter, at, reason, limit).await)
            }
        }
    }

    async fn purge(&self, before: Timestamp, limit: usize) -> Result<usize, BoxError> {
        match self {
            Self::Memory(store) => AsyncGrantManagement::purge(store, before, limit).await.map_err(told),
            Self::Sqlite(open) => open.still_there(AsyncGrantManagement::purge(&open.store, before, limit).await),
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
            Store::Sqlite(open) => Some(open.store.clients(policy)),
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
