//! The reference host of regrant.
pub mod config;
pub mod fault;
