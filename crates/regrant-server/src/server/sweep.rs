//! Purging ended grants while the server runs.

use std::sync::Arc;
use std::time::Duration;

use regrant::{AsyncGrantManagement, Timestamp};
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::clock;
use crate::store::Store;

/// How often.
const PERIOD: Duration = Duration::from_mins(10);
/// How long an ended grant is kept, so that what is still presented of it is told from what never was.
const MARGIN: Duration = Duration::from_hours(24);
/// How many records go at once, and the pause after each batch: requests come first.
const BATCH: usize = 256;
const PAUSE: Duration = Duration::from_millis(20);

/// Purges for as long as the server runs. A store that fails is tried again at the next turn.
pub(super) async fn forever(store: Arc<Store>) {
    let mut turns = interval(PERIOD);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        turns.tick().await;
        match round(&*store, clock::now().before(MARGIN)).await {
            Ok(0) => {}
            Ok(purged) => tracing::info!(purged, "purged ended grants"),
            Err(_) => tracing::warn!("ended grants could not be purged; the next turn tries again"),
        }
    }
}

/// Purges in batches until one is not full. Answers how many records went.
async fn round<M: AsyncGrantManagement>(store: &M, before: Timestamp) -> Result<usize, M::Error> {
    let mut purged = 0;
    loop {
        let batch = store.purge(before, BATCH).await?;
        purged += batch;
        if batch < BATCH {
            return Ok(purged);
        }
        sleep(PAUSE).await;
    }
}
