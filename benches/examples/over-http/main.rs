//! regrant and its peers over HTTP, under the same load, in turns.
//!
//! `benches/run http` installs the peers and starts it. A peer that is not there is left out, and said to be.
#![expect(clippy::cast_precision_loss, reason = "numbers of requests are far below 2^52")]

mod load;
mod server;

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Duration;

use load::{Outcome, Plan};
use regrant_benches::{Mode, Results, median};
use server::Server;

type Done<T = ()> = Result<T, Box<dyn Error>>;

/// How many connections there are, each with a chain of its own.
const CONNECTIONS: usize = 32;
/// The percentiles of latencies that are kept.
const PERCENTILES: [f64; 8] = [50.0, 75.0, 90.0, 95.0, 99.0, 99.9, 99.99, 100.0];

/// The runs of one server as fast as it can.
#[derive(Debug, Default)]
struct Runs {
    rates: Vec<f64>,
    cpu: Vec<f64>,
    generator: Vec<f64>,
    errors: u64,
    /// Of each run, the latency at each of [`PERCENTILES`].
    latency: Vec<[f64; PERCENTILES.len()]>,
}

fn main() -> Done {
    let mode = Mode::of_environment();
    let mut results = Results::begin("http")?;
    let folder = tempfile::tempdir()?;
    let (mut servers, missing) = server::all(folder.path(), CONNECTIONS)?;
    results.figure("http/connections", "count", CONNECTIONS as f64)?;
    for name in missing {
        results.text(&format!("http/skipped/{name}"), "could not be started here")?;
    }
    for server in &servers {
        results.text(&format!("http/version/{}", server.name), &server.version)?;
    }
    let runs = as_fast_as_they_can(&mut servers, mode)?;
    for (name, runs) in &runs {
        write(&mut results, name, runs)?;
    }
    ratios(&mut results, &runs)?;
    at_half(&mut results, &mut servers, &runs, mode)?;
    for server in &servers {
        results.figure(&format!("http/{}/resident", server.name), "B", server.resident()?)?;
    }
    Ok(())
}

/// Loads each server in turn, again and again.
fn as_fast_as_they_can(servers: &mut [Server], mode: Mode) -> Done<BTreeMap<&'static str, Runs>> {
    let first = Plan { warm_up: Duration::ZERO, counted: Duration::from_millis(mode.pick(300, 3_000)), rate: None };
    for server in servers.iter_mut() {
        // A just-in-time compiler has seen the code after this.
        load::run(server, first)?;
    }
    let warm_up = Duration::from_millis(200);
    let plan = Plan { warm_up, counted: Duration::from_millis(mode.pick(300, 2_000)), rate: None };
    let mut all: BTreeMap<&'static str, Runs> = BTreeMap::new();
    for round in 1..=mode.pick(2, 5) {
        for server in servers.iter_mut() {
            let outcome = load::run(server, plan)?;
            said(round, server.name, &outcome);
            let runs = all.entry(server.name).or_default();
            runs.rates.push(outcome.rate);
            runs.cpu.push(outcome.cpu);
            runs.generator.push(outcome.generator);
            runs.errors += outcome.errors;
            runs.latency.push(percentiles(&outcome));
        }
    }
    Ok(all)
}

#[expect(clippy::print_stdout, reason = "a long run shows how it goes")]
fn said(round: usize, name: &str, outcome: &Outcome) {
    let Outcome { rate, cpu, generator, errors, .. } = outcome;
    let micros = cpu * 1e6;
    println!(
        "round {round}: {name}: {rate:.0}/s, {micros:.1} µs of processor each, generator {generator:.2}, {errors} errors"
    );
}

fn percentiles(outcome: &Outcome) -> [f64; PERCENTILES.len()] {
    PERCENTILES.map(|percentile| outcome.latency.value_at_percentile(percentile) as f64 / 1e9)
}

/// Writes the median of the runs at each percentile.
fn latencies(results: &mut Results, id: &str, runs: &[[f64; PERCENTILES.len()]]) -> Done {
    for (at, percentile) in PERCENTILES.iter().enumerate() {
        let seconds = runs.iter().filter_map(|run| run.get(at).copied()).collect();
        results.figure(&format!("{id}/{percentile}"), "s", median(seconds))?;
    }
    Ok(())
}

fn write(results: &mut Results, name: &str, runs: &Runs) -> Done {
    results.figure(&format!("http/{name}/rate"), "1/s", median(runs.rates.clone()))?;
    results.figure(&format!("http/{name}/cpu"), "s", median(runs.cpu.clone()))?;
    results.figure(&format!("http/{name}/generator"), "count", median(runs.generator.clone()))?;
    results.figure(&format!("http/{name}/errors"), "count", runs.errors as f64)?;
    latencies(results, &format!("http/{name}/latency"), &runs.latency)
}

/// Each server beside regrant, round by round.
fn ratios(results: &mut Results, runs: &BTreeMap<&'static str, Runs>) -> Done {
    let ours = runs.get("regrant").ok_or("regrant did not run")?;
    let ratio = |of: &[f64], against: &[f64]| of.iter().zip(against).map(|(a, b)| a / b).collect::<Vec<_>>();
    for (name, theirs) in runs.iter().filter(|(name, _)| **name != "regrant") {
        results.ratios(&format!("http/regrant-against-{name}/rate"), &ratio(&ours.rates, &theirs.rates))?;
        results.ratios(&format!("http/{name}-against-regrant/cpu"), &ratio(&theirs.cpu, &ours.cpu))?;
    }
    if let (Some(ours), Some(theirs)) = (runs.get("regrant-sqlite"), runs.get("authlib-sqlite")) {
        results.ratios("http/authlib-sqlite-against-regrant-sqlite/cpu", &ratio(&theirs.cpu, &ours.cpu))?;
    }
    Ok(())
}

/// The share of its processor from which on the generator, and not the server, is what limits a rate.
const BUSY: f64 = 0.95;

/// Half of what a server can. Where the generator was the limit, the highest rate is only a lower bound of that: then it is
/// half of what the server's processor has room for, as far as the generator goes at all.
fn half_of(runs: &Runs) -> f64 {
    let most = median(runs.rates.clone());
    if median(runs.generator.clone()) < BUSY {
        return most / 2.0;
    }
    (0.5 / median(runs.cpu.clone())).clamp(most / 2.0, most * 0.9)
}

/// Latencies at half of what each server can: requests fall due whether the earlier ones are answered or not. Beside them,
/// `load`: how busy the server's processor was.
fn at_half(results: &mut Results, servers: &mut [Server], runs: &BTreeMap<&'static str, Runs>, mode: Mode) -> Done {
    for server in servers {
        let Some(runs) = runs.get(server.name) else { continue };
        let rate = half_of(runs);
        let counted = Duration::from_millis(mode.pick(500, 2_500));
        let plan = Plan { warm_up: Duration::from_millis(300), counted, rate: Some(rate) };
        let (mut runs, mut loads) = (Vec::new(), Vec::new());
        for round in 1..=mode.pick(1, 5) {
            let outcome = load::run(server, plan)?;
            said(round, server.name, &outcome);
            runs.push(percentiles(&outcome));
            loads.push(outcome.rate * outcome.cpu);
        }
        latencies(results, &format!("http/{}/half", server.name), &runs)?;
        results.figure(&format!("http/{}/half/offered", server.name), "1/s", rate)?;
        results.figure(&format!("http/{}/half/load", server.name), "count", median(loads))?;
    }
    Ok(())
}
