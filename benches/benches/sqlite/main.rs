//! Durable refreshes through the SQLite store, beside a bare loop that reads one row and updates it in one transaction.
//!
//! `cargo bench -p regrant-benches --bench sqlite`

mod bare;
mod callers;

use std::path::Path;
use std::time::Instant;

use regrant_benches::{Crowd, Mode, Pairs, Results, World};
use regrant_sqlite::{Options, SqliteStore};

use bare::Bare;
use callers::Callers;

type Done<T = ()> = Result<T, Box<dyn std::error::Error>>;

const CALLERS: usize = 64;

fn main() -> Done {
    let mode = Mode::of_environment();
    let mut results = Results::begin("sqlite")?;
    let folder = tempfile::tempdir()?;
    one_and_many(folder.path(), mode, &mut results)?;
    Ok(())
}

fn one_and_many(folder: &Path, mode: Mode, results: &mut Results) -> Done {
    let grants = mode.pick(1_000, 10_000);
    let world = World::over(SqliteStore::open(&Options::new(folder.join("grants.db")))?)?;
    let crowds = (0..CALLERS).map(|seed| Crowd::issue(&world, grants / CALLERS, seed as u64)).collect::<Done<_>>()?;
    let mut callers = Callers::over(world, crowds);
    let mut bare = Bare::open(&folder.join("bare.db"), u32::try_from(grants)?)?;
    let (rounds, batch) = (mode.pick(1, 9), mode.pick(64, 512));
    for many in [1, 8, CALLERS] {
        let mut pairs = Vec::new();
        let (mut p50, mut p99) = (0.0, 0.0);
        for _ in 0..rounds {
            let begin = Instant::now();
            (0..batch).try_for_each(|_| bare.update(1))?;
            let floor = begin.elapsed();
            let run = callers.refresh(many, batch * many.min(8))?;
            p50 = run.percentile(50);
            p99 = run.percentile(99);
            pairs.push((floor, run.took / u32::try_from(many.min(8))?));
        }
        let id = if many == 1 { "sqlite/one".to_owned() } else { format!("sqlite/group/{many}") };
        results.pairs(&format!("{id}/rate"), &Pairs::of(&pairs, batch).inverse())?;
        results.figure(&format!("{id}/p50"), "s", p50)?;
        results.figure(&format!("{id}/p99"), "s", p99)?;
    }
    Ok(())
}
