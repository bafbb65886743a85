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
/// The pause after each call: requests come first.
const PAUSE: Duration = Duration::from_millis(20);

/// Purges for as long as the server runs. A store that fails is tried again at the next turn.
pub(super) async fn forever(store: Arc<Store>) {
    let mut turns = interval(PERIOD);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        turns.tick().await;
        match round(&*store, clock::now().before(MARGIN), store.purge_size()).await {
            Ok(0) => {}
            Ok(purged) => tracing::info!(purged, "purged ended grants"),
            Err(_) => tracing::warn!("ended grants could not be purged; the next turn tries again"),
        }
    }
}

/// Purges `size` records at once until a call finds fewer. Answers how many records went.
async fn round<M: AsyncGrantManagement>(store: &M, before: Timestamp, size: usize) -> Result<usize, M::Error> {
    let mut purged = 0;
    loop {
        let batch = store.purge(before, size).await?;
        purged += batch;
        if batch < size {
            return Ok(purged);
        }
        sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use regrant::{Client, ClientId, Engine, GrantTypes, Host, IssueRequest, Pepper, Rules, Scope, StaticClients};
    use regrant_memory::MemoryStore;

    use super::*;
    use crate::entropy::ThreadEntropy;

    const BATCH: usize = 256;

    #[tokio::test(start_paused = true)]
    async fn a_round_takes_every_dead_grant_however_many_batches_that_is() {
        let id = ClientId::parse("app").unwrap();
        let mut client = Client::public(id.clone());
        client.grants = GrantTypes::ALL;
        let lifetime = client.policy().refresh_idle_lifetime;
        let host = Host::new(|| Timestamp::EPOCH, ThreadEntropy);
        let rules = Rules::new(Pepper::new(vec![7; 32]).unwrap());
        let engine = Engine::new(MemoryStore::new(), StaticClients::new([client]).unwrap(), rules, host);
        let dead = 2 * BATCH + 1;
        for _ in 0..dead {
            engine.issue(IssueRequest::new(id.clone(), Scope::empty())).unwrap().success().unwrap();
        }
        let end = Timestamp::EPOCH.after(lifetime);
        assert_eq!(round(engine.store(), end, BATCH).await, Ok(0), "still alive a moment before its end");
        assert_eq!(round(engine.store(), end.after(Duration::from_millis(1)), BATCH).await, Ok(dead));
        assert!(engine.store().is_empty());
    }
}
