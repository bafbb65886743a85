//! Bugs that are planted on purpose, each at a seam of the engine, to see that the simulator finds them.

use core::fmt;

/// One deliberate bug. None of them needs a change of the engine: each is a store, a driver or a node that breaks a
/// promise which the engine builds on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plant {
    /// The store writes whatever the revision is: two concurrent refreshes fork the grant.
    GuardIgnored,
    /// The end of a grant raises no revision, so that a late commit brings the grant back.
    EndedWithoutRevision,
    /// A load sometimes gives the version before the last one: the window stays open after the successor was used.
    StaleReads,
    /// Some commits are acknowledged and then lost.
    AcknowledgedAndLost,
    /// Some commits write the record and forget its latest access token.
    HalfARecord,
    /// A refresh of a record that was purged writes it again.
    Upsert,
    /// One node derives under a pepper of its own.
    WrongPepper,
    /// A node is restarted with a new pepper before the others accept it.
    PepperChangedAtOnce,
    /// One node's clock is further off than the window.
    ClockBeyondWindow,
    /// The driver answers first and commits afterwards.
    AnsweredBeforeCommit,
    /// The driver takes a commit of unknown outcome for a conflict.
    DoubtTakenForConflict,
    /// The driver begins anew after a commit of unknown outcome, and has forgotten its own attempt.
    AttemptForgotten,
    /// The driver draws new randomness for each attempt of one request.
    EntropyRedrawn,
    /// The driver answers with success although the store reported a conflict.
    ConflictSwallowed,
    /// The driver looks at the scope when the token is already spent.
    ScopeCheckedLast,
    /// The driver answers a replay without waiting for the end of the grant to be written.
    ReplayNotWritten,
    /// The store of clients serves an old epoch: what a raised epoch ended goes on.
    OldEpochServed,
    /// The steps are shown every record in the name of whoever asks: the check of the owner checks nothing.
    OwnerCheckRemoved,
}

impl Plant {
    /// Every planted bug.
    pub const ALL: [Self; 18] = [
        Self::GuardIgnored,
        Self::EndedWithoutRevision,
        Self::StaleReads,
        Self::AcknowledgedAndLost,
        Self::HalfARecord,
        Self::Upsert,
        Self::WrongPepper,
        Self::PepperChangedAtOnce,
        Self::ClockBeyondWindow,
        Self::AnsweredBeforeCommit,
        Self::DoubtTakenForConflict,
        Self::AttemptForgotten,
        Self::EntropyRedrawn,
        Self::ConflictSwallowed,
        Self::ScopeCheckedLast,
        Self::ReplayNotWritten,
        Self::OldEpochServed,
        Self::OwnerCheckRemoved,
    ];

    /// The name for the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::GuardIgnored => "guard-ignored",
            Self::EndedWithoutRevision => "ended-without-revision",
            Self::StaleReads => "stale-reads",
            Self::AcknowledgedAndLost => "acknowledged-and-lost",
            Self::HalfARecord => "half-a-record",
            Self::Upsert => "upsert",
            Self::WrongPepper => "wrong-pepper",
            Self::PepperChangedAtOnce => "pepper-changed-at-once",
            Self::ClockBeyondWindow => "clock-beyond-window",
            Self::AnsweredBeforeCommit => "answered-before-commit",
            Self::DoubtTakenForConflict => "doubt-taken-for-conflict",
            Self::AttemptForgotten => "attempt-forgotten",
            Self::EntropyRedrawn => "entropy-redrawn",
            Self::ConflictSwallowed => "conflict-swallowed",
            Self::ScopeCheckedLast => "scope-checked-last",
            Self::ReplayNotWritten => "replay-not-written",
            Self::OldEpochServed => "old-epoch-served",
            Self::OwnerCheckRemoved => "owner-check-removed",
        }
    }

    /// The planted bug of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|plant| plant.name() == name)
    }
}

impl fmt::Display for Plant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
