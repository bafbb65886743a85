//! What a run went through.

use std::collections::BTreeMap;
use std::fmt;

/// A fault that was injected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// A request was lost on its way.
    RequestLost,
    /// A request arrived twice.
    RequestDuplicated,
    /// A request or an answer was on its way for a second or more, and others overtook it.
    MessageDelayed,
    /// An answer was lost on its way.
    AnswerLost,
    /// An answer arrived twice.
    AnswerDuplicated,
    /// The store took a second or more.
    StoreSlow,
    /// A load failed.
    LoadFailed,
    /// The store reported a conflict although nobody else had written, and wrote nothing.
    ConflictInvented,
    /// The store wrote, tried again by itself, and reported the conflict with its own write.
    ConflictWithItself,
    /// A commit failed, and nothing was written.
    FailedBeforeCommit,
    /// A commit was written, and the caller was told of a failure.
    FailedAfterCommit,
    /// A commit failed for the caller, and was written later on.
    CommittedLate,
    /// The store crashed. What was not acknowledged was kept or lost.
    StoreCrashed,
    /// A node crashed with everything it was about to answer.
    NodeCrashed,
    /// A node's clock was set, forwards or backwards.
    ClockSet,
}

/// Something that happened, faults apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Happening {
    /// A grant was issued.
    Issued,
    /// A refresh was answered with tokens.
    Refreshed,
    /// A spent token was answered with the same successor.
    Retried,
    /// A replay was refused.
    ReplayRefused,
    /// A spent token whose successor was in use was refused, and no more.
    SuccessorInUse,
    /// A request was refused since its own commit was in doubt.
    RefusedInDoubt,
    /// A stranger was refused.
    StrangerRefused,
    /// Any other refusal.
    RefusedOtherwise,
    /// A revocation was answered.
    Revoked,
    /// A token was found active.
    FoundActive,
    /// A token was found inactive.
    FoundInactive,
    /// The server answered with a fault of its own, as it should when its store fails.
    Unavailable,
    /// A stolen token was presented.
    TheftTried,
    /// The host ended a grant, or raised a client's epoch.
    EndedByHost,
    /// A dead record was purged.
    Purged,
    /// A node was restarted with the next pepper, or without the last one.
    PepperChanged,
    /// A request reached a node with the shipped driver over an awaited store.
    ServedByAwaited,
    /// A request reached a node with the shipped driver over a blocking store.
    ServedByBlocking,
    /// A request reached a node with a driver of the simulator's own.
    ServedBySteps,
}

/// Counts of one run, or of many.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Steps of schedules.
    pub steps: u64,
    /// Requests that reached a node.
    pub requests: u64,
    /// Loads and commits that reached the store.
    pub store_operations: u64,
    /// Simulated time in milliseconds.
    pub simulated_millis: u64,
    /// Faults by kind.
    pub faults: BTreeMap<Fault, u64>,
    /// What else happened, by kind.
    pub happenings: BTreeMap<Happening, u64>,
}

impl Tally {
    pub(super) fn fault(&mut self, fault: Fault) {
        *self.faults.entry(fault).or_default() += 1;
    }

    pub(super) fn happened(&mut self, happening: Happening) {
        *self.happenings.entry(happening).or_default() += 1;
    }

    /// Adds the counts of another run.
    pub fn add(&mut self, other: &Self) {
        self.steps += other.steps;
        self.requests += other.requests;
        self.store_operations += other.store_operations;
        self.simulated_millis += other.simulated_millis;
        for (fault, count) in &other.faults {
            *self.faults.entry(*fault).or_default() += count;
        }
        for (happening, count) in &other.happenings {
            *self.happenings.entry(*happening).or_default() += count;
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:>12}  steps", self.steps)?;
        writeln!(f, "{:>12}  requests", self.requests)?;
        writeln!(f, "{:>12}  store operations", self.store_operations)?;
        writeln!(f, "{:>12}  simulated hours", self.simulated_millis / 3_600_000)?;
        for (happening, count) in &self.happenings {
            writeln!(f, "{count:>12}  {happening:?}")?;
        }
        for (fault, count) in &self.faults {
            writeln!(f, "{count:>12}  fault {fault:?}")?;
        }
        Ok(())
    }
}
