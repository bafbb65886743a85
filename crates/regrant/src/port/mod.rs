//! The ports: what the engine asks of storage, and of the host around it.

mod boxed;
mod bridge;
mod change;
mod clients;
mod feed;
mod management;
mod observer;
mod store;
mod throttle;

pub use boxed::{BoxError, BoxedAsyncClientStore, BoxedAsyncTokenStore, BoxedClientStore, BoxedTokenStore};
pub use bridge::Inline;
pub use change::{Change, CommitOutcome};
pub use clients::{AsyncClientStore, ClientStore, DuplicateClient, StaticClients};
pub use feed::{Revocation, RevocationFeed, RevocationSink};
pub use management::{AsyncGrantManagement, GrantFilter, GrantManagement, end_all, end_all_async};
pub use observer::Observer;
pub use store::{AsyncTokenStore, TokenStore};
pub use throttle::{Admission, Attempt, Throttle};
