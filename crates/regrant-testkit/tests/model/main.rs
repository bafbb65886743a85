//! The protocol in a model checker: every schedule within stated bounds, and not a sample of them.
//!
//! | part | in the model |
//! |---|---|
//! | decisions, commits, retries | the engine's own: every step of an exchange is one of `regrant::exchange` |
//! | the store | one record and a compare-and-swap; it fails before a commit, after it, and before a late one |
//! | the nodes | two, with clocks two seconds apart |
//! | the network | requests and answers arrive in any order, twice, or never |
//! | the presenters | clients of the owner, a thief with the owner's credentials, a stranger with its own |
//! | time | ticks of six seconds: one is inside the window of ten seconds, two are outside |
//!
//! Where it abstracts: there is one grant, since no operation touches two; a load and the decision upon it are one
//! step, since nothing in between could be seen; randomness is a constant of each exchange; scopes, expiry and access
//! tokens play no part (the simulator has them); a node that crashes is an exchange that never goes on.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that cannot go on panics, and its figures are read from its output"
)]

mod judge;
mod properties;
mod protocol;
mod state;
mod steps;

use std::time::{Duration, Instant};

use protocol::{Action, Protocol, Removed, Who};
use state::Happened::{
    ConflictMet, DoubtResolved, EndedByHost, EndedRefused, LateCommit, RefusedInDoubt, ReplayRefused, Retried, Rotated,
    StrangerRefused, SuccessorInUse,
};
use stateright::{Checker, Model};

const WINDOW: Duration = Duration::from_secs(10);
const THREADS: usize = 2;

/// Explores all of a protocol, and says how much that was.
fn explore(name: &str, protocol: Protocol) {
    let (bounds, began) = (protocol.bounds(), Instant::now());
    let checker = protocol.checker().threads(THREADS).spawn_bfs().join();
    let (states, depth, time) = (checker.unique_state_count(), checker.max_depth(), began.elapsed());
    println!("{name}: {states} states, depth {depth}, {:.1} s; {bounds}", time.as_secs_f64());
    checker.assert_properties();
}

/// The shortest way to a broken promise, found by looking deeper and deeper.
fn counterexample(protocol: impl Fn() -> Protocol, promise: &'static str) -> Vec<Action> {
    for depth in 2..20 {
        let checker = protocol().checker().threads(THREADS).target_max_depth(depth).spawn_bfs().join();
        if let Some(path) = checker.discovery(promise) {
            return path.into_actions();
        }
    }
    panic!("{promise} holds although a rule is missing");
}

/// Takes a rule away, and expects the promise to be broken in so many actions.
fn missing(removed: Removed, promise: &'static str, actions: usize, bounds: impl Fn() -> Protocol) {
    let found = counterexample(
        || {
            let mut protocol = bounds();
            protocol.removed = Some(removed);
            protocol
        },
        promise,
    );
    println!("{removed:?} removed: {promise} broken in {} actions: {found:?}", found.len());
    assert_eq!(found.len(), actions);
}

/// A protocol without copies of requests, on one node, that never fails: the least that there is.
fn least(window: Duration, presenters: &[(Who, u8)], ticks: u8) -> Protocol {
    let mut protocol = Protocol::new(window, presenters);
    (protocol.copies, protocol.nodes, protocol.faults, protocol.ticks) = (0, 1, 0, ticks);
    protocol
}

#[test]
fn a_client_retries_and_a_thief_is_late() {
    let mut protocol = least(WINDOW, &[(Who::Innocent, 2), (Who::Thief, 1)], 2);
    protocol.expected = vec![Rotated, Retried, SuccessorInUse, ReplayRefused, ConflictMet, EndedRefused];
    explore("a client and a thief", protocol);
}

#[test]
fn requests_arrive_twice_at_two_nodes_and_the_store_fails() {
    let mut protocol = least(WINDOW, &[(Who::Innocent, 1)], 2);
    (protocol.copies, protocol.nodes, protocol.faults) = (1, 2, 1);
    protocol.expected = vec![Rotated, Retried, ReplayRefused, ConflictMet, DoubtResolved, LateCommit, EndedRefused];
    explore("one request twice", protocol);
}

#[test]
fn a_stranger_changes_nothing() {
    let mut protocol = least(WINDOW, &[(Who::Innocent, 1), (Who::Stranger, 1)], 2);
    (protocol.faults, protocol.ends) = (1, 1);
    protocol.expected = vec![Rotated, DoubtResolved, LateCommit, StrangerRefused, EndedByHost, EndedRefused];
    explore("a client and a stranger", protocol);
}

#[test]
fn without_a_window_doubt_is_no_replay() {
    let mut protocol = least(Duration::ZERO, &[(Who::Innocent, 1), (Who::Innocent, 1)], 1);
    protocol.faults = 1;
    protocol.expected = vec![Rotated, ReplayRefused, ConflictMet, DoubtResolved, RefusedInDoubt, LateCommit];
    explore("two clients without a window", protocol);
}

#[test]
#[ignore = "explores millions of states: run it in a release build"]
fn two_clients_and_a_thief() {
    let mut protocol = least(WINDOW, &[(Who::Innocent, 1), (Who::Innocent, 1), (Who::Thief, 1)], 2);
    (protocol.nodes, protocol.faults) = (2, 1);
    protocol.expected = vec![Rotated, Retried, ReplayRefused, ConflictMet, DoubtResolved, LateCommit, EndedRefused];
    explore("two clients and a thief", protocol);
}

#[test]
#[ignore = "explores millions of states: run it in a release build"]
fn two_clients_a_thief_and_copies_of_requests() {
    let mut protocol = least(WINDOW, &[(Who::Innocent, 1), (Who::Innocent, 1), (Who::Thief, 1)], 2);
    protocol.copies = 1;
    protocol.expected = vec![Rotated, Retried, SuccessorInUse, ReplayRefused, ConflictMet, EndedRefused];
    explore("two clients, a thief and copies", protocol);
}

#[test]
#[ignore = "explores many states: run it in a release build"]
fn a_client_a_thief_and_a_store_that_fails() {
    let mut protocol = least(WINDOW, &[(Who::Innocent, 2), (Who::Thief, 1)], 2);
    protocol.faults = 1;
    protocol.expected =
        vec![Rotated, Retried, SuccessorInUse, ReplayRefused, ConflictMet, DoubtResolved, LateCommit, EndedRefused];
    explore("a client, a thief and faults", protocol);
}

#[test]
fn without_the_guard_a_token_has_two_successors() {
    missing(Removed::Guard, "OneSuccessor", 8, || least(WINDOW, &[(Who::Innocent, 1), (Who::Innocent, 1)], 0));
}

#[test]
fn without_the_check_of_the_owner_a_stranger_takes_the_grant() {
    let bounds = || least(WINDOW, &[(Who::Innocent, 1), (Who::Stranger, 1)], 0);
    missing(Removed::OwnerCheck, "StrangerPowerless", 4, bounds);
}

#[test]
fn a_window_that_does_not_close_answers_a_dead_token() {
    let bounds = || least(WINDOW, &[(Who::Innocent, 2), (Who::Thief, 1)], 0);
    missing(Removed::WindowCloses, "AnswerStands", 11, bounds);
}

#[test]
fn doubt_taken_for_conflict_punishes_an_innocent() {
    missing(Removed::Doubt, "InnocentUnharmed", 10, || {
        let mut protocol = least(Duration::ZERO, &[(Who::Innocent, 1), (Who::Innocent, 1)], 0);
        protocol.faults = 1;
        protocol
    });
}
