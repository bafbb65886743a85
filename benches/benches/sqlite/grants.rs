//! A refresh among ten million grants, beside one among a hundred thousand.

use std::path::Path;
use std::time::Instant;

use regrant_benches::{Mode, Pairs, Results, World};
use regrant_sqlite::{Options, SqliteStore};

use crate::callers::Callers;
use crate::{CALLERS, Done, fill};

/// The grants that are refreshed: so many that none comes twice in a run, and they lie all over the file.
const LIVE: usize = 64_000;

pub(crate) fn measure(folder: &Path, mode: Mode, results: &mut Results) -> Done {
    let (few, many) = mode.pick((1_280, 12_800), (100_000, 10_000_000));
    let mut small = filled(folder, few, results)?;
    let mut large = filled(folder, many, results)?;
    for callers in [1, CALLERS] {
        let batch = mode.pick(64, 640) * callers.min(8);
        let mut pairs = Vec::new();
        for _ in 0..mode.pick(1, 9) {
            pairs.push((small.refresh(callers, batch)?.took, large.refresh(callers, batch)?.took));
        }
        let of = if callers == 1 { String::new() } else { format!("/{callers}") };
        results.pairs(&format!("sqlite/grants/{many}{of}/rate"), &Pairs::of(&pairs, batch).inverse())?;
    }
    Ok(())
}

fn filled(folder: &Path, grants: usize, results: &mut Results) -> Done<Callers> {
    let file = folder.join(format!("{grants}.db"));
    let begin = Instant::now();
    let crowds = fill::crowds(&file, grants, LIVE.min(grants))?;
    results.figure(&format!("sqlite/fill/{grants}"), "s", begin.elapsed().as_secs_f64())?;
    let bytes = std::fs::metadata(&file)?.len();
    results.figure(&format!("sqlite/fill/{grants}/bytes"), "B", bytes as f64 / grants as f64)?;
    Ok(Callers::over(World::over(SqliteStore::open(&Options::new(&file))?)?, crowds))
}
