//! Every request through the memory store, beside the bare work of a refresh.
//!
//! `cargo bench -p regrant-benches --bench memory`
#![expect(clippy::cast_precision_loss, reason = "numbers of grants and calls are far below 2^52")]

use std::error::Error;
use std::hint::black_box;
use std::num::NonZero;
use std::thread::available_parallelism;
use std::time::Duration;

use criterion::{Criterion, Throughput};
use regrant_benches::{Bare, Crowd, Crowds, Mode, Operation, Pairs, Results, World, issued, median, timed};
use regrant_memory::MemoryStore;

type Done<T = ()> = Result<T, Box<dyn Error>>;

fn main() -> Done {
    let mode = Mode::of_environment();
    let mut results = Results::begin("memory")?;
    let cores = available_parallelism().map_or(1, NonZero::get);
    beside_the_floor(&mut results, mode, mode.pick(2_000, 100_000))?;
    growth(&mut results, mode)?;
    rotations(&mut results, mode)?;
    threads(&mut results, mode)?;

    let measured = Duration::from_millis(mode.pick(50, 1_000));
    let warm_up = Duration::from_millis(mode.pick(10, 300));
    let criterion = Criterion::default().sample_size(mode.pick(10, 20));
    let mut criterion = criterion.measurement_time(measured).warm_up_time(warm_up).without_plots();
    criterion = criterion.configure_from_args();
    for grants in mode.pick(vec![1_000], vec![1_000, 100_000, 1_000_000]) {
        floor(&mut criterion, &mut results, grants)?;
        for operation in Operation::ALL {
            for threads in [1, cores] {
                each(&mut criterion, &mut results, operation, grants, threads)?;
            }
        }
    }
    Ok(())
}

fn floor(criterion: &mut Criterion, results: &mut Results, grants: usize) -> Done {
    let mut bare = Bare::new(u32::try_from(grants).unwrap_or(u32::MAX));
    let mut group = criterion.benchmark_group(format!("memory/{grants}"));
    group.bench_function("floor", |bencher| bencher.iter(|| bare.refresh()));
    group.bench_function("map", |bencher| bencher.iter(|| bare.touch()));
    group.finish();
    let calls = 20_000;
    let times = (0..11).map(|_| timed(calls, || _ = black_box(bare.refresh())).as_secs_f64() / calls as f64);
    results.figure(&format!("memory/floor/{grants}"), "s", median(times.collect()))
}

/// One operation at one number of grants. Criterion prints its own figures; the median of the batches is kept as well.
fn each(criterion: &mut Criterion, results: &mut Results, operation: Operation, grants: usize, threads: usize) -> Done {
    let world = World::over(MemoryStore::new())?;
    let mut crowds = Crowds::issue(&world, grants, threads)?;
    let mut failed = None;
    let mut seconds = Vec::new();
    let mut group = criterion.benchmark_group(format!("memory/{grants}"));
    group.throughput(Throughput::Elements(1));
    group.bench_function(format!("{}/{threads}", operation.name()), |bencher| {
        bencher.iter_custom(|asked| {
            let most = crowds.largest_batch(operation);
            let asked = usize::try_from(asked).unwrap_or(usize::MAX);
            let (mut left, mut total) = (asked, Duration::ZERO);
            while left > 0 {
                // The last batch is as large as the others, and counts for what was asked.
                let took = crowds.batch(&world, operation, most).unwrap_or_else(|error| {
                    failed.get_or_insert(error);
                    Duration::from_nanos(1)
                });
                let one = took.div_f64(most as f64);
                seconds.push(one.as_secs_f64());
                total += took.mul_f64(left.min(most) as f64 / most as f64);
                left -= left.min(most);
            }
            total
        });
    });
    group.finish();
    results.figure(&format!("memory/{}/{grants}/{threads}", operation.name()), "s", median(seconds))?;
    failed.map_or(Ok(()), Err)
}

/// A refresh against the bare work, from text to text.
fn beside_the_floor(results: &mut Results, mode: Mode, grants: usize) -> Done {
    let world = World::over(MemoryStore::new())?;
    let mut crowd = Crowd::issue(&world, grants, 1)?;
    let mut bare = Bare::new(u32::try_from(grants)?);
    let mut failed = None;
    let step = Duration::from_hours(2).div_f64(grants as f64);
    let refresh = || {
        world.clock.advance(step);
        let at = crowd.pick();
        failed = crowd.refresh(&world, at).err().or(failed.take());
    };
    let pairs = Pairs::measure(mode.pick(5, 25), mode.pick(2_000, 40_000), || _ = black_box(bare.refresh()), refresh);
    failed.map_or(Ok(()), Err)?;
    results.pairs(&format!("memory/refresh/floor/{grants}"), &pairs)
}

