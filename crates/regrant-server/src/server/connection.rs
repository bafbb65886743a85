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

/// The largest head of a request in octets. Of header fields there are at most 100: the limit of hyper, which is kept on
/// its stack as long as nobody sets one.
const HEAD_BYTES: usize = 64 * 1024;

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
    let http =
        http1::Builder::new().max_buf_size(HEAD_BYTES).half_close(true).serve_connection(TokioIo::new(stream), service);
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

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
    use tokio::sync::Semaphore;
    use tokio::time::Instant;

    use super::*;
    use crate::config::{Config, Overrides};

    const REQUEST: &[u8] = b"GET /nowhere HTTP/1.1\r\nhost: x\r\n\r\n";
    const HALF: &[u8] = b"POST /token HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n12345";

    async fn app() -> Arc<App> {
        let text = "store = 'memory:'\n[[mount]]\ndialect = 'rfc6749'\ntoken = '/token'\n";
        let config = Config::parse(Path::new("test.toml"), text, &Overrides::default()).unwrap();
        Arc::new(App::open(config, ([127, 0, 0, 1], 1).into()).await.unwrap())
    }

    /// The client's end of a connection that is served.
    async fn connected(stop: &Arc<Stop>) -> DuplexStream {
        let (client, server) = duplex(4096);
        let place = Arc::new(Semaphore::new(1)).acquire_owned().await.unwrap();
        tokio::spawn(serve(server, Arc::new(Connection::new(app().await, place)), Arc::clone(stop)));
        client
    }

    /// Everything that still comes, and after how many seconds the connection was closed.
    async fn rest(client: &mut DuplexStream) -> (String, u64) {
        let began = Instant::now();
        let mut rest = String::new();
        client.read_to_string(&mut rest).await.unwrap();
        (rest, began.elapsed().as_secs())
    }

    /// One whole answer without a body.
    async fn answer(client: &mut DuplexStream) {
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            answer.push(client.read_u8().await.unwrap());
        }
        assert!(answer.starts_with(b"HTTP/1.1 404 Not Found\r\n"), "{}", answer.escape_ascii());
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_sends_no_head_or_half_of_one_has_its_time() {
        for sent in [&b""[..], b"GET / HTTP/1.1\r\nho"] {
            let mut client = connected(&Arc::default()).await;
            client.write_all(sent).await.unwrap();
            assert_eq!(rest(&mut client).await, (String::new(), 15));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_has_at_most_a_hundred_fields() {
        for (fields, status) in [(100, "404 Not Found"), (101, "431 Request Header Fields Too Large")] {
            let mut client = connected(&Arc::default()).await;
            let head = format!("GET /nowhere HTTP/1.1\r\nhost: x\r\n{}\r\n", "a: b\r\n".repeat(fields - 1));
            client.write_all(head.as_bytes()).await.unwrap();
            let (answer, _) = rest(&mut client).await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{fields}: {answer}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_trickle_of_octets_buys_no_time() {
        let mut client = connected(&Arc::default()).await;
        for octet in b"GET / HTTP/1.1\r\nhost: x" {
            if client.write_all(&[*octet]).await.is_err() {
                return;
            }
            sleep(Duration::from_secs(1)).await;
        }
        panic!("the head took longer than it may, and was waited for");
    }

    #[tokio::test(start_paused = true)]
    async fn each_answer_starts_the_time_anew() {
        let mut client = connected(&Arc::default()).await;
        for _ in 0..3 {
            sleep(Duration::from_secs(14)).await;
            client.write_all(REQUEST).await.unwrap();
            answer(&mut client).await;
        }
        assert_eq!(rest(&mut client).await.1, 15);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_has_a_time_of_its_own() {
        let mut client = connected(&Arc::default()).await;
        sleep(Duration::from_secs(14)).await;
        client.write_all(HALF).await.unwrap();
        let (answer, seconds) = rest(&mut client).await;
        assert!(answer.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{answer}");
        assert_eq!(seconds, 10, "of the body, although the connection has been open for longer than a head may take");
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_connection_ends_with_the_server() {
        let stop = Arc::default();
        let mut client = connected(&stop).await;
        client.write_all(REQUEST).await.unwrap();
        answer(&mut client).await;
        stop.now();
        assert_eq!(rest(&mut client).await.1, 0);
        // One that is opened in the last moment, too.
        assert_eq!(rest(&mut connected(&stop).await).await.1, 0);
    }
}
