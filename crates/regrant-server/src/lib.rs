//! The reference host of regrant, behind the binary `regrant`: a real token server for one machine, the operator's tool
//! over the same store, and a demonstration that needs no files.
//!
//! The library part exists so that the binary can be tested in pieces. Who wants to embed the engine takes `regrant`,
//! `regrant-http` and a store instead: nothing here is promised to stay.
//!
//! | module | what it is for |
//! |---|---|
//! | [`cli`] | the command line |
//! | [`command`] | one file per command |
//! | [`config`] | the configuration file |
//! | [`server`] | the socket in front of the engine |
//! | [`store`] | the store and the clients that the file names |
//! | [`pepper`] | the secret beside the store |
//! | [`demo`] | the demonstration |
//!
//! Who should not use the server: whoever has more than one machine, or ends TLS nowhere in front of it.

pub mod cli;
pub mod clock;
pub mod command;
pub mod config;
pub mod demo;
pub mod entropy;
pub mod fault;
pub mod journal;
pub mod output;
pub mod pepper;
pub mod server;
pub mod signals;
pub mod store;
mod watched_file;
