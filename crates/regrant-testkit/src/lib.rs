//! Black-box vectors for OAuth hosts built on regrant, and the runner that plays them.
//!
//! A *vector* is one case over HTTP: a setup (policy, clients, grants issued beforehand), a script of steps, and what each answer
//! must be. The vectors are data, TOML files under `testdata/`, so that one list checks every way of running the engine: in
//! process over the HTTP crate with a clock that moves on demand, or a real server over a socket.
//!
//! The vectors know nothing of the engine. Their runner speaks to whatever implements [`Target`] and [`Host`]; what a target cannot do (a real
//! process cannot move its clock) it answers with [`Trouble::Unsupported`], and the vector counts as skipped.
//!
//! It is a tool for tests. Do not use it in a server.
//!
//! ```
//! use regrant_testkit::{Answer, Host, IssueOrder, IssuedTokens, Request, Setup, Target, Trouble, corpus, run_all};
//!
//! /// A host that answers nothing: every vector is skipped.
//! struct Deaf;
//!
//! impl Target for Deaf {
//!     type Host = Deaf;
//!     fn start(&self, _: &Setup) -> Result<Deaf, Trouble> {
//!         Err(Trouble::Unsupported("this host is deaf"))
//!     }
//! }
//! # impl Host for Deaf {
//! #     fn issue(&mut self, _: &IssueOrder) -> Result<IssuedTokens, Trouble> { Err(Trouble::Unsupported("")) }
//! #     fn send(&mut self, _: &Request) -> Result<Answer, Trouble> { Err(Trouble::Unsupported("")) }
//! #     fn send_parallel(&mut self, _: &[Request]) -> Result<Vec<Answer>, Trouble> { Err(Trouble::Unsupported("")) }
//! #     fn now(&mut self) -> Result<u64, Trouble> { Err(Trouble::Unsupported("")) }
//! #     fn advance(&mut self, _: u64) -> Result<(), Trouble> { Err(Trouble::Unsupported("")) }
//! #     fn reconfigure(&mut self, _: &Setup) -> Result<(), Trouble> { Err(Trouble::Unsupported("")) }
//! #     fn revoke_grant(&mut self, _: &str) -> Result<(), Trouble> { Err(Trouble::Unsupported("")) }
//! #     fn fail_store_once(&mut self) -> Result<(), Trouble> { Err(Trouble::Unsupported("")) }
//! #     fn log(&mut self) -> Result<String, Trouble> { Err(Trouble::Unsupported("")) }
//! # }
//!
//! let vectors = corpus::vectors()?;
//! let report = run_all(&Deaf, &vectors);
//! assert_eq!(report.failed(), 0, "{report}");
//! assert_eq!(report.skipped(), vectors.len());
//! # Ok::<(), corpus::CorpusError>(())
//! ```
//!
//! For the authors of stores there is [`mod@conformance`]: one test for each obligation of the ports.
//!
//! Where to read on: [`vector`] and [`step`] are the form of the files, [`expectation`] what can be expected, [`template`] the
//! placeholders, [`target`] what a host under test must offer, [`wire`] an HTTP client for targets that are a process of their own.

pub mod check;
pub mod client;
mod config;
pub mod conformance;
pub mod corpus;
pub mod exchange;
pub mod expectation;
pub mod members;
pub mod pattern;
pub mod policy;
pub mod race;
pub mod report;
mod run;
pub mod setup;
pub mod simulator;
pub mod step;
pub mod target;
pub mod template;
pub mod vector;
pub mod wire;

pub use exchange::{Answer, Framing, Request};
pub use report::{Outcome, Report};
pub use run::{run_all, run_one};
pub use setup::Setup;
pub use target::{Host, IssueOrder, IssuedTokens, Target, Trouble};
pub use vector::Vector;
