//! The clients of the file, then those of the store's table.

use std::sync::Arc;

use regrant::{AsyncClientStore, Client, ClientId, ClientStore, Policy, StaticClients};
use regrant_postgres::{ClientCache, PostgresClients};
use regrant_sqlite::SqliteClients;

use super::{SharedClients, Store, StoreError};
use crate::journal;

/// The clients of the file, then those of the store's table. A client that both have is the file's.
#[derive(Debug)]
pub struct Clients<T> {
    file: StaticClients,
    table: Option<T>,
}

/// The table of a server.
#[derive(Debug)]
pub enum Table {
    /// In a file.
    Sqlite(SqliteClients),
    /// In a database server.
    Postgres(PostgresClients),
}

impl Clients<Table> {
    /// The clients of a configuration, and of its store where that has a table.
    pub fn new(file: StaticClients, policy: Policy, store: &Store) -> Self {
        let table = match store {
            Store::Memory(_) => None,
            Store::Sqlite(open) => Some(Table::Sqlite(open.store.clients(policy))),
            Store::Postgres(store) => Some(Table::Postgres(store.clients(policy))),
        };
        Self { file, table }
    }

    /// What keeps the clients of the table that were read, where there is such a cache. It is used while it hears the news.
    pub fn cache(&self) -> Option<ClientCache> {
        match &self.table {
            Some(Table::Postgres(table)) => Some(table.cache().clone()),
            Some(Table::Sqlite(_)) | None => None,
        }
    }
}

impl Clients<SharedClients> {
    /// The same for a command.
    pub const fn over(file: StaticClients, table: SharedClients) -> Self {
        Self { file, table: Some(table) }
    }
}

impl<T> Clients<T> {
    /// The client of the file, or the table to look it up in.
    fn of_file(&self, id: &ClientId) -> Result<Option<Arc<Client>>, Option<&T>> {
        match ClientStore::client(&self.file, id) {
            Ok(Some(found)) => Ok(Some(found)),
            Ok(None) => Err(self.table.as_ref()),
        }
    }
}

impl ClientStore for Clients<SharedClients> {
    type Error = StoreError;

    fn client(&self, id: &ClientId) -> Result<Option<Arc<Client>>, StoreError> {
        match self.of_file(id) {
            Ok(found) => Ok(found),
            Err(None) => Ok(None),
            Err(Some(SharedClients::Sqlite(table))) => Ok(ClientStore::client(table, id)?),
            Err(Some(SharedClients::Postgres(runtime, table))) => {
                Ok(runtime.block_on(AsyncClientStore::client(table, id))?)
            }
        }
    }
}

impl AsyncClientStore for Clients<Table> {
    type Error = StoreError;

    async fn client(&self, id: &ClientId) -> Result<Option<Arc<Client>>, StoreError> {
        let found = match self.of_file(id) {
            Ok(found) => return Ok(found),
            Err(None) => return Ok(None),
            Err(Some(Table::Sqlite(table))) => AsyncClientStore::client(table, id).await.map_err(StoreError::from),
            Err(Some(Table::Postgres(table))) => AsyncClientStore::client(table, id).await.map_err(StoreError::from),
        };
        found.inspect_err(|error| journal::store_fault(error))
    }
}
