//! News of revoked tokens, on their way to every node.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use regrant::{Revocation, RevocationFeed};
use tokio::sync::mpsc;
use tokio::time::sleep;
use tokio_postgres::types::Type;

use crate::error::Error;
use crate::job::Queue;
use crate::news::News;
use crate::options::Options;
use crate::session::Sql;

const NOTIFY: Sql =
    Sql { text: "SELECT pg_notify('regrant', line) FROM unnest($1) AS line", types: &[Type::TEXT_ARRAY] };

/// The most lines that go out together.
const BATCH: usize = 256;
/// The most lines that wait while the database is away.
const ROOM: usize = 65_536;
/// How long to wait before another try.
const PAUSE: Duration = Duration::from_millis(50);
/// A line that no release knows: whoever reads it acts as if it had missed some.
const MISSED: &str = "missed";

/// Tells every node of revoked access tokens, by `NOTIFY`, as soon as their revocation is committed.
///
/// The end of a grant and the change of a client are told by the statements that write them, so this says nothing of
/// them. A single token is told right after its commit: a node that is killed in the instant between leaves other nodes'
/// caches with that token until its answer there is too old. While the database is away, the news waits.
#[derive(Clone, Debug)]
pub struct PostgresFeed(Option<Sending>);

#[derive(Clone, Debug)]
struct Sending {
    lines: mpsc::Sender<String>,
    overflow: Arc<AtomicBool>,
}

impl PostgresFeed {
    /// Starts the task that sends.
    pub(crate) fn start(options: &Options, queue: Queue) -> Self {
        Self(options.notify.then(|| {
            let (lines, waiting) = mpsc::channel(ROOM);
            let overflow = Arc::new(AtomicBool::new(false));
            tokio::spawn(send(waiting, Arc::clone(&overflow), queue));
            Sending { lines, overflow }
        }))
    }
}

impl RevocationFeed for PostgresFeed {
    fn publish(&self, revocation: Revocation) {
        let Some(sending) = &self.0 else { return };
        if matches!(revocation, Revocation::Grant(_)) {
            return;
        }
        if sending.lines.try_send(News::Revoked(revocation).to_line()).is_err() {
            sending.overflow.store(true, Ordering::Release);
        }
    }
}

/// Sends what waits, until the store is gone.
async fn send(mut waiting: mpsc::Receiver<String>, overflow: Arc<AtomicBool>, queue: Queue) {
    let mut lines = Vec::new();
    while waiting.recv_many(&mut lines, BATCH).await > 0 {
        if overflow.swap(false, Ordering::AcqRel) {
            lines.push(MISSED.to_owned());
        }
        let lines = Arc::new(std::mem::take(&mut lines));
        while notify(&queue, Arc::clone(&lines)).await.is_err() {
            sleep(PAUSE).await;
        }
    }
}

async fn notify(queue: &Queue, lines: Arc<Vec<String>>) -> Result<(), Error> {
    let told = queue.run(move |session| {
        Box::pin(async move {
            let told = session.run(&NOTIFY, &[&*lines]).await;
            told.map(drop).map_err(|error| Error::of_statement(&error))
        })
    });
    told.await
}
