//! A durable refresh through the SQLite store, beside a bare loop that reads one row and updates it in one transaction.
//!
//! `cargo bench -p regrant-benches --bench sqlite`

use std::hint::black_box;
use std::path::Path;

use criterion::Criterion;
use regrant_benches::{Chains, engine, paired};
use regrant_sqlite::{Options, SqliteStore};
use rusqlite::{Connection, params};

const GRANTS: u32 = 10_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let engine = engine(SqliteStore::open(&Options::new(folder.path().join("grants.db")))?, GRANTS)?;
    let mut chains = Chains::issue(&engine, GRANTS)?;
    let mut bare = Bare::open(&folder.path().join("bare.db"))?;
    let mut failed: Option<Box<dyn std::error::Error>> = None;
    let mut broken: Option<rusqlite::Error> = None;
    let mut refresh = || match chains.refresh(&engine) {
        Ok(length) => {
            black_box(length);
        }
        Err(error) => failed = Some(error),
    };
    let mut floor = || broken = bare.update().err();

    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("sqlite/full");
    group.bench_function("floor", |bencher| bencher.iter(&mut floor));
    group.bench_function("refresh", |bencher| bencher.iter(&mut refresh));
    group.finish();

    let ratio = paired(9, 1_000, &mut floor, &mut refresh);
    report("sqlite, synchronous=FULL: rate of refreshes against the bare loop", 1.0 / ratio);
    broken.map_or(Ok(()), |error| Err(error.into())).and(failed.map_or(Ok(()), Err))
}

/// One table with rows of the size of a grant, and nothing but the two statements.
struct Bare {
    connection: Connection,
    next: i64,
}

impl Bare {
    fn open(path: &Path) -> rusqlite::Result<Self> {
        let connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.execute_batch("CREATE TABLE bare (id INTEGER PRIMARY KEY, revision INTEGER, body BLOB) STRICT")?;
        connection.execute_batch("BEGIN")?;
        for id in 0..GRANTS {
            connection.execute("INSERT INTO bare VALUES (?1, 1, ?2)", params![id, [0_u8; 400]])?;
        }
        connection.execute_batch("COMMIT")?;
        Ok(Self { connection, next: 0 })
    }

    fn update(&mut self) -> rusqlite::Result<()> {
        self.next = (self.next + 7919) % i64::from(GRANTS);
        let transaction = self.connection.transaction()?;
        let (revision, body): (i64, Vec<u8>) = transaction
            .prepare_cached("SELECT revision, body FROM bare WHERE id = ?1")?
            .query_row([self.next], |row| Ok((row.get(0)?, row.get(1)?)))?;
        transaction
            .prepare_cached("UPDATE bare SET revision = revision + 1, body = ?3 WHERE id = ?1 AND revision = ?2")?
            .execute(params![self.next, revision, body])?;
        transaction.commit()
    }
}

#[expect(clippy::print_stdout, reason = "the ratio is what the benchmark is for")]
fn report(what: &str, ratio: f64) {
    println!("{what}: {ratio:.2}x (median of 9 paired runs)");
}
