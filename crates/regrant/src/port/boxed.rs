//! Stores behind `dyn`, for hosts that choose one at run time.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::error::Error;
use core::fmt;
use core::future::Future;
use core::pin::Pin;

use super::{AsyncClientStore, AsyncTokenStore, Change, ClientStore, CommitOutcome, TokenStore};
use crate::client::{Client, ClientId};
use crate::record::{Grant, GrantId};

/// A fault of any store. Its text is the store's own.
pub struct BoxError(Box<dyn Error + Send + Sync + 'static>);

impl BoxError {
    /// Forgets the type of an error.
    pub fn new(error: impl Error + Send + Sync + 'static) -> Self {
        Self(Box::new(error))
    }
}

impl fmt::Debug for BoxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for BoxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Error for BoxError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

/// Gives every store the one error type.
struct Erased<S>(S);

impl<S: TokenStore> TokenStore for Erased<S> {
    type Error = BoxError;

    fn load(&self, id: &GrantId) -> Result<Option<Grant>, BoxError> {
        self.0.load(id).map_err(BoxError::new)
    }

    fn commit(&self, change: Change) -> Result<CommitOutcome, BoxError> {
        self.0.commit(change).map_err(BoxError::new)
    }
}

impl<C: ClientStore> ClientStore for Erased<C> {
    type Error = BoxError;

    fn client(&self, id: &ClientId) -> Result<Option<Arc<Client>>, BoxError> {
        self.0.client(id).map_err(BoxError::new)
    }
}

/// Any [`TokenStore`].
pub struct BoxedTokenStore(Box<dyn TokenStore<Error = BoxError> + Send + Sync>);

impl BoxedTokenStore {
    /// Boxes a store.
    pub fn new(store: impl TokenStore + Send + Sync + 'static) -> Self {
        Self(Box::new(Erased(store)))
    }
}

impl TokenStore for BoxedTokenStore {
    type Error = BoxError;

    fn load(&self, id: &GrantId) -> Result<Option<Grant>, BoxError> {
        self.0.load(id)
    }

    fn commit(&self, change: Change) -> Result<CommitOutcome, BoxError> {
        self.0.commit(change)
    }
}

/// Any [`ClientStore`].
pub struct BoxedClientStore(Box<dyn ClientStore<Error = BoxError> + Send + Sync>);

impl BoxedClientStore {
    /// Boxes a store.
    pub fn new(store: impl ClientStore + Send + Sync + 'static) -> Self {
        Self(Box::new(Erased(store)))
    }
}

impl ClientStore for BoxedClientStore {
    type Error = BoxError;

    fn client(&self, id: &ClientId) -> Result<Option<Arc<Client>>, BoxError> {
        self.0.client(id)
    }
}

type Boxed<'a, T> = Pin<Box<dyn Future<Output = Result<T, BoxError>> + Send + 'a>>;

/// The awaited ports in a form that `dyn` allows.
trait DynTokens: Send + Sync {
    fn load<'a>(&'a self, id: &'a GrantId) -> Boxed<'a, Option<Grant>>;
    fn commit(&self, change: Change) -> Boxed<'_, CommitOutcome>;
}

impl<S: AsyncTokenStore> DynTokens for S {
    fn load<'a>(&'a self, id: &'a GrantId) -> Boxed<'a, Option<Grant>> {
        Box::pin(async move { AsyncTokenStore::load(self, id).await.map_err(BoxError::new) })
    }

    fn commit(&self, change: Change) -> Boxed<'_, CommitOutcome> {
        Box::pin(async move { AsyncTokenStore::commit(self, change).await.map_err(BoxError::new) })
    }
}

trait DynClients: Send + Sync {
    fn client<'a>(&'a self, id: &'a ClientId) -> Boxed<'a, Option<Arc<Client>>>;
}

impl<C: AsyncClientStore> DynClients for C {
    fn client<'a>(&'a self, id: &'a ClientId) -> Boxed<'a, Option<Arc<Client>>> {
        Box::pin(async move { AsyncClientStore::client(self, id).await.map_err(BoxError::new) })
    }
}

/// Any [`AsyncTokenStore`]; each call costs one allocation.
pub struct BoxedAsyncTokenStore(Box<dyn DynTokens>);

impl BoxedAsyncTokenStore {
    /// Boxes a store.
    pub fn new(store: impl AsyncTokenStore + 'static) -> Self {
        Self(Box::new(store))
    }
}

impl AsyncTokenStore for BoxedAsyncTokenStore {
    type Error = BoxError;

    async fn load(&self, id: &GrantId) -> Result<Option<Grant>, BoxError> {
        self.0.load(id).await
    }

    async fn commit(&self, change: Change) -> Result<CommitOutcome, BoxError> {
        self.0.commit(change).await
    }
}

/// Any [`AsyncClientStore`]; each call costs one allocation.
pub struct BoxedAsyncClientStore(Box<dyn DynClients>);

impl BoxedAsyncClientStore {
    /// Boxes a store.
    pub fn new(store: impl AsyncClientStore + 'static) -> Self {
        Self(Box::new(store))
    }
}

impl AsyncClientStore for BoxedAsyncClientStore {
    type Error = BoxError;

    async fn client(&self, id: &ClientId) -> Result<Option<Arc<Client>>, BoxError> {
        self.0.client(id).await
    }
}

opaque_debug!(BoxedTokenStore, BoxedClientStore, BoxedAsyncTokenStore, BoxedAsyncClientStore);
