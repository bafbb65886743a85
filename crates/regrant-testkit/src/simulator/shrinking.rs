//! Making a failing schedule smaller.

use super::running::{Found, run};
use super::schedule::Schedule;
use super::violation::{Property, Violation};

/// Drops steps as long as any promise is still broken: first halves, then quarters, down to single steps. The answer
/// fails by itself; a schedule that does not fail is given back whole, with that said.
pub fn shrink(schedule: &Schedule) -> Found {
    let mut schedule = schedule.clone();
    let mut violation = run(&schedule).violation.unwrap_or_else(|| Violation::new(Property::NoFault, "nothing fails"));
    let mut chunk = schedule.steps.len().div_ceil(2);
    loop {
        let shrunk = pass(&mut schedule, &mut violation, chunk);
        if chunk <= 1 && !shrunk {
            return Found { schedule, violation };
        }
        if !shrunk {
            chunk = chunk.div_ceil(2).min(chunk - 1).max(1);
        }
    }
}

/// Tries to leave out each chunk in turn. Answers whether any could be.
fn pass(schedule: &mut Schedule, violation: &mut Violation, chunk: usize) -> bool {
    let (mut at, mut shrunk) = (0, false);
    while at < schedule.steps.len() {
        let (before, rest) = schedule.steps.split_at(at);
        let steps = before.iter().chain(rest.iter().skip(chunk)).copied().collect();
        let smaller = Schedule { steps, ..schedule.clone() };
        match run(&smaller).violation {
            Some(found) => (*schedule, *violation, shrunk) = (smaller, found, true),
            None => at += chunk.max(1),
        }
    }
    shrunk
}
