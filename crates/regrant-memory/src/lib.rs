//! A sharded in-process store for [`regrant`].
//!
//! [`MemoryStore`] keeps every grant in memory, spread over 1024 maps with a lock each, so that requests for different
//! grants do not wait for one another. It serves both ports, blocking and awaited, and the management of both: no call
//! waits for anything but another thread that is moving one record.
//!
//! **Who should not use it.** Whoever must keep grants over a restart, or share them between processes: when the
//! process ends, every token ends with it, and `Committed` is durable only as long as the process lives. It is for
//! tests, for demonstrations, and for hosts whose sessions may end with them. For anything else there is
//! `regrant-sqlite`.
//!
//! ```
//! use regrant::{
//!     Client, ClientId, ClientSecretDigest, Engine, GrantTypes, Host, IssueRequest, Pepper, Rules, Scope, SecretMethods,
//!     StaticClients, SystemEntropy, Timestamp,
//! };
//! use regrant_memory::MemoryStore;
//!
//! let id = ClientId::parse("web")?;
//! let mut web = Client::confidential(id.clone(), SecretMethods::ALL, vec![ClientSecretDigest::of("web-secret")])?;
//! web.grants = GrantTypes::ALL;
//! web.scope = Scope::parse("read write")?;
//!
//! let clock = || Timestamp::from_unix_seconds(1_800_000_000); // a host reads the system's clock here
//! let rules = Rules::new(Pepper::new(vec![7; 32])?); // and 32 random bytes here
//! let engine = Engine::new(
//!     MemoryStore::new(),
//!     StaticClients::new([web])?,
//!     rules,
//!     Host::new(clock, SystemEntropy),
//! );
//!
//! let issued = engine.issue(IssueRequest::new(id, Scope::parse("read")?))?.success().expect("the scope is allowed");
//! assert!(issued.refresh_token.is_some());
//! assert_eq!(engine.store().len(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A record that a reader holds never changes under it. A rotation replaces the stored record by its next version; an end
//! changes the stored one, and copies it first where somebody holds it. So a lock is held for one lookup, for the exchange
//! of one pointer, or for one end, never while anything is decided.
//! [`GrantManagement::purge`](regrant::GrantManagement::purge) removes a bounded number of records under any one lock.

mod hash;
mod management;
mod shard;
mod store;
mod table;

pub use store::MemoryStore;
