//! A store for [`regrant`] in Postgres, for several nodes: grants and clients in two tables.
//!
//! [`PostgresStore`] serves the awaited ports and their management. Any number of nodes over one database are one
//! service: every change is one statement that is guarded by its own `WHERE`, so what another node writes cannot come
//! between.
//!
//! **What it promises.** A commit is acknowledged when the server says that it is durable, under whatever the server means
//! by that: leave `synchronous_commit` on, and replicate synchronously if a failover must lose nothing. An answer that
//! did not come is an error that says so ([`Error::is_in_doubt`]), and never a guess. At rest there are digests only.
//!
//! **Who should not use it.** On one machine, SQLite needs no server and no round trips.
//!
//! ```no_run
//! use regrant::{AsyncEngine, Host, Pepper, Policy, Rules, SystemEntropy, Timestamp};
//! use regrant_postgres::{Options, PostgresStore};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let store = PostgresStore::open(Options::new("postgres://regrant@db-1,db-2/tokens")?).await?;
//! let clients = store.clients(Policy::default());
//! let clock = || Timestamp::from_unix_seconds(1_800_000_000); // a host reads the system's clock here
//! let rules = Rules::new(Pepper::new(vec![7; 32])?); // the same 32 random bytes on every node, kept elsewhere
//! let engine = AsyncEngine::new(store, clients, rules, Host::new(clock, SystemEntropy));
//! # Ok(())
//! # }
//! ```
//!
//! **How it works.** A grant is one row. A refresh reads it and rewrites it in place, in two round trips; no value that an
//! index holds changes, so the write is a heap-only one. A few connections serve all requests. One that is free takes all
//! that waits and has it done in one statement a kind, so under load each round trip and each flush of the log serves many
//! requests, and a lone one waits for nobody. A batch tells each caller the truth about its own row. What waits is bounded:
//! beyond it calls fail at once with [`Error::Overloaded`].
//!
//! **What must be so.** The clocks of the nodes may differ by less than the retry window. All nodes have the same pepper.

mod address;
mod cell;
mod client_cache;
mod client_row;
mod client_statements;
mod clients;
mod confirmation;
mod contest;
mod dial;
mod end;
mod error;
mod gate;
mod grant_row;
mod grants;
mod insertion;
mod job;
mod lane;
mod listener;
mod management;
mod news;
mod options;
mod pass;
mod purge;
mod replacement;
mod schema;
mod session;
mod store;
mod tls;

pub use client_cache::ClientCache;
pub use clients::PostgresClients;
pub use error::{CorruptRecord, DatabaseFault, Error, RecordName};
pub use listener::{Listener, ListenerEvent};
pub use options::Options;
pub use regrant::{ClientRecord, GrantLifetime, PolicyOverrides};
pub use store::PostgresStore;
