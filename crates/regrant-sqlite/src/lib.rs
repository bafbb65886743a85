//! A durable store for [`regrant`]: grants and clients in one SQLite file.
//!
//! [`SqliteStore`] serves both ports, blocking and awaited, and the management of both. A refresh reads one row and
//! rewrites that row in place; no index moves, and nothing grows with use. Several processes may share the file.
//!
//! **What it promises.** A commit is acknowledged when it is on the disk: write-ahead logging with `synchronous=FULL`,
//! and the directory synced once at the start. A row that is damaged is an [`Error::CorruptRecord`] that names table,
//! column and row, and harms no other: a row carries numbers over its content, so a bit that turned on the disk is not
//! taken for a token that was spent. The schema is versioned, migrated in one transaction, and refused where it is newer
//! than the code. At rest there are digests only.
//!
//! **Who should not use it.** SQLite has one writer at a time, on one machine with a local disk: what it can do is one
//! wait for the disk for each group of commits. On a network file system, over several machines, or with more writes
//! than that, use a database server.
//!
//! ```
//! use regrant::{
//!     Client, ClientId, ClientSecretDigest, Engine, GrantTypes, Host, IssueRequest, Pepper, Policy, Rules, Scope,
//!     SecretMethods, SystemEntropy, Timestamp,
//! };
//! use regrant_sqlite::{ClientRecord, Options, SqliteStore};
//!
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path().join("regrant.db");
//! let store = SqliteStore::open(&Options::new(path))?;
//! let clients = store.clients(Policy::default());
//!
//! let id = ClientId::parse("web")?;
//! let mut web = Client::confidential(id.clone(), SecretMethods::ALL, vec![ClientSecretDigest::of("web-secret")])?;
//! web.grants = GrantTypes::ALL;
//! web.scope = Scope::parse("read write")?;
//! clients.add(&ClientRecord::new(web))?;
//!
//! let clock = || Timestamp::from_unix_seconds(1_800_000_000); // a host reads the system's clock here
//! let rules = Rules::new(Pepper::new(vec![7; 32])?); // and 32 random bytes, kept outside the file, here
//! let engine = Engine::new(store, clients, rules, Host::new(clock, SystemEntropy));
//!
//! let issued = engine.issue(IssueRequest::new(id, Scope::parse("read")?))?.success().expect("the scope is allowed");
//! assert!(issued.refresh_token.is_some());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! **How it works.** One connection writes and a few read beside it. A call that writes while nobody else does works on
//! the caller's thread, or on the writer's for an awaited call, so that no thread of a runtime waits for a disk.
//! Whoever comes meanwhile queues, and all that queued is committed as one group, in one transaction with one wait for
//! the disk. Each has an outcome of its own, and none is answered before the group is durable; where one of them cannot be
//! written, the others are, each by itself. A thread moves the log into the file beside them. The queue is bounded, and a flood ends in [`Error::Overloaded`]. Every change
//! has its guard in the `WHERE`: what other processes write cannot come between.
//!
//! # Backups
//!
//! Copy the file with the online backup of SQLite (`.backup` or `VACUUM INTO` of its shell), while the store runs if
//! need be. Never copy the file by itself while it is open: its newest commits are in the log beside it. A copy is a
//! state that was, and holds every token that was answered before it was begun.
//!
//! **A restored copy has forgotten what came after it.** A refresh token that was answered since is genuine and unknown,
//! so it counts as spent: its grant ends, and its user signs in again. What was revoked since is alive again, and so is
//! a token that was spent since. Where that must not be, end every older grant of a client before the first request:
//! [`SqliteClients::raise_epoch`].
//!
//! # Damage
//!
//! A damaged page is [`Error::Damaged`] for the grants in it, and a damaged row is [`Error::CorruptRecord`]. Neither is
//! ever another grant, or another state of this one. Two kinds of damage are silent. An entry of the index of ids that
//! is damaged hides its grant, and its tokens are refused as unknown. And damage in the write-ahead log ends the log
//! there: who opens the file next finds the state before it, as in a restored copy. `PRAGMA integrity_check` finds the
//! first kind. The revision, and the time and reason of an end, are not covered; whether a grant has ended is. A file
//! that was cut short is refused, but for one of no bytes, which is a new database.

mod cell;
mod change;
mod client_row;
mod clients;
mod connect;
mod end;
mod error;
mod file;
mod grant_row;
mod grants;
mod lane;
mod log;
mod options;
mod purge;
mod schema;
mod statistics;
mod store;
mod wait;
mod writer;

pub use clients::SqliteClients;
pub use error::{CorruptRecord, Error, RecordName};
pub use options::{Dangerous, Options};
pub use regrant::{ClientRecord, GrantLifetime, PolicyOverrides};
pub use statistics::Statistics;
pub use store::SqliteStore;
