//! How often a request allocates, from the parsed request to the reply, counted and held. A count that changes is a change
//! of the hot path, and is to be meant.
//!
//! A program of its own with a single test, because it counts every allocation of the process.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod counted;

use std::time::Duration;

use counted::{World, introspection, refresh, region};

/// What a request allocates, in calls of the allocator.
///
/// The identifier of the client, the plan, the next version of the record, and the change that waits to be committed.
const REFRESH: usize = 4;
/// The identifier and the plan: nothing is written.
const RETRY: usize = 2;
/// The identifier, the plan, the change that waits, and the end: the record itself is ended in place.
const REPLAY: usize = 4;
/// The identifier, and the subject that is told.
const INTROSPECTION: usize = 2;

/// The calls of the allocator during `work`.
fn allocations<T>(work: impl FnOnce() -> T) -> usize {
    let region = region();
    let done = work();
    let change = region.change();
    drop(done);
    change.allocations + change.reallocations
}

#[test]
fn the_hot_path_allocates_next_to_nothing() {
    let world = World::new();
    let first = world.issue(Some("somebody"));
    // Past the first refresh the record has all that it will ever have, and the access token of an hour has expired.
    let second = world.refresh(&first.refresh).unwrap();
    world.advance(Duration::from_hours(2));
    let refreshed = allocations(|| world.engine.token(refresh(&second.refresh)).unwrap().success().unwrap());
    // Inside the window, with the successor unused: the same answer again.
    let retried = allocations(|| world.engine.token(refresh(&second.refresh)).unwrap().success().unwrap());
    let third = world.refresh(&second.refresh).unwrap();
    let told = allocations(|| world.engine.introspect(introspection(&third.access)).unwrap().success().unwrap());
    world.refresh(&third.refresh).unwrap();
    world.advance(Duration::from_mins(1));
    let replayed = allocations(|| assert!(world.engine.token(refresh(&third.refresh)).unwrap().refusal().is_some()));
    assert_eq!([refreshed, retried, replayed, told], [REFRESH, RETRY, REPLAY, INTROSPECTION]);
}
