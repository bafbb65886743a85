//! The state of the model.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::steps::{Exchange, Name, Record};

/// A refresh token that a commit made current, in order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Link {
    pub(crate) text: Arc<str>,
    /// The tick of the decision that spent it.
    pub(crate) spent_at: Option<u8>,
    /// Whether anybody was given it.
    pub(crate) answered: bool,
}

/// Somebody who presents tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Presenter {
    /// The place of the token it holds.
    pub(crate) held: u8,
    /// How many requests it may still send.
    pub(crate) left: u8,
    /// How many it has sent.
    pub(crate) sent: u8,
}

/// A commit that the store applies after it has told its caller of a failure.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Late {
    pub(crate) name: Name,
    pub(crate) exchange: Exchange,
}

/// What has happened on the way here. Each is an explicit flag of a `sometimes` property.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Happened {
    Rotated,
    Retried,
    SuccessorInUse,
    ReplayRefused,
    ConflictMet,
    DoubtResolved,
    RefusedInDoubt,
    LateCommit,
    StrangerRefused,
    EndedByHost,
    EndedRefused,
}

/// A broken promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Broken {
    OneSuccessor,
    InnocentUnharmed,
    TheftRecognised,
    EndedStaysEnded,
    StrangerPowerless,
    AnswerStands,
    RefusalChangesNothing,
    NoFault,
}

/// One state. Everything that is a set or a map is ordered, so that equal states are equal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct State {
    /// The true time in ticks.
    pub(crate) now: u8,
    pub(crate) record: Record,
    /// Every version of the record, for the model whose window stays open; empty in the others.
    pub(crate) versions: Vec<Record>,
    pub(crate) links: Vec<Link>,
    pub(crate) presenters: Vec<Presenter>,
    /// Requests on their way: whose, and the place of the token.
    pub(crate) requests: BTreeSet<(Name, u8)>,
    pub(crate) exchanges: BTreeMap<Name, Exchange>,
    /// Answers on their way: whose, and the place of the token.
    pub(crate) answers: BTreeSet<(Name, u8)>,
    pub(crate) late: Vec<Late>,
    /// The successor that was answered for each presented token.
    pub(crate) successors: BTreeMap<u8, u8>,
    pub(crate) faults_left: u8,
    pub(crate) copies_left: u8,
    pub(crate) ends_left: u8,
    pub(crate) happened: BTreeSet<Happened>,
    pub(crate) broken: BTreeSet<Broken>,
}
