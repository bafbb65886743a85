//! Two things measured in turns, so that both see the same mood of the machine.

use std::time::{Duration, Instant};

/// Runs `floor` and `work` in turns, `rounds` times `batch` calls each, and gives the median of the ratios
/// `work / floor`: 1.0 means as fast as the floor.
pub fn paired(rounds: usize, batch: usize, mut floor: impl FnMut(), mut work: impl FnMut()) -> f64 {
    let mut ratios: Vec<f64> = (0..rounds)
        .map(|_| {
            let bare = timed(batch, &mut floor);
            let full = timed(batch, &mut work);
            full.as_secs_f64() / bare.as_secs_f64()
        })
        .collect();
    ratios.sort_by(f64::total_cmp);
    ratios.get(rounds / 2).copied().unwrap_or(f64::NAN)
}

fn timed(batch: usize, work: &mut impl FnMut()) -> Duration {
    let start = Instant::now();
    for _ in 0..batch {
        work();
    }
    start.elapsed()
}
