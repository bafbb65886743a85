//! A refresh through the memory store at 100,000 grants, beside the bare work.
//!
//! `cargo bench -p regrant-benches --bench memory`

use std::hint::black_box;

use criterion::Criterion;
use regrant_benches::{Bare, Chains, engine, paired};
use regrant_memory::MemoryStore;

const GRANTS: u32 = 100_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let engine = engine(MemoryStore::new(), GRANTS)?;
    let mut chains = Chains::issue(&engine, GRANTS)?;
    let mut bare = Bare::new(GRANTS);
    let mut failed = None;
    let mut refresh = || match chains.refresh(&engine) {
        Ok(length) => {
            black_box(length);
        }
        Err(error) => failed = Some(error),
    };

    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("memory/100000");
    group.bench_function("floor", |bencher| bencher.iter(|| bare.refresh()));
    group.bench_function("refresh", |bencher| bencher.iter(&mut refresh));
    group.finish();

    let ratio = paired(15, 20_000, || _ = bare.refresh(), &mut refresh);
    report("memory: refresh against the bare work, 100,000 grants, time", ratio);
    failed.map_or(Ok(()), Err)
}

#[expect(clippy::print_stdout, reason = "the ratio is what the benchmark is for")]
fn report(what: &str, ratio: f64) {
    println!("{what}: {ratio:.2}x (median of 15 paired runs)");
}
