//! Callers that refresh at the same time, each a thread with grants of its own.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use regrant_benches::{Crowd, World};
use regrant_sqlite::SqliteStore;

use crate::Done;

/// All callers, and the server that they call.
pub(crate) struct Callers {
    pub(crate) world: World<SqliteStore>,
    pub(crate) crowds: Vec<Crowd>,
    /// How much time goes by with each call, on the clock of the engine.
    pub(crate) step: Duration,
}

/// What a run came to.
#[derive(Default)]
pub(crate) struct Run {
    /// From the first call to the last answer.
    pub(crate) took: Duration,
    /// What each call took, ascending.
    latencies: Vec<Duration>,
}

impl Run {
    pub(crate) fn new(took: Duration, latencies: impl Iterator<Item = Duration>) -> Self {
        let mut latencies: Vec<_> = latencies.collect();
        latencies.sort();
        Self { took, latencies }
    }

    /// Another run, after this one.
    pub(crate) fn add(&mut self, other: Self) {
        self.took += other.took;
        self.latencies.extend(other.latencies);
        self.latencies.sort();
    }

    /// The time within which so many of a hundred calls were answered, in seconds.
    pub(crate) fn percentile(&self, percent: usize) -> f64 {
        let place = (self.latencies.len() * percent / 100).min(self.latencies.len().saturating_sub(1));
        self.latencies.get(place).map_or(f64::NAN, Duration::as_secs_f64)
    }
}

impl Callers {
    /// Over grants that are there.
    pub(crate) fn over(world: World<SqliteStore>, crowds: Vec<Crowd>) -> Self {
        let grants: usize = crowds.iter().map(Crowd::len).sum();
        // Each grant is refreshed about every two hours: after its access token of one hour expired, as clients do.
        let step = Duration::from_hours(2) / u32::try_from(grants.max(1)).unwrap_or(u32::MAX);
        Self { world, crowds, step }
    }

    /// The first `callers` of them refresh, `count` times in all.
    pub(crate) fn refresh(&mut self, callers: usize, count: usize) -> Done<Run> {
        let (world, step) = (&self.world, self.step);
        let each = count.div_ceil(callers);
        let ready = Barrier::new(callers + 1);
        let run = |crowd: &mut Crowd| {
            ready.wait();
            (0..each)
                .map(|_| timed(world, crowd, step))
                .collect::<Done<Vec<Duration>>>()
                .map_err(|error| error.to_string())
        };
        thread::scope(|scope| {
            let crowds = self.crowds.iter_mut().take(callers);
            let threads: Vec<_> = crowds.map(|crowd| scope.spawn(|| run(crowd))).collect();
            ready.wait();
            let begin = Instant::now();
            let mut latencies = Vec::new();
            for thread in threads {
                latencies.extend(thread.join().map_err(|_| "a thread stopped")??);
            }
            Ok(Run::new(begin.elapsed(), latencies.into_iter()))
        })
    }
}

fn timed(world: &World<SqliteStore>, crowd: &mut Crowd, step: Duration) -> Done<Duration> {
    world.clock.advance(step);
    let at = crowd.pick();
    let begin = Instant::now();
    crowd.refresh(world, at)?;
    Ok(begin.elapsed())
}
