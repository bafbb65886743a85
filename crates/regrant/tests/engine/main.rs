//! The promises of the engine, tested through its public interface alone.
//!
//! One program, so that it is linked once. Each file is about one promise or one kind of request; the name of a test
//! says what is promised, with the id of the requirement in front where there is one. `common` holds the world in
//! which a test plays: a store whose faults can be scripted, a clock that stands until it is moved, and entropy that
//! is the same in every run. Wherever it is cheap, a scenario runs against both drivers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test stops at the first surprise"
)]

mod authentication;
mod bugs;
mod common;
mod doubt;
mod dropped;
mod events;
mod explain;
mod growth;
mod introspection;
mod issuing;
mod management;
mod names;
mod order;
mod ports;
mod record;
mod resource;
mod retry;
mod revocation;
mod rotation;
mod scope;
mod secrecy;
mod time;
mod unchanged;
