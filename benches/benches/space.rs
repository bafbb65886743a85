//! Bytes per live grant of the memory store, and of one record, after no rotation and after many.
//!
//! A program of its own, because it counts every allocation of the process.
//!
//! `cargo bench -p regrant-benches --bench space`
#![expect(clippy::cast_precision_loss, reason = "numbers of grants and bytes are far below 2^52")]

use std::alloc::System;
use std::error::Error;
use std::time::Duration;

use regrant::{GrantFilter, GrantManagement, encode_tokens};
use regrant_benches::{Crowd, Mode, Results, World};
use regrant_memory::MemoryStore;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static COUNTED: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

type Done<T = ()> = Result<T, Box<dyn Error>>;

fn main() -> Done {
    let mode = Mode::of_environment();
    let mut results = Results::begin("space")?;
    for grants in mode.pick(vec![2_000], vec![1_000, 100_000, 1_000_000]) {
        let rotations = if grants > 100_000 { &[0][..] } else { &[0, 100][..] };
        for rotations in rotations {
            let (bytes, allocations) = per_grant(grants, *rotations)?;
            results.figure(&format!("space/grant/{grants}/{rotations}"), "B", bytes)?;
            results.figure(&format!("space/refresh/allocations/{grants}/{rotations}"), "count", allocations)?;
        }
    }
    let many = mode.pick(10_000, 1_000_000);
    let (few_bytes, many_bytes) = (record(10)? as f64, record(many)? as f64);
    results.figure("space/record/10", "B", few_bytes)?;
    results.figure(&format!("space/record/{many}"), "B", many_bytes)?;
    results.figure("space/record/grown", "B", many_bytes - few_bytes)
}

/// The bytes that the store holds for each grant, with one live access token each, and how many allocations a refresh
/// makes in the end.
fn per_grant(grants: usize, rotations: usize) -> Done<(f64, f64)> {
    let world = World::over(MemoryStore::new())?;
    let mut crowd = Crowd::issue(&world, grants, 1)?;
    for _ in 0..rotations {
        world.clock.advance(Duration::from_hours(2));
        (0..grants).try_for_each(|at| crowd.refresh(&world, at))?;
    }
    let before = Region::new(COUNTED);
    world.clock.advance(Duration::from_hours(2));
    crowd.refresh(&world, 0)?;
    let allocations = before.change().allocations;
    // What the world holds is what its end gives back: the texts of the tokens outlive it here.
    let held = Region::new(COUNTED);
    drop(world);
    let kept = held.change().bytes_deallocated;
    drop(crowd);
    Ok((kept as f64 / grants as f64, allocations as f64))
}

/// The bytes of the lists of one record, as a store keeps them, with one live access token.
fn record(rotations: usize) -> Done<usize> {
    let world = World::over(MemoryStore::new())?;
    let mut crowd = Crowd::issue(&world, 1, 1)?;
    for _ in 0..rotations {
        world.clock.advance(Duration::from_mins(61));
        crowd.refresh(&world, 0)?;
    }
    let page = GrantManagement::list(world.engine.store(), &GrantFilter::All, None, 1)?;
    let grant = page.first().ok_or("no grant")?;
    Ok(encode_tokens(grant.refresh(), grant.access()).len())
}
