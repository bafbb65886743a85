//! The store of a command: one that other processes see too, on the thread of the command.

use std::sync::Arc;

use regrant::{
    AsyncGrantManagement, AsyncTokenStore, Change, ClientId, ClientRecord, ClientSecretDigest, CommitOutcome,
    EndReason, Grant, GrantFilter, GrantId, GrantManagement, Policy, Timestamp, TokenStore,
};
use regrant_postgres::{PostgresClients, PostgresStore};
use regrant_sqlite::{SqliteClients, SqliteStore};
use tokio::runtime::{Builder, Runtime};

use super::StoreError;
use crate::config::{Config, StoreUrl};
use crate::fault::Fault;

/// The store of a command.
#[derive(Debug)]
pub enum Shared {
    /// A file.
    Sqlite(SqliteStore),
    /// A database server, and what runs its connections.
    Postgres(Arc<Runtime>, PostgresStore),
}

/// The clients in the store of a command.
#[derive(Debug)]
pub enum SharedClients {
    /// In a file.
    Sqlite(SqliteClients),
    /// In a database server.
    Postgres(Arc<Runtime>, PostgresClients),
}

impl Shared {
    /// Opens the store of a configuration.
    ///
    /// # Errors
    /// A memory store, which no other process can see, as a fault of usage; a store that cannot be opened.
    pub fn open(config: &Config) -> Result<Self, Fault> {
        match &config.store {
            StoreUrl::Memory => Err(Fault::usage(
                "store: memory: is seen by no other process, expected sqlite:PATH or postgres://… for a command on the \
                 store",
            )),
            StoreUrl::Sqlite(path) => super::open_sqlite(path, super::COMMANDING).map(Self::Sqlite),
            StoreUrl::Postgres(url) => {
                let runtime = Builder::new_current_thread().enable_all().build();
                let runtime = runtime.map_err(|error| Fault::caused("the runtime cannot be started", &error))?;
                let mut options = super::postgres_options(config, url)?;
                // It has one thing to do at a time.
                options.connections = 1;
                let store = runtime.block_on(super::open_postgres(options))?;
                Ok(Self::Postgres(Arc::new(runtime), store))
            }
        }
    }

    /// The clients in the same store.
    pub fn clients(&self, defaults: Policy) -> SharedClients {
        match self {
            Self::Sqlite(store) => SharedClients::Sqlite(store.clients(defaults)),
            Self::Postgres(runtime, store) => SharedClients::Postgres(Arc::clone(runtime), store.clients(defaults)),
        }
    }

    /// Whether there is no grant at all. What cannot be read is something.
    pub fn is_empty(&self) -> bool {
        GrantManagement::list(self, &GrantFilter::All, None, 1).is_ok_and(|page| page.is_empty())
    }
}

impl TokenStore for Shared {
    type Error = StoreError;

    fn load(&self, id: &GrantId) -> Result<Option<Grant>, StoreError> {
        match self {
            Self::Sqlite(store) => Ok(TokenStore::load(store, id)?),
            Self::Postgres(runtime, store) => Ok(runtime.block_on(AsyncTokenStore::load(store, id))?),
        }
    }

    fn commit(&self, change: Change) -> Result<CommitOutcome, StoreError> {
        match self {
            Self::Sqlite(store) => Ok(TokenStore::commit(store, change)?),
            Self::Postgres(runtime, store) => Ok(runtime.block_on(AsyncTokenStore::commit(store, change))?),
        }
    }
}

impl GrantManagement for Shared {
    type Error = StoreError;

    fn list(&self, filter: &GrantFilter, after: Option<GrantId>, limit: usize) -> Result<Vec<Grant>, StoreError> {
        match self {
            Self::Sqlite(store) => Ok(GrantManagement::list(store, filter, after, limit)?),
            Self::Postgres(runtime, store) => {
                Ok(runtime.block_on(AsyncGrantManagement::list(store, filter, after, limit))?)
            }
        }
    }

    fn end(&self, filter: &GrantFilter, at: Timestamp, reason: EndReason, limit: usize) -> Result<usize, StoreError> {
        match self {
            Self::Sqlite(store) => Ok(GrantManagement::end(store, filter, at, reason, limit)?),
            Self::Postgres(runtime, store) => {
                Ok(runtime.block_on(AsyncGrantManagement::end(store, filter, at, reason, limit))?)
            }
        }
    }

    fn purge(&self, before: Timestamp, limit: usize) -> Result<usize, StoreError> {
        match self {
            Self::Sqlite(store) => Ok(GrantManagement::purge(store, before, limit)?),
            Self::Postgres(runtime, store) => Ok(runtime.block_on(AsyncGrantManagement::purge(store, before, limit))?),
        }
    }
}

/// Each does what the method of that name does in either store.
impl SharedClients {
    /// Registers a client.
    ///
    /// # Errors
    /// See the stores.
    pub fn add(&self, record: &ClientRecord) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(clients) => Ok(clients.add(record)?),
            Self::Postgres(runtime, clients) => Ok(runtime.block_on(clients.add(record))?),
        }
    }

    /// A page of clients.
    ///
    /// # Errors
    /// See the stores.
    pub fn list(&self, after: Option<&ClientId>, limit: usize) -> Result<Vec<ClientRecord>, StoreError> {
        match self {
            Self::Sqlite(clients) => Ok(clients.list(after, limit)?),
            Self::Postgres(runtime, clients) => Ok(runtime.block_on(clients.list(after, limit))?),
        }
    }

    /// Switches a client on or off.
    ///
    /// # Errors
    /// See the stores.
    pub fn set_enabled(&self, id: &ClientId, enabled: bool) -> Result<bool, StoreError> {
        match self {
            Self::Sqlite(clients) => Ok(clients.set_enabled(id, enabled)?),
            Self::Postgres(runtime, clients) => Ok(runtime.block_on(clients.set_enabled(id, enabled))?),
        }
    }

    /// Adds a secret, and gives the others an end.
    ///
    /// # Errors
    /// See the stores.
    pub fn rotate_secret(
        &self,
        id: &ClientId,
        fresh: ClientSecretDigest,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        match self {
            Self::Sqlite(clients) => Ok(clients.rotate_secret(id, fresh, now, until)?),
            Self::Postgres(runtime, clients) => Ok(runtime.block_on(clients.rotate_secret(id, fresh, now, until))?),
        }
    }

    /// Ends every grant that a client has so far.
    ///
    /// # Errors
    /// See the stores.
    pub fn raise_epoch(&self, id: &ClientId) -> Result<Option<u64>, StoreError> {
        match self {
            Self::Sqlite(clients) => Ok(clients.raise_epoch(id)?),
            Self::Postgres(runtime, clients) => Ok(runtime.block_on(clients.raise_epoch(id))?),
        }
    }
}