/// What a refresh loses with the number of grants, and what the bare work loses with the number of records.
fn growth(results: &mut Results, mode: Mode) -> Done {
    let (few, many) = (1_000, mode.pick(20_000, 1_000_000));
    let batch = mode.pick(2_000, 40_000);
    let worlds = [World::over(MemoryStore::new())?, World::over(MemoryStore::new())?];
    let mut bares = [Bare::new(few), Bare::new(many)];
    let mut crowds = Vec::new();
    for (world, grants) in worlds.iter().zip([few, many]) {
        crowds.push(Crowd::issue(world, usize::try_from(grants)?, 1)?);
    }
    let mut runs = Vec::new();
    for _ in 0..mode.pick(5, 11) {
        let mut run = Vec::new();
        for bare in &mut bares {
            run.push(timed(batch, || _ = black_box(bare.refresh())));
            run.push(timed(batch, || _ = black_box(bare.touch())));
        }
        for (world, crowd) in worlds.iter().zip(&mut crowds) {
            run.push(refreshed(world, crowd, batch)?);
        }
        let [bare_few, map_few, bare_many, map_many, few, many] = run.as_slice() else {
            return Err("a run of six".into());
        };
        runs.push(
            [*bare_few, *map_few, *bare_many, *map_many, *few, *many].map(|took| took.as_secs_f64() / batch as f64),
        );
    }
    let of = |ratio: fn(&[f64; 6]) -> f64| runs.iter().map(ratio).collect::<Vec<_>>();
    results.ratios("memory/growth/refresh", &of(|[.., few, many]| many / few))?;
    results.ratios("memory/growth/floor", &of(|[few, _, many, ..]| many / few))?;
    results.ratios("memory/growth/refresh-against-floor", &of(|[a, _, b, _, few, many]| (many / few) / (b / a)))?;
    let lost = of(|[_, map_few, _, map_many, few, many]| (many - few) / (map_many - map_few));
    results.ratios("memory/growth/lost-against-map", &lost)?;
    results.figure("memory/growth/refresh/lost", "s", median(of(|[.., few, many]| many - few)))?;
    results.figure("memory/growth/floor/lost", "s", median(of(|[few, _, many, ..]| many - few)))?;
    results.figure("memory/growth/map/lost", "s", median(of(|[_, few, _, many, ..]| many - few)))
}

fn refreshed(world: &World<MemoryStore>, crowd: &mut Crowd, batch: usize) -> Done<Duration> {
    let step = Duration::from_hours(2).div_f64(crowd.len() as f64);
    let mut failed = None;
    let took = timed(batch, || {
        world.clock.advance(step);
        let at = crowd.pick();
        failed = crowd.refresh(world, at).err().or(failed.take());
    });
    failed.map_or(Ok(took), Err)
}

/// What a refresh costs after few rotations of one grant and after many. At each, one access token is live.
fn rotations(results: &mut Results, mode: Mode) -> Done {
    let hour = Duration::from_mins(61);
    let world = World::over(MemoryStore::new())?;
    let mut old = Crowd::issue(&world, 1, 1)?;
    let many = mode.pick(10_000, 1_000_000);
    let mut done = 0_usize;
    let mut next = 10;
    while done < many {
        world.clock.advance(hour);
        old.refresh(&world, 0)?;
        done += 1;
        if done == next {
            results.figure(&format!("memory/rotations/{done}"), "s", some_more(&world, &mut old, mode)?)?;
            done += REPEATS * mode.pick(3, 51);
            next = next.saturating_mul(10).max(done + 1);
        }
    }
    results.figure(&format!("memory/rotations/{done}"), "s", some_more(&world, &mut old, mode)?)?;
    let mut times = Vec::new();
    for _ in 0..mode.pick(11, 301) {
        let mut young = Crowd::issue(&world, 1, 1)?;
        for _ in 0..10 {
            world.clock.advance(hour);
            young.refresh(&world, 0)?;
        }
        let few = moved(&world, &mut young, hour)?;
        times.push((few, moved(&world, &mut old, hour)?));
        end(&world, &young)?;
    }
    results.pairs(&format!("memory/rotations/{many}-against-10"), &Pairs::of(&times, REPEATS))
}

/// How many refreshes are timed at once: few enough that a young grant stays young.
const REPEATS: usize = 100;

fn some_more(world: &World<MemoryStore>, crowd: &mut Crowd, mode: Mode) -> Done<f64> {
    let hour = Duration::from_mins(61);
    let times = (0..mode.pick(3, 51)).map(|_| Ok(moved(world, crowd, hour)?.as_secs_f64() / REPEATS as f64));
    Ok(median(times.collect::<Done<_>>()?))
}

fn moved(world: &World<MemoryStore>, crowd: &mut Crowd, hour: Duration) -> Done<Duration> {
    let mut failed = None;
    let took = timed(REPEATS, || {
        world.clock.advance(hour);
        failed = crowd.refresh(world, 0).err().or(failed.take());
    });
    failed.map_or(Ok(took), Err)
}

fn end(world: &World<MemoryStore>, crowd: &Crowd) -> Done {
    let request =
        regrant::RevocationRequest { credentials: regrant_benches::credentials(), token: Some(crowd.token(0)?) };
    world.engine.revoke(request)?.success().ok_or("not revoked")?;
    Ok(())
}

/// The rate of two threads against that of one, each thread with grants of its own.
fn threads(results: &mut Results, mode: Mode) -> Done {
    let grants = mode.pick(2_000, 100_000);
    let world = World::over(MemoryStore::new())?;
    let mut one = Crowds::issue(&world, grants, 1)?;
    let mut two = Crowds::issue(&world, grants, 2)?;
    black_box(issued(&world)?);
    let batch = mode.pick(4_000, 200_000);
    let mut ratios = Vec::new();
    for _ in 0..mode.pick(5, 15) {
        let alone = one.batch(&world, Operation::Refresh, batch)?;
        let both = two.batch(&world, Operation::Refresh, batch)?;
        ratios.push(alone.as_secs_f64() / both.as_secs_f64());
    }
    results.ratios("memory/threads/2-against-1/rate", &ratios)
}
