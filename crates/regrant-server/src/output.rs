//! Standard output: what a command answers.

use std::io::{self, Write as _};

use serde::Serialize;

use crate::fault::Fault;

/// Prints one line.
///
/// # Errors
/// Nobody reads the other end any more.
pub fn line(text: impl std::fmt::Display) -> Result<(), Fault> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush()).map_err(|error| Fault::caused("standard output", &error))
}

/// Prints a value as one line of JSON.
///
/// # Errors
/// As [`line()`].
pub fn json(value: &impl Serialize) -> Result<(), Fault> {
    line(serde_json::to_string(value).map_err(Fault::running)?)
}
