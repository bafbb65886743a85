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
    latency: Vec<(f64, f64)>,
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
    for round in 1..=mode.pick(2, 7) {
        for server in servers.iter_mut() {
            let outcome = load::run(server, plan)?;
            said(round, server.name, &outcome);
            let runs = all.entry(server.name).or_default();
            runs.rates.push(outcome.rate);
            runs.cpu.push(outcome.cpu);
            runs.generator.push(outcome.generator);
            runs.errors += outcome.errors;
            runs.latency = percentiles(&outcome);
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

fn percentiles(outcome: &Outcome) -> Vec<(f64, f64)> {
    let nanos = |percentile| outcome.latency.value_at_percentile(percentile) as f64;
    PERCENTILES.iter().map(|percentile| (*percentile, nanos(*percentile) / 1e9)).collect()
}

fn write(results: &mut Results, name: &str, runs: &Runs) -> Done {
    results.figure(&format!("http/{name}/rate"), "1/s", median(runs.rates.clone()))?;
    results.figure(&format!("http/{name}/cpu"), "s", median(runs.cpu.clone()))?;
    results.figure(&format!("http/{name}/generator"), "count", median(runs.generator.clone()))?;
    results.figure(&format!("http/{name}/errors"), "count", runs.errors as f64)?;
    for (percentile, seconds) in &runs.latency {
        results.figure(&format!("http/{name}/latency/{percentile}"), "s", *seconds)?;
    }
    Ok(())
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

/// Latencies at half of what each server can: requests fall due whether the earlier ones are answered or not.
fn at_half(results: &mut Results, servers: &mut [Server], runs: &BTreeMap<&'static str, Runs>, mode: Mode) -> Done {
    for server in servers {
        let Some(runs) = runs.get(server.name) else { continue };
        let rate = median(runs.rates.clone()) / 2.0;
        let counted = Duration::from_millis(mode.pick(500, 3_000));
        let plan = Plan { warm_up: Duration::from_millis(300), counted, rate: Some(rate) };
        let mut by_percentile: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
        for round in 1..=mode.pick(1, 5) {
            let outcome = load::run(server, plan)?;
            said(round, server.name, &outcome);
            for (at, (_, seconds)) in percentiles(&outcome).into_iter().enumerate() {
                by_percentile.entry(at).or_default().push(seconds);
            }
        }
        for (percentile, seconds) in PERCENTILES.iter().zip(by_percentile.into_values()) {
            results.figure(&format!("http/{}/half/{percentile}", server.name), "s", median(seconds))?;
        }
    }
    Ok(())
}
