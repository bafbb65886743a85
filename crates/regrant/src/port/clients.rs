//! The store of clients.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use core::convert::Infallible;
use core::error::Error;
use core::future::Future;

use thiserror::Error as ThisError;

use crate::client::{Client, ClientId};

/// A blocking store of clients.
pub trait ClientStore {
    /// A fault of the store.
    type Error: Error + Send + Sync + 'static;

    /// The client of that identifier, enabled or not.
    ///
    /// # Errors
    /// The store failed.
    fn client(&self, id: &ClientId) -> Result<Option<Arc<Client>>, Self::Error>;
}

/// A store of clients that is awaited.
pub trait AsyncClientStore: Send + Sync {
    /// A fault of the store.
    type Error: Error + Send + Sync + 'static;

    /// The client of that identifier. See [`ClientStore::client`].
    fn client(&self, id: &ClientId) -> impl Future<Output = Result<Option<Arc<Client>>, Self::Error>> + Send;
}

impl<C: ClientStore + ?Sized> ClientStore for Arc<C> {
    type Error = C::Error;

    fn client(&self, id: &ClientId) -> Result<Option<Arc<Client>>, Self::Error> {
        (**self).client(id)
    }
}

impl<C: AsyncClientStore + ?Sized> AsyncClientStore for Arc<C> {
    type Error = C::Error;

    fn client(&self, id: &ClientId) -> impl Future<Output = Result<Option<Arc<Client>>, Self::Error>> + Send {
        (**self).client(id)
    }
}

/// Clients that are known when the host starts, and do not change while it runs.
#[derive(Clone, Debug, Default)]
pub struct StaticClients(BTreeMap<ClientId, Arc<Client>>);

impl StaticClients {
    /// Takes the clients.
    ///
    /// # Errors
    /// [`DuplicateClient`] where two have one identifier.
    pub fn new(clients: impl IntoIterator<Item = Client>) -> Result<Self, DuplicateClient> {
        let mut known = BTreeMap::new();
        for client in clients {
            if let Some(earlier) = known.insert(client.id().clone(), Arc::new(client)) {
                return Err(DuplicateClient(earlier.id().clone()));
            }
        }
        Ok(Self(known))
    }

    /// The clients, in order of their identifiers.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Client>> {
        self.0.values()
    }
}

impl ClientStore for StaticClients {
    type Error = Infallible;

    fn client(&self, id: &ClientId) -> Result<Option<Arc<Client>>, Infallible> {
        Ok(self.0.get(id).cloned())
    }
}

impl AsyncClientStore for StaticClients {
    type Error = Infallible;

    async fn client(&self, id: &ClientId) -> Result<Option<Arc<Client>>, Infallible> {
        Ok(self.0.get(id).cloned())
    }
}

/// Two clients with one identifier.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
#[error("two clients have the id {0}")]
pub struct DuplicateClient(pub ClientId);
