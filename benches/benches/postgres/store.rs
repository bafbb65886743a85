//! Refreshes through the store: a load and a commit.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};
use regrant::{AsyncTokenStore as _, Change, CommitOutcome};
use regrant_postgres::PostgresStore;

use crate::{Done, Stand, rows};

/// How many refreshes go through in a second, by so many callers.
pub(crate) async fn rate(store: &PostgresStore, callers: usize, stand: &Stand) -> Done<f64> {
    let done = Arc::new(AtomicU64::new(0));
    let begin = Instant::now();
    let end = begin + stand.span;
    let callers = (0..callers).map(|caller| {
        let (store, done, grants) = (store.clone(), Arc::clone(&done), stand.grants);
        tokio::spawn(async move {
            let mut pick = SmallRng::seed_from_u64(caller as u64 ^ u64::from(begin.elapsed().subsec_nanos()));
            while Instant::now() < end {
                let number = pick.random_range(0..grants);
                let grant = store.load(&rows::id(number)).await?.ok_or("it is gone")?;
                let (expected, next) = (grant.revision(), rows::next(number, &grant)?);
                // Where two callers meet, one of them has worked for nothing.
                if store.commit(Change::Replace { expected, grant: next, revocation: None }).await?
                    == CommitOutcome::Committed
                {
                    done.fetch_add(1, Ordering::Relaxed);
                }
            }
            Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await?.map_err(|error| error.to_string())?;
    }
    Ok(done.load(Ordering::Relaxed) as f64 / begin.elapsed().as_secs_f64())
}
