//! News of revoked tokens, on their way to every node.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use regrant::{Revocation, RevocationFeed};
use tokio::sync::{mpsc, oneshot};
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
/// caches with that token until its answer there is too old. While the database is away, the news waits. Before a node
/// stops, [`PostgresStore::flush_news`](crate::PostgresStore::flush_news) sees it off.
#[derive(Clone, Debug)]
pub struct PostgresFeed(Option<Sending>);

#[derive(Clone, Debug)]
struct Sending {
    items: mpsc::Sender<Item>,
    overflow: Arc<AtomicBool>,
}

/// What waits to be sent.
#[derive(Debug)]
enum Item {
    Line(String),
    /// Whoever wants to know that everything before this has been sent.
    Flush(oneshot::Sender<()>),
}

impl PostgresFeed {
    /// Starts the task that sends.
    pub(crate) fn start(options: &Options, queue: Queue) -> Self {
        Self(options.notify.then(|| {
            let (items, waiting) = mpsc::channel(ROOM);
            let overflow = Arc::new(AtomicBool::new(false));
            tokio::spawn(send(waiting, Arc::clone(&overflow), queue));
            Sending { items, overflow }
        }))
    }

    /// Waits until everything that was published before is sent, however long the database is away.
    pub(crate) async fn flush(&self) {
        let Some(sending) = &self.0 else { return };
        let (sent, heard) = oneshot::channel();
        if sending.items.send(Item::Flush(sent)).await.is_ok() {
            // The task ends only with its runtime, and then nobody can send any more.
            drop(heard.await);
        }
    }
}

impl RevocationFeed for PostgresFeed {
    fn publish(&self, revocation: Revocation) {
        let Some(sending) = &self.0 else { return };
        if matches!(revocation, Revocation::Grant(_)) {
            return;
        }
        if sending.items.try_send(Item::Line(News::Revoked(revocation).to_line())).is_err() {
            sending.overflow.store(true, Ordering::Release);
        }
    }
}

/// Sends what waits, until the store is gone.
async fn send(mut waiting: mpsc::Receiver<Item>, overflow: Arc<AtomicBool>, queue: Queue) {
    let mut items = Vec::new();
    while waiting.recv_many(&mut items, BATCH).await > 0 {
        let (mut lines, mut flushes) = (Vec::new(), Vec::new());
        for item in items.drain(..) {
            match item {
                Item::Line(line) => lines.push(line),
                Item::Flush(sent) => flushes.push(sent),
            }
        }
        if overflow.swap(false, Ordering::AcqRel) {
            lines.push(MISSED.to_owned());
        }
        let lines = Arc::new(lines);
        while !lines.is_empty() && notify(&queue, Arc::clone(&lines)).await.is_err() {
            sleep(PAUSE).await;
        }
        for sent in flushes {
            // Whoever gave it up hears nothing.
            sent.send(()).unwrap_or_default();
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
