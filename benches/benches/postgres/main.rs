//! Durable refreshes through the Postgres store, beside a bare loop over `tokio-postgres`, beside `pgbench`, and beside a
//! bare loop of one `unnest` statement for many. All of them load a row and update it, over the same table.
//!
//! `cargo bench -p regrant-benches --bench postgres`
#![expect(clippy::cast_precision_loss, reason = "numbers of grants and calls are far below 2^52")]

mod bare;
mod pgbench;
mod rows;
mod store;

use std::time::Duration;

use regrant_benches::{Mode, Results};
use regrant_postgres::{Options, PostgresStore};
use throwaway_postgres::Server;
use tokio::runtime::Runtime;

type Done<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// How many callers share the connections of a store that goes together.
const CALLERS: usize = 64;

/// Durable, unlike the servers of the tests.
const SETTINGS: [(&str, &str); 6] = [
    ("fsync", "on"),
    ("full_page_writes", "on"),
    ("shared_buffers", "1GB"),
    ("max_wal_size", "8GB"),
    ("checkpoint_timeout", "1h"),
    ("shared_preload_libraries", "pg_stat_statements"),
];

/// What is measured, and for how long at a time.
struct Stand {
    server: Server,
    database: String,
    grants: u64,
    span: Duration,
    rounds: usize,
}

impl Stand {
    fn url(&self) -> String {
        self.server.url(&self.database)
    }

    fn options(&self, connections: usize, batch: usize) -> Done<Options> {
        let mut options = Options::new(&self.url())?;
        (options.connections, options.batch) = (connections, batch);
        (options.queue, options.patience) = (10_000, Duration::from_mins(1));
        Ok(options)
    }
}

fn main() -> Done {
    let mode = Mode::of_environment();
    let mut results = Results::begin("postgres")?;
    let server = Server::start(&SETTINGS)?;
    let database = server.database()?;
    results.text("postgres/version", &server.sql(&database, "SHOW server_version")?)?;
    let stand = Stand {
        server,
        database,
        grants: mode.pick(20_000, 1_000_000),
        span: Duration::from_millis(mode.pick(500, 2_000)),
        rounds: mode.pick(3, 5),
    };
    let runtime = Runtime::new()?;
    runtime.block_on(rows::fill(&stand, &mut results))?;
    for connections in [1, 8, 32] {
        runtime.block_on(alone(&stand, connections, &mut results))?;
    }
    for connections in [1, 2, 4, 8] {
        runtime.block_on(together(&stand, connections, &mut results))?;
    }
    Ok(())
}

/// Without batches: as many callers as connections, beside the bare loop and `pgbench` with as many.
async fn alone(stand: &Stand, connections: usize, results: &mut Results) -> Done {
    let store = PostgresStore::open(stand.options(connections, 1)?).await?;
    let mut bare = bare::Loops::connect(&stand.url(), connections).await?;
    // The store connects and prepares at the first need.
    store::rate(&store, connections, stand).await?;
    let (mut of_bare, mut of_pgbench, mut rates) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..stand.rounds {
        let floor = bare.rate(stand).await?;
        let rate = store::rate(&store, connections, stand).await?;
        let pgbench = pgbench::rate(stand, connections)?;
        rates.push((rate, floor, pgbench));
        of_bare.push(rate / floor);
        of_pgbench.push(rate / pgbench);
    }
    let id = format!("postgres/alone/{connections}");
    results.ratios(&format!("{id}/rate"), &of_bare)?;
    results.ratios(&format!("{id}/pgbench/rate"), &of_pgbench)?;
    for (name, rates) in [
        ("store", rates.iter().map(|rates| rates.0).collect()),
        ("bare", rates.iter().map(|rates| rates.1).collect()),
        ("pgbench", rates.iter().map(|rates| rates.2).collect()),
    ] {
        results.figure(&format!("{id}/{name}"), "1/s", regrant_benches::median(rates))?;
    }
    Ok(())
}

/// In batches: 64 callers, beside one caller of one connection without batches, and beside a bare loop of batches of 64.
async fn together(stand: &Stand, connections: usize, results: &mut Results) -> Done {
    let store = PostgresStore::open(stand.options(connections, 128)?).await?;
    let single = PostgresStore::open(stand.options(1, 1)?).await?;
    let mut bare = bare::Batches::connect(&stand.url()).await?;
    store::rate(&store, CALLERS, stand).await?;
    let (mut of_single, mut of_bare, mut rates, mut floors) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..stand.rounds {
        let alone = store::rate(&single, 1, stand).await?;
        let rate = store::rate(&store, CALLERS, stand).await?;
        let floor = bare.rate(stand, CALLERS).await?;
        rates.push(rate);
        floors.push(floor);
        of_single.push(rate / alone);
        of_bare.push(rate / floor);
    }
    let id = format!("postgres/together/{connections}");
    results.ratios(&format!("{id}/rate"), &of_single)?;
    results.ratios(&format!("{id}/unnest/rate"), &of_bare)?;
    results.figure(&format!("{id}/store"), "1/s", regrant_benches::median(rates))?;
    results.figure(&format!("{id}/unnest"), "1/s", regrant_benches::median(floors))
}
