//! The service over a real engine and a store in memory: whole requests in, whole answers out.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "all of this is a test, which the exceptions of clippy.toml do not see in helper functions"
)]

mod answer;
mod cached;
mod dialects;
mod endpoints;
mod faults;
mod hostile;
mod meant;
mod order;
mod store;
mod twins;
mod vectors;
mod world;
