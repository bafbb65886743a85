//! Running schedules.

use core::fmt;
use core::ops::Range;
use core::time::Duration;
use std::sync::Arc;

use super::desk::Desk;
use super::oracle::Oracle;
use super::plant::Plant;
use super::population;
use super::prng::Prng;
use super::restart::Nodes;
use super::schedule::{Schedule, gap};
use super::store::Store;
use super::tally::Tally;
use super::violation::Violation;
use super::world::World;

/// What became of one schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// What it went through, up to the violation.
    pub tally: Tally,
    /// The first broken promise.
    pub violation: Option<Violation>,
}

/// A schedule that breaks a promise. Written out, it is the promise and the command that replays it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The schedule.
    pub schedule: Schedule,
    /// The promise.
    pub violation: Violation,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{} steps; replay with:\n{}", self.violation, self.schedule.steps.len(), self.schedule)
    }
}

/// What became of many seeds.
#[derive(Clone, Debug, Default)]
pub struct Hunt {
    /// How many seeds were run.
    pub seeds: u64,
    /// What they went through together.
    pub tally: Tally,
    /// The first seed that breaks a promise; the hunt ends there.
    pub found: Option<Found>,
}

/// How far the fastest clock is ahead of the slowest, in milliseconds: below the shortest window, which is ten seconds.
const SPREADS: [u64; 4] = [0, 20, 1_500, 7_000];

/// Runs one schedule, to its end or to the first broken promise.
pub fn run(schedule: &Schedule) -> Run {
    let mut rng = Prng::new(schedule.seed);
    let spread = Duration::from_millis(rng.pick(&SPREADS).copied().unwrap_or_default());
    let clients = population::register();
    let desk = Arc::new(Desk::new(clients.clone(), schedule.plant));
    // A constant pepper is long enough.
    let Ok(nodes) = Nodes::of(&desk, schedule, spread, &mut rng) else {
        return Run { tally: Tally::default(), violation: None };
    };
    let oracle = Oracle::new(clients.clone(), spread);
    let mut world = World::new(&nodes, &desk, Store::new(schedule.plant), oracle, spread);
    world.windows = clients.iter().map(|client| client.policy().retry_window).collect();
    world.purges_at_once = rng.chance(500);
    let violation = play(&mut world, schedule).err();
    world.tally.simulated_millis = world.simulated_millis();
    Run { tally: world.tally, violation }
}

fn play(world: &mut World<'_>, schedule: &Schedule) -> Result<(), Violation> {
    for step in &schedule.steps {
        let mut rng = Prng::part(schedule.seed, u64::from(*step) + 1);
        world.run_until(world.now + gap(&mut rng))?;
        world.act(&mut rng)?;
    }
    world.drain()
}

/// Runs `steps` steps of every seed, until one breaks a promise.
pub fn hunt(seeds: Range<u64>, steps: u32, plant: Option<Plant>) -> Hunt {
    let mut hunt = Hunt::default();
    for seed in seeds {
        let schedule = Schedule::new(seed, steps, plant);
        let run = run(&schedule);
        hunt.seeds += 1;
        hunt.tally.add(&run.tally);
        if let Some(violation) = run.violation {
            hunt.found = Some(Found { schedule, violation });
            break;
        }
    }
    hunt
}
