//! What the benchmarks of regrant share.
//!
//! Every measurement stands beside its floor: the work that cannot be left out, with nothing around it, measured in the
//! same run. Absolute figures move with the machine; the ratio is the claim. [`Pairs`] gives it, and [`Results`] keeps it
//! for the report.
#![expect(clippy::cast_precision_loss, reason = "numbers of grants and calls are far below 2^52")]

mod chains;
mod crowd;
pub mod disk;
mod floor;
mod mode;
mod ratio;
mod results;
pub mod wire;
mod world;

pub use chains::{Chains, engine};
pub use crowd::{Crowd, Crowds, Operation, credentials, issued, refreshing};
pub use floor::Bare;
pub use mode::Mode;
pub use ratio::{Pairs, median, paired, timed};
pub use results::{Results, folder};
pub use world::{CLIENT, Hands, SCOPE, SECRET, World, client, rules, secret_digest};
