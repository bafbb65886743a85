//! The binary from outside: its commands, its server over a socket, and what it leaves behind.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "all of this is a test, which the exceptions of clippy.toml do not see in helper functions"
)]

mod commands;
mod faults;
mod full;
mod logs;
mod postgres;
mod process;
mod serve;
mod vectors;
