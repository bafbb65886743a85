//! The conformance kit: one test for each obligation of a store.
//!
//! The documentation of [`TokenStore`](regrant::TokenStore), [`AsyncTokenStore`](regrant::AsyncTokenStore),
//! [`GrantManagement`](regrant::GrantManagement) and [`AsyncGrantManagement`](regrant::AsyncGrantManagement) lists what a
//! store owes, each obligation with a name. Here each has its case, of the same name. There is no switch that turns a
//! case off.
//!
//! # How to use it
//!
//! In an integration test of the store's crate: say where a store keeps its records, and call the macro.
//!
//! ```
//! # mod my_store {
//! #     use std::collections::BTreeMap;
//! #     use std::collections::btree_map::Entry;
//! #     use std::convert::Infallible;
//! #     use std::sync::{Mutex, PoisonError};
//! #     use regrant::{Change, CommitOutcome, Grant, GrantId, TokenStore};
//! #     #[derive(Default)]
//! #     pub struct MyStore(Mutex<BTreeMap<GrantId, Grant>>);
//! #     impl TokenStore for MyStore {
//! #         type Error = Infallible;
//! #         fn load(&self, id: &GrantId) -> Result<Option<Grant>, Infallible> {
//! #             Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned())
//! #         }
//! #         fn commit(&self, change: Change) -> Result<CommitOutcome, Infallible> {
//! #             let mut grants = self.0.lock().unwrap_or_else(PoisonError::into_inner);
//! #             let place = grants.entry(change.grant_id());
//! #             match (change, place) {
//! #                 (Change::Insert(grant), Entry::Vacant(place)) => drop(place.insert(grant)),
//! #                 (Change::Replace { expected, grant, .. }, Entry::Occupied(mut place))
//! #                     if place.get().revision() == expected => drop(place.insert(grant)),
//! #                 (Change::End { at, reason, .. }, Entry::Occupied(mut place)) => place.get_mut().end(at, reason),
//! #                 _ => return Ok(CommitOutcome::Conflict),
//! #             }
//! #             Ok(CommitOutcome::Committed)
//! #         }
//! #     }
//! # }
//! use std::sync::Arc;
//!
//! use my_store::MyStore;
//! use regrant_testkit::conformance::Fixture;
//!
//! struct Place(Arc<MyStore>);
//!
//! impl Fixture for Place {
//!     type Store = Arc<MyStore>;
//!     fn fresh() -> Self { Self(Arc::default()) }
//!     fn open(&self) -> Arc<MyStore> { Arc::clone(&self.0) }
//! }
//!
//! regrant_testkit::conformance!(volatile sync: Place);
//! # use regrant_testkit::conformance::{Blocking, tokens};
//! # fn main() -> Result<(), regrant_testkit::conformance::Failure> {
//! #     tokens::insert_never_overwrites(&Blocking::<Place>::fresh())?;
//! #     tokens::one_winner(&Blocking::<Place>::fresh())?;
//! #     tokens::whole_records(&Blocking::<Place>::fresh())
//! # }
//! ```
//!
//! A store that keeps its records over a crash also implements [`Durable`], and leaves `volatile` out. An awaited one
//! implements [`Runtime`]: how a future is run. `management:` and `async management:` are further calls of the macro.
//!
//! # What it does
//!
//! - Every case gets a place of its own ([`Fixture::fresh`]) and opens two handles to it, so that a store with a cache
//!   of its own is seen from outside. It loads after each change and compares the whole record.
//! - The records are of the engine's making, and beside them the ends of each field: no token and 1024 of them, the
//!   first and the last instant, the longest names, and texts that queries trip over.
//! - Races are run on eight threads, some hundred times. No case measures time or sleeps.
//! - Replacements keep id, terms and lineage, as the engine does: a store need not write what never changes.
//!
//! The kit is itself tested: some forty stores with one fault each, and for each fault the case that must find it.
//!
//! # What it does not see
//!
//! Whether `Committed` outlives a loss of power: [`Durable::crash`] takes what the operating system has, and only a
//! disk that forgets what was not synchronised tells more. Races that are lost once in a million. What a store does when
//! its disk is full or its connection breaks. Blocking that happens only now and then, and on Linux alone can blocking
//! be seen at all.

pub mod awaited;
mod bench;
mod bulk;
pub mod cases;
pub mod durability;
mod failure;
mod fixture;
mod handle;
mod macros;
pub mod management;
mod races;
mod records;
mod shapes;
pub mod tokens;

pub use bench::{Awaited, Bench, Blocking, DurableBench, ManagedBench};
pub use cases::Case;
pub use failure::Failure;
pub use fixture::{Durable, Fixture, Runtime, block_on};
pub use handle::Handle;
