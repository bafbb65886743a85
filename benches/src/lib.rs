//! What the benchmarks of regrant share.
//!
//! Every measurement stands beside its floor: the work that cannot be left out, with nothing around it, measured in the
//! same run. Absolute figures move with the machine; the ratio is the claim. [`Pairs`] gives it, and [`Results`] keeps it
//! for the report.

mod chains;
mod floor;
mod mode;
mod ratio;
mod results;

pub use chains::{Chains, engine};
pub use floor::Bare;
pub use mode::Mode;
pub use ratio::{Pairs, median, paired, timed};
pub use results::{Results, folder};
