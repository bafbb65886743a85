//! The short runs of the simulator. Long ones: `cargo run --release -p regrant-testkit --example simulate`.

use regrant_testkit::simulator::{Fault, Happening, Plant, Schedule, hunt, run, shrink};

/// Steps of each seed. A step is a request, more or less.
const STEPS: u32 = 1000;

#[test]
fn every_promise_is_kept_and_every_fault_was_injected() {
    let hunt = hunt(0..40, STEPS, None);
    if let Some(found) = hunt.found {
        panic!("{found}\nshrunk: {}", shrink(&found.schedule));
    }
    for fault in [
        Fault::RequestLost,
        Fault::RequestDuplicated,
        Fault::MessageDelayed,
        Fault::AnswerLost,
        Fault::AnswerDuplicated,
        Fault::StoreSlow,
        Fault::LoadFailed,
        Fault::ConflictInvented,
        Fault::ConflictWithItself,
        Fault::FailedBeforeCommit,
        Fault::FailedAfterCommit,
        Fault::CommittedLate,
        Fault::StoreCrashed,
        Fault::NodeCrashed,
        Fault::ClockSet,
    ] {
        assert!(hunt.tally.faults.contains_key(&fault), "{fault:?} was never injected");
    }
    for happening in [
        Happening::Issued,
        Happening::Refreshed,
        Happening::Retried,
        Happening::ReplayRefused,
        Happening::SuccessorInUse,
        Happening::RefusedInDoubt,
        Happening::StrangerRefused,
        Happening::Revoked,
        Happening::FoundActive,
        Happening::FoundInactive,
        Happening::Unavailable,
        Happening::TheftTried,
        Happening::EndedByHost,
        Happening::Purged,
        Happening::PepperChanged,
        Happening::ServedByAwaited,
        Happening::ServedByBlocking,
        Happening::ServedBySteps,
    ] {
        assert!(hunt.tally.happenings.contains_key(&happening), "{happening:?} was never seen");
    }
}

/// How many seeds each planted bug may take.
const SEEDS: u64 = 20;

#[test]
fn every_planted_bug_is_found() {
    for plant in Plant::ALL {
        let hunt = hunt(0..SEEDS, STEPS, Some(plant));
        let found = hunt.found.unwrap_or_else(|| panic!("{plant} was not found in {} seeds", hunt.seeds));
        assert_eq!(run(&found.schedule).violation, Some(found.violation), "{plant}: the replay differs");
    }
}

#[test]
fn a_seed_gives_the_same_run_twice() {
    let schedule = Schedule::new(7, STEPS, None);
    assert_eq!(run(&schedule), run(&schedule));
}

#[test]
fn a_failing_schedule_is_shrunk_and_written_as_its_command() {
    let found = hunt(0..10, STEPS, Some(Plant::GuardIgnored)).found.unwrap();
    let shrunk = shrink(&found.schedule);
    assert!(shrunk.schedule.steps.len() <= 10, "{shrunk}");
    assert_eq!(run(&shrunk.schedule).violation.as_ref(), Some(&shrunk.violation));
    let command = shrunk.schedule.to_string();
    let steps: Vec<String> = shrunk.schedule.steps.iter().map(u32::to_string).collect();
    assert!(command.ends_with(&format!("--plant guard-ignored --only {}", steps.join(","))), "{command}");
}

#[test]
fn every_plant_has_a_name_of_its_own() {
    for plant in Plant::ALL {
        assert_eq!(Plant::parse(plant.name()), Some(plant));
    }
    assert_eq!(Plant::parse("none"), None);
}
