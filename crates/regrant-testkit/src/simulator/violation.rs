//! What the simulator finds: a promise that was broken.

use core::fmt;

use thiserror::Error;

/// A property that is checked after every step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Property {
    /// A refresh token has one successor at most, and what is answered is the one that was committed.
    OneSuccessor,
    /// Nobody inside the retry rule is punished or turned away.
    InnocentUnharmed,
    /// A spent token outside the retry rule, presented by its client, is recognised and ends the grant.
    TheftRecognised,
    /// What was ended or purged never comes back.
    EndedStaysEnded,
    /// A stranger's request changes nothing.
    StrangerPowerless,
    /// What was answered was committed, and it works until its end.
    AnswerStands,
    /// A record stays within a fixed size.
    RecordBounded,
    /// A refusal changes nothing but for a replay.
    RefusalChangesNothing,
    /// A scope is never wider than granted, and a narrower one holds for its own access token only.
    ScopeHolds,
    /// The server fails only where the store did.
    NoFault,
}

/// A broken promise.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{property:?}: {what}")]
pub struct Violation {
    /// Which one.
    pub property: Property,
    /// How it showed. It names grants by their public ids and never holds a token.
    pub what: String,
}

impl Violation {
    pub(super) fn new(property: Property, what: impl fmt::Display) -> Self {
        Self { property, what: what.to_string() }
    }
}

/// Checks one promise.
pub(super) fn holds(kept: bool, property: Property, what: impl FnOnce() -> String) -> Result<(), Violation> {
    if kept { Ok(()) } else { Err(Violation::new(property, what())) }
}
