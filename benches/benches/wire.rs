//! The wire alone, the decision alone, and both together from octets to octets.
//!
//! `cargo bench -p regrant-benches --bench wire`
#![expect(clippy::cast_precision_loss, reason = "numbers of grants and calls are far below 2^52")]

use std::error::Error;
use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkGroup, Criterion, measurement::WallTime};
use regrant::exchange::begin;
use regrant::{CommitOutcome, Entropy, Grant, Rules, Step, TokenRequest, TokenStore};
use regrant_benches::{Bare, Crowd, Mode, Pairs, Results, World, refreshing, timed, wire};
use regrant_memory::MemoryStore;

type Done<T = ()> = Result<T, Box<dyn Error>>;

fn main() -> Done {
    let mode = Mode::of_environment();
    let mut results = Results::begin("wire")?;
    from_octets_to_octets(&mut results, mode, mode.pick(2_000, 100_000))?;

    let measured = Duration::from_millis(mode.pick(50, 1_000));
    let criterion = Criterion::default().sample_size(mode.pick(10, 20)).measurement_time(measured);
    let criterion = criterion.warm_up_time(Duration::from_millis(mode.pick(10, 300))).without_plots();
    let mut criterion = criterion.configure_from_args();
    let mut group = criterion.benchmark_group("wire");
    let world = World::over(MemoryStore::new())?;
    let crowd = Crowd::issue(&world, 1, 1)?;
    let (access, refresh) = (crowd.access_token(0)?, crowd.token(0)?);
    let request = wire::post("/token", wire::refresh_body(refresh))?;
    one(&mut group, &mut results, "parse", || _ = black_box(wire::parse(request.headers(), request.body())))?;
    one(&mut group, &mut results, "render", || _ = black_box(wire::render(access, refresh)))?;
    let (id, rules) = (regrant_id(&world)?, world.engine.rules());
    let grant = world.engine.store().load(&id)?.ok_or("no grant")?;
    let client = std::sync::Arc::new(regrant_benches::client()?);
    let fresh = [3; Entropy::LENGTH];
    one(&mut group, &mut results, "decide", || {
        let fresh = Entropy::from_bytes(&fresh);
        _ = black_box(decide(rules, &refreshing(refresh), &client, &grant, fresh, &world));
    })?;
    group.finish();
    Ok(())
}

fn one(group: &mut BenchmarkGroup<'_, WallTime>, results: &mut Results, name: &str, mut work: impl FnMut()) -> Done {
    group.bench_function(name, |bencher| bencher.iter(&mut work));
    let calls = 10_000;
    let times = (0..21).map(|_| timed(calls, &mut work).as_secs_f64() / calls as f64);
    results.figure(&format!("wire/{name}"), "s", regrant_benches::median(times.collect()))
}

fn regrant_id(world: &World<MemoryStore>) -> Done<regrant::GrantId> {
    let page = regrant::GrantManagement::list(world.engine.store(), &regrant::GrantFilter::All, None, 1)?;
    Ok(page.first().map(Grant::id).ok_or("no grant")?)
}

/// A refresh decided, and answered, with a record that is already there: no store at all. Whether it was answered.
fn decide(
    rules: &Rules,
    request: &TokenRequest<'_>,
    client: &std::sync::Arc<regrant::Client>,
    grant: &Grant,
    fresh: Entropy,
    world: &World<MemoryStore>,
) -> bool {
    let now = world.clock.now();
    let Step::NeedsClient(exchange) = begin(rules, request) else {
        return false;
    };
    let Step::NeedsGrant(exchange) = exchange.with_client(Some(client.clone()), fresh, now, None) else {
        return false;
    };
    let Step::Committing(committing) = exchange.with_grant::<TokenRequest<'_>>(Some(grant.clone()), now) else {
        return false;
    };
    let (change, settling) = committing.split();
    black_box(change);
    let step: Step<'_, TokenRequest<'_>> = settling.settle(CommitOutcome::Committed);
    let Step::Done(settled) = step else {
        return false;
    };
    settled.reply.success().is_some()
}

/// The whole of a refresh against the bare work.
fn from_octets_to_octets(results: &mut Results, mode: Mode, grants: usize) -> Done {
    let world = World::over(MemoryStore::new())?;
    let service = wire::service()?;
    let mut crowd = Crowd::issue(&world, grants, 1)?;
    let mut bare = Bare::new(u32::try_from(grants)?);
    let batch = mode.pick(500, 2_000);
    let mut times = Vec::new();
    for _ in 0..mode.pick(5, 201) {
        let floor = timed(batch, || _ = black_box(bare.refresh()));
        times.push((floor, wire::refreshed(&world, &service, &mut crowd, batch)?));
    }
    results.pairs(&format!("wire/refresh/floor/{grants}"), &Pairs::of(&times, batch))
}
