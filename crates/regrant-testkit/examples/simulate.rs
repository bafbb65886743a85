//! Long runs of the simulator, and the replay of one seed.
//!
//! ```text
//! cargo run --release -p regrant-testkit --example simulate -- --requests 10000000
//! cargo run --release -p regrant-testkit --example simulate -- --seed 42
//! cargo run --release -p regrant-testkit --example simulate -- --plants
//! ```
//!
//! | option | meaning | default |
//! |---|---|---|
//! | `--requests N` | run seed after seed until N requests were simulated | 1000000 |
//! | `--first N` | the first seed | 0 |
//! | `--steps N` | the steps of each seed | 1000 |
//! | `--seed N` | run this seed only | |
//! | `--only A,B,C` | run these steps of it only | all |
//! | `--plant NAME` | plant a bug | none |
//! | `--plants` | plant each bug in turn, and say after how many seeds it is found | |

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Instant;

use regrant_testkit::simulator::{Found, Plant, Schedule, Tally, hunt, run, shrink};

/// What the command line asks for.
#[derive(Debug)]
struct Options {
    requests: u64,
    first: u64,
    steps: u32,
    seed: Option<u64>,
    only: Option<Vec<u32>>,
    plant: Option<Plant>,
    plants: bool,
}

impl Options {
    fn read(mut words: impl Iterator<Item = String>) -> Option<Self> {
        let mut options =
            Self { requests: 1_000_000, first: 0, steps: 1000, seed: None, only: None, plant: None, plants: false };
        while let Some(word) = words.next() {
            match word.as_str() {
                "--plants" => options.plants = true,
                "--requests" => options.requests = words.next()?.parse().ok()?,
                "--first" => options.first = words.next()?.parse().ok()?,
                "--steps" => options.steps = words.next()?.parse().ok()?,
                "--seed" => options.seed = Some(words.next()?.parse().ok()?),
                "--plant" => options.plant = Some(Plant::parse(&words.next()?)?),
                "--only" => {
                    let numbers: Result<_, _> = words.next()?.split(',').map(str::parse).collect();
                    options.only = Some(numbers.ok()?);
                }
                _ => return None,
            }
        }
        Some(options)
    }
}

fn main() -> ExitCode {
    let mut out = io::stdout().lock();
    let Some(options) = Options::read(std::env::args().skip(1)) else {
        let _ = writeln!(io::stderr(), "an option is unknown, or its value is; see the head of examples/simulate.rs");
        return ExitCode::from(2);
    };
    let done = match (options.seed, options.plants) {
        (Some(seed), _) => replay(&mut out, &options, seed),
        (None, true) => plants(&mut out, &options),
        (None, false) => long(&mut out, &options),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(_) => ExitCode::from(3),
    }
}

/// One seed. Answers whether every promise was kept.
fn replay(out: &mut impl Write, options: &Options, seed: u64) -> io::Result<bool> {
    let mut schedule = Schedule::new(seed, options.steps, options.plant);
    if let Some(only) = &options.only {
        schedule.steps.clone_from(only);
    }
    let run = run(&schedule);
    write!(out, "{}", run.tally)?;
    match run.violation {
        None => writeln!(out, "every promise was kept").map(|()| true),
        Some(violation) => report(out, &Found { schedule, violation }).map(|()| false),
    }
}

fn report(out: &mut impl Write, found: &Found) -> io::Result<()> {
    writeln!(out, "BROKEN: {found}")?;
    writeln!(out, "shrunk: {}", shrink(&found.schedule))
}

/// Each planted bug in turn. Answers whether every one was found.
fn plants(out: &mut impl Write, options: &Options) -> io::Result<bool> {
    let mut all = true;
    for plant in Plant::ALL {
        let hunt = hunt(options.first..options.first + 1000, options.steps, Some(plant));
        let Some(found) = hunt.found else {
            all = false;
            writeln!(out, "{plant}: not found in {} seeds", hunt.seeds)?;
            continue;
        };
        let shrunk = shrink(&found.schedule);
        let (requests, steps) = (hunt.tally.requests, shrunk.schedule.steps.len());
        writeln!(
            out,
            "{plant}: seed {} of {}, {requests} requests; shrunk to {steps} steps",
            hunt.seeds, options.steps
        )?;
        writeln!(out, "    {}", shrunk.violation)?;
    }
    Ok(all)
}

/// Seed after seed. Answers whether every promise was kept.
fn long(out: &mut impl Write, options: &Options) -> io::Result<bool> {
    let (mut tally, mut seed, began) = (Tally::default(), options.first, Instant::now());
    while tally.requests < options.requests {
        let hunt = hunt(seed..seed + 100, options.steps, options.plant);
        tally.add(&hunt.tally);
        seed += hunt.seeds;
        if let Some(found) = hunt.found {
            return report(out, &found).map(|()| false);
        }
    }
    write!(out, "{tally}")?;
    let seconds = began.elapsed().as_secs_f64();
    writeln!(out, "{:>12}  seeds, in {seconds:.0} seconds; every promise was kept", seed - options.first)?;
    Ok(true)
}
