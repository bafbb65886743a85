//! Bytes per grant, beside the peers, after no rotation and after a hundred.
//!
//! A program of its own, because it counts every allocation of the process.
#![expect(clippy::cast_precision_loss, reason = "numbers of grants and bytes are far below 2^52")]

use std::alloc::System;

use regrant_benches::{Mode, Results};
use regrant_peers::oauth_as::OauthAs;
use regrant_peers::ours::Regrant;
use regrant_peers::oxide::Oxide;
use regrant_peers::{Done, Side};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static COUNTED: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() -> Done {
    let grants = Mode::of_environment().pick(500, 10_000);
    let mut results = Results::begin("peers-space")?;
    for rotations in [0, 100] {
        let mut line = |name: &str, bytes: f64| results.figure(&format!("peers/space/{name}/{rotations}"), "B", bytes);
        line("regrant", held(Regrant::with(grants)?, grants, rotations)?)?;
        line("oxide-auth", held(Oxide::with(grants)?, grants, rotations)?)?;
        line("oauth-as", held(OauthAs::with(grants)?, grants, rotations)?)?;
    }
    results.figure("peers/space/grants", "count", grants as f64)
}

/// What the end of the store gives back, a grant.
fn held(mut side: impl Side, grants: usize, rotations: usize) -> Done<f64> {
    let all: Vec<usize> = (0..grants).collect();
    for _ in 0..rotations {
        side.hours_later()?;
        side.refresh(&all)?;
    }
    let region = Region::new(COUNTED);
    let tokens = side.forget();
    let change = region.change();
    drop(tokens);
    Ok(change.bytes_deallocated.saturating_sub(change.bytes_allocated) as f64 / grants as f64)
}
