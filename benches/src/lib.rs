//! What the benchmarks of regrant share.
//!
//! Every measurement stands beside its floor: the work that cannot be left out, with nothing around it, measured in the
//! same run. Absolute figures move with the machine; the ratio is the claim. [`paired`] gives it.

mod chains;
mod floor;
mod ratio;

pub use chains::{Chains, engine};
pub use floor::Bare;
pub use ratio::paired;
