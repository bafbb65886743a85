//! Durable refreshes through the SQLite store, beside a bare loop that reads one row and updates it in one transaction.
//!
//! `cargo bench -p regrant-benches --bench sqlite`, with the names of some parts behind `--` for these alone: `callers`,
//! `awaited`, `bytes`, `upkeep`, `grants`. The last one fills a file of 3 GB with ten million grants.
//! The files are made where temporary files are: that disk is what is measured.

#![expect(clippy::cast_precision_loss, reason = "numbers of grants and bytes are far below 2^52")]

mod awaited;
mod bare;
mod callers;
mod fill;
mod grants;
mod upkeep;
mod written;

use std::env;
use std::path::Path;
use std::time::Instant;

use regrant_benches::{Mode, Pairs, Results, World, disk};
use regrant_sqlite::{Options, SqliteStore};

use awaited::Awaited;
use bare::Bare;
use callers::Callers;

type Done<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// How many callers there are at the most.
const CALLERS: usize = 64;

fn main() -> Done {
    let mode = Mode::of_environment();
    let named: Vec<String> = env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let asked = |part: &str| named.iter().any(|name| name == part);
    let mut results = Results::begin("sqlite")?;
    let folder = tempfile::tempdir()?;
    disk::describe(&mut results, "sqlite", folder.path(), mode.pick(20, 500))?;
    if named.is_empty() || asked("callers") || asked("awaited") || asked("bytes") {
        let mut table = Table::open(folder.path(), mode)?;
        if named.is_empty() || asked("callers") {
            table.callers(mode, &mut results)?;
        }
        if named.is_empty() || asked("awaited") {
            table.awaited(mode, &mut results)?;
        }
        if named.is_empty() || asked("bytes") {
            table.bytes(mode, &mut results)?;
        }
        let store = table.callers.world.engine.store();
        results.figure("sqlite/reprepared", "count", f64::from(u32::try_from(store.prepared_again()?)?))?;
        results.text("sqlite/statistics", &format!("{:?}", store.statistics()))?;
    }
    if named.is_empty() || asked("upkeep") {
        upkeep::measure(folder.path(), mode, &mut results)?;
    }
    if named.is_empty() || asked("grants") {
        grants::measure(folder.path(), mode, &mut results)?;
    }
    Ok(())
}

/// A file of the store, and one of the bare loop with as many rows.
struct Table {
    callers: Callers,
    bare: Bare,
}

impl Table {
    fn open(folder: &Path, mode: Mode) -> Done<Self> {
        let grants = mode.pick(1_024, 64_000);
        let world = World::over(SqliteStore::open(&Options::new(folder.join("grants.db")))?)?;
        let callers = Callers::over(world, fill::crowds(&folder.join("grants.db"), grants, grants)?);
        Ok(Self { callers, bare: Bare::open(&folder.join("bare.db"), u32::try_from(grants)?)? })
    }

    /// Blocking callers, one and many, against the bare loop of one commit each.
    fn callers(&mut self, mode: Mode, results: &mut Results) -> Done {
        for many in [1, 8, CALLERS] {
            let id = if many == 1 { "sqlite/one".to_owned() } else { format!("sqlite/group/{many}") };
            let callers = &mut self.callers;
            against(&mut self.bare, mode, results, &id, many, |count| callers.refresh(many, count))?;
        }
        Ok(())
    }

    /// Awaited callers on one thread, against the same.
    fn awaited(&mut self, mode: Mode, results: &mut Results) -> Done {
        let mut awaited = Awaited::over(&mut self.callers)?;
        for many in [1, 8, CALLERS] {
            let id = format!("sqlite/awaited/{many}");
            against(&mut self.bare, mode, results, &id, many, |count| awaited.refresh(many, count))?;
        }
        Ok(())
    }

    /// What both write, the bare loop in groups as large as those of the store.
    fn bytes(&mut self, mode: Mode, results: &mut Results) -> Done {
        for (many, count) in [(1, mode.pick(640, 3_000)), (CALLERS, mode.pick(640, 20_000))] {
            let store = self.callers.world.engine.store().clone();
            let mut ratios = Vec::new();
            for _ in 0..mode.pick(1, 5) {
                let before = store.statistics();
                let begin = written::so_far()?;
                self.callers.refresh(many, count)?;
                let ours = written::so_far()? - begin;
                let after = store.statistics();
                let group = usize::try_from((after.writes - before.writes).div_ceil(after.groups - before.groups))?;
                let begin = written::so_far()?;
                (0..count / group).try_for_each(|_| self.bare.update(group))?;
                let bare = written::so_far()? - begin;
                results.figure(&format!("sqlite/group/{many}/mean"), "count", group as f64)?;
                ratios.push(ours / count as f64 / (bare / (count / group * group) as f64));
            }
            results.ratios(&format!("sqlite/group/{many}/bytes"), &ratios)?;
        }
        Ok(())
    }
}

/// Pairs of runs: the bare loop with one commit each, and as much work by others. The rate, and the latencies.
fn against(
    bare: &mut Bare,
    mode: Mode,
    results: &mut Results,
    id: &str,
    many: usize,
    mut work: impl FnMut(usize) -> Done<callers::Run>,
) -> Done {
    let batch = mode.pick(64, 3_000);
    // More work for many callers, so that it takes about as long.
    let factor = many.min(8);
    let (mut pairs, mut latencies) = (Vec::new(), callers::Run::default());
    for _ in 0..mode.pick(1, 7) {
        let begin = Instant::now();
        (0..batch).try_for_each(|_| bare.update(1))?;
        let floor = begin.elapsed();
        let run = work(batch * factor)?;
        pairs.push((floor, run.took / u32::try_from(factor)?));
        latencies.add(run);
    }
    results.pairs(&format!("{id}/rate"), &Pairs::of(&pairs, batch).inverse())?;
    results.figure(&format!("{id}/p50"), "s", latencies.percentile(50))?;
    results.figure(&format!("{id}/p99"), "s", latencies.percentile(99))
}
