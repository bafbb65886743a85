//! Refreshes while a great many grants are ended and purged.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use regrant::{EndReason, GrantFilter, GrantManagement, Timestamp};
use regrant_benches::{Mode, Results, World};
use regrant_sqlite::{Options, SqliteStore};

use crate::callers::{Callers, Run};
use crate::{Done, fill};

/// How many refresh meanwhile.
const BESIDE: usize = 8;

pub(crate) fn measure(folder: &Path, mode: Mode, results: &mut Results) -> Done {
    let file = folder.join("upkeep.db");
    let grants = mode.pick(2_048, 1_000_000);
    let crowds = fill::crowds(&file, grants, grants / 16)?;
    let mut callers = Callers::over(World::over(SqliteStore::open(&Options::new(&file))?)?, crowds);
    let count = mode.pick(64, 2_000);
    report(results, "alone", &callers.refresh(BESIDE, count * 4)?)?;
    let some = mode.pick(256, 100_000);
    let store = callers.world.engine.store().clone();
    let at = callers.world.clock.now();
    let (run, took) = beside(&mut callers, count, || {
        let filter = GrantFilter::Client(fill::others()?);
        Ok(GrantManagement::end(&store, &filter, at, EndReason::EndedByHost, some)?)
    })?;
    report(results, "end", &run)?;
    results.figure("sqlite/upkeep/end/rate", "1/s", some as f64 / took.as_secs_f64())?;
    let after = Timestamp::from_unix_millis(at.unix_millis() + 1);
    let (run, took) = beside(&mut callers, count, || Ok(GrantManagement::purge(&store, after, some)?))?;
    report(results, "purge", &run)?;
    results.figure("sqlite/upkeep/purge/rate", "1/s", some as f64 / took.as_secs_f64())
}

/// Refreshes for as long as the work takes, and how long that was.
fn beside(callers: &mut Callers, count: usize, work: impl FnOnce() -> Done<usize> + Send) -> Done<(Run, Duration)> {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let working = scope.spawn(|| {
            let begin = Instant::now();
            let worked = work().map_err(|error| error.to_string());
            done.store(true, Ordering::SeqCst);
            worked.map(|_| begin.elapsed())
        });
        let mut run = Run::default();
        while !done.load(Ordering::SeqCst) {
            run.add(callers.refresh(BESIDE, count)?);
        }
        Ok((run, working.join().map_err(|_| "a thread stopped")??))
    })
}

fn report(results: &mut Results, name: &str, run: &Run) -> Done {
    for (place, percent) in [("p50", 50), ("p99", 99), ("max", 100)] {
        results.figure(&format!("sqlite/upkeep/{name}/{place}"), "s", run.percentile(percent))?;
    }
    Ok(())
}
