//! The properties, as the checker reads them.

use stateright::Property;

use crate::protocol::Protocol;
use crate::state::{Broken, Happened, State};

macro_rules! kept {
    ($($broken:ident),+) => {
        [$(Property::always(stringify!($broken), |_: &Protocol, state: &State| !state.broken.contains(&Broken::$broken))),+]
    };
}

macro_rules! reached {
    ($($happened:ident),+) => {
        [$((Happened::$happened, Property::sometimes(stringify!($happened), |_: &Protocol, state: &State| {
            state.happened.contains(&Happened::$happened)
        }))),+]
    };
}

/// Every promise; and of what can happen, what this protocol's bounds leave room for.
pub(crate) fn all(protocol: &Protocol) -> Vec<Property<Protocol>> {
    let kept = kept![
        OneSuccessor,
        InnocentUnharmed,
        TheftRecognised,
        EndedStaysEnded,
        StrangerPowerless,
        AnswerStands,
        RefusalChangesNothing,
        NoFault
    ];
    let reached = reached![
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
        EndedRefused
    ];
    let expected = reached.into_iter().filter(|(happened, _)| protocol.expected.contains(happened));
    kept.into_iter().chain(expected.map(|(_, property)| property)).collect()
}
