//! The store that the configuration names, and the clients in it.

mod clients;
mod error;
mod shared;

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

pub use clients::{Clients, Table};
pub use error::StoreError;
use regrant::{
    AsyncGrantManagement, AsyncTokenStore, BoxError, Change, CommitOutcome, EndReason, Grant, GrantFilter, GrantId,
    RevocationSink, Timestamp,
};
use regrant_memory::MemoryStore;
use regrant_postgres::{Listener, Options as PostgresOptions, PostgresStore};
use regrant_sqlite::{Error as SqliteError, Options, SqliteStore, Statistics};
pub use shared::{Shared, SharedClients};

use crate::clock;
use crate::config::{Config, PostgresUrl, StoreUrl, io_text};
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
    Memory(Arc<MemoryStore>),
    /// In a file.
    Sqlite(SqliteFile),
    /// In a database server.
    Postgres(PostgresStore),
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
    /// Opens the store of a configuration.
    ///
    /// # Errors
    /// The store cannot be opened.
    pub async fn open(config: &Config) -> Result<Self, Fault> {
        match &config.store {
            StoreUrl::Memory => Ok(Self::Memory(Arc::default())),
            StoreUrl::Sqlite(path) => SqliteFile::open(path).map(Self::Sqlite),
            StoreUrl::Postgres(url) => open_postgres(postgres_options(config, url)?).await.map(Self::Postgres),
        }
    }

    /// How many records a call purges without a pause. A database server has a connection to spare for it, and a call
    /// looks anew at whatever dies on its first day; the others are held up by each batch.
    pub const fn purge_size(&self) -> usize {
        match self {
            Self::Memory(_) | Self::Sqlite(_) => 256,
            Self::Postgres(_) => 16_384,
        }
    }

    /// Brings the caches of this node the news of all nodes, where there can be others.
    pub fn listen(&self, sinks: Vec<Arc<dyn RevocationSink>>) -> Option<Listener> {
        match self {
            Self::Memory(_) | Self::Sqlite(_) => None,
            Self::Postgres(store) => {
                let listener = store.listen(clock::now, sinks, journal::listener);
                if listener.is_none() {
                    journal::no_news();
                }
                listener
            }
        }
    }

    /// What a file has written, and how many calls it has refused.
    pub fn statistics(&self) -> Option<Statistics> {
        match self {
            Self::Sqlite(open) => Some(open.store.statistics()),
            Self::Memory(_) | Self::Postgres(_) => None,
        }
    }

    /// Whether there is no grant at all. What cannot be read is something.
    pub async fn is_empty(&self) -> bool {
        AsyncGrantManagement::list(self, &GrantFilter::All, None, 1).await.is_ok_and(|page| page.is_empty())
    }
}

/// A fault of the store of a configuration. The texts of the store hold neither a secret nor a digest.
pub fn fault(config: &Config, error: &StoreError) -> Fault {
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

/// How a database server is used. The limits fit one request: it may wait for its turn and for the server up to three
/// times, and its answer must come while the client can still retry.
fn postgres_options(config: &Config, url: &PostgresUrl) -> Result<PostgresOptions, Fault> {
    let mut options = config.postgres.options(url).map_err(|error| Fault::usage(format_args!("store: {error}")))?;
    (options.patience, options.statement_timeout) = (SERVING, SERVING);
    Ok(options)
}

async fn open_postgres(options: PostgresOptions) -> Result<PostgresStore, Fault> {
    PostgresStore::open(options).await.map_err(|error| Fault::caused("store: postgres:", &error))
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
            Self::Postgres(store) => AsyncTokenStore::load(store, id).await.map_err(told),
        }
    }

    async fn commit(&self, change: Change) -> Result<CommitOutcome, BoxError> {
        match self {
            Self::Memory(store) => AsyncTokenStore::commit(store, change).await.map_err(told),
            Self::Sqlite(open) => open.still_there(AsyncTokenStore::commit(&open.store, change).await),
            Self::Postgres(store) => AsyncTokenStore::commit(store, change).await.map_err(told),
        }
    }
}

impl AsyncGrantManagement for Store {
    type Error = BoxError;

    async fn list(&self, filter: &GrantFilter, after: Option<GrantId>, limit: usize) -> Result<Vec<Grant>, BoxError> {
        match self {
            Self::Memory(store) => AsyncGrantManagement::list(&**store, filter, after, limit).await.map_err(told),
            Self::Sqlite(open) => open.still_there(AsyncGrantManagement::list(&open.store, filter, after, limit).await),
            Self::Postgres(store) => AsyncGrantManagement::list(store, filter, after, limit).await.map_err(told),
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
            Self::Memory(store) => AsyncGrantManagement::end(&**store, filter, at, reason, limit).await.map_err(told),
            Self::Sqlite(open) => {
                open.still_there(AsyncGrantManagement::end(&open.store, filter, at, reason, limit).await)
            }
            Self::Postgres(store) => AsyncGrantManagement::end(store, filter, at, reason, limit).await.map_err(told),
        }
    }

    async fn purge(&self, before: Timestamp, limit: usize) -> Result<usize, BoxError> {
        match self {
            Self::Memory(store) => AsyncGrantManagement::purge(&**store, before, limit).await.map_err(told),
            Self::Sqlite(open) => open.still_there(AsyncGrantManagement::purge(&open.store, before, limit).await),
            Self::Postgres(store) => AsyncGrantManagement::purge(store, before, limit).await.map_err(told),
        }
    }
}

/// Logs a fault of the store and forgets its type. Here, because the answer to the client says nothing of it, and the
/// record of the decision only that there was one.
fn told(error: impl Error + Send + Sync + 'static) -> BoxError {
    journal::store_fault(&error);
    BoxError::new(error)
}
