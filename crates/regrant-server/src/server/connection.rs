//! One connection, from its first octet to its last.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Sleep, sleep};

use super::App;
use super::answer::answer;
use super::patience::{self, Patience};
use super::stop::Stop;

/// The largest head of a request in octets, and the most header fields.
const HEAD_BYTES: usize = 64 * 1024;
const HEAD_FIELDS: usize = 100;

/// What the requests of one connection share. It has a place among the connections for as long as one of them is under
/// way, its client gone or not.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) app: Arc<App>,
    pub(super) patience: Patience,
    _place: OwnedSemaphorePermit,
}

impl Connection {
    pub(super) fn new(app: Arc<App>, place: OwnedSemaphorePermit) -> Self {
        Self { app, patience: Patience::new(), _place: place }
    }
}

/// Serves one connection to its end.
pub(super) async fn serve<S>(stream: S, connection: Arc<Connection>, stop: Arc<Stop>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    // Each request takes its own count of the connection, not of the app, which all threads would write to.
    let service = service_fn(|request| answer(Arc::clone(&connection), request));
    let http = http1::Builder::new()
        .max_buf_size(HEAD_BYTES)
        .max_headers(HEAD_FIELDS)
        .half_close(true)
        .serve_connection(TokioIo::new(stream), service);
    let (mut http, mut stopped) = (pin!(http), pin!(stop.notified()));
    let mut bell = pin!(sleep(patience::HEAD));
    let (mut joined, mut ending) = (false, false);
    let ended = poll_fn(|context| {
        if !joined {
            // Once: the task stays the same, and so does whom it wakes.
            let _ = stopped.as_mut().poll(context);
            joined = true;
        }
        if !ending && stop.was_said() {
            http.as_mut().graceful_shutdown();
            ending = true;
        }
        match http.as_mut().poll(context) {
            Poll::Pending if is_late(bell.as_mut(), &connection.patience, context) => Poll::Ready(Ok(())),
            polled => polled,
        }
    });
    if let Err(error) = ended.await {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// Whether the client had its time. Rings again when there is to be another look.
fn is_late(mut bell: Pin<&mut Sleep>, patience: &Patience, context: &mut Context<'_>) -> bool {
    while bell.as_mut().poll(context).is_ready() {
        let Some(next) = patience.next_look() else {
            return true;
        };
        bell.as_mut().reset(next);
    }
    false
}
