//! A deterministic simulator: clients, thieves, a bad network and a bad store around the real engine, from one seed.
//!
//! Several nodes with skewed clocks serve one store. Every request walks through the engine's own steps
//! ([`regrant::exchange`]), on some nodes by a shipped driver and on others by one of the simulator's; between any two
//! steps anything else may happen. The store delays, fails before a commit and after it, commits late, reports
//! conflicts that are none, and crashes with whatever it did not acknowledge. The network drops, delays, duplicates and
//! reorders. Thieves replay old and current tokens, with the right credentials and with others.
//!
//! An oracle watches every write and every answer and checks each [`Property`] of the engine after every step. It
//! shares no code with the engine's decisions.
//!
//! ```
//! use regrant_testkit::simulator::{Plant, Schedule, hunt, run, shrink};
//!
//! // The engine keeps its promises.
//! let run = run(&Schedule::new(1, 200, None));
//! assert_eq!(run.violation, None);
//!
//! // A store without the guard does not, and is found out.
//! let found = hunt(0..100, 200, Some(Plant::GuardIgnored)).found.ok_or("not found")?;
//! let smaller = shrink(&found.schedule);
//! assert!(smaller.schedule.steps.len() < 200, "{smaller}");
//! # Ok::<(), &str>(())
//! ```
//!
//! What it does not do: it runs no real store and no real socket, its exchanges interleave at the store's operations and
//! nowhere else, and no clock is further from another than the shortest window that is not zero, although each is set
//! forwards and backwards within that.

mod acting;
mod ask;
mod blocking;
mod desk;
mod driver;
mod holder;
mod node;
mod oracle;
mod plant;
mod population;
mod prng;
mod restart;
mod running;
mod schedule;
mod shrinking;
mod store;
mod tally;
mod trail;
mod violation;
mod world;

pub use plant::Plant;
pub use running::{Found, Hunt, Run, hunt, run};
pub use schedule::Schedule;
pub use shrinking::shrink;
pub use tally::{Fault, Happening, Tally};
pub use violation::{Property, Violation};
