//! Accepting connections, and letting them end well.

use std::io::{self, ErrorKind};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};

use super::App;
use super::connection::{self, Connection};
use super::stop::Stop;

/// The most connections at once; further ones wait in the backlog of the socket.
const CONNECTIONS: u32 = 1024;
/// How long to wait when the system has no more files to give.
const BREATH: Duration = Duration::from_millis(50);

/// Serves connections until `stop` is ready; then closes the idle ones and waits for the others. Answers whether all
/// of them finished within `grace`.
pub(super) async fn serve(
    listener: TcpListener,
    app: Arc<App>,
    stop: impl Future<Output = ()>,
    grace: Duration,
) -> bool {
    let stopping = Arc::new(Stop::default());
    let places = Arc::new(Semaphore::new(CONNECTIONS as usize));
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            accepted = accept(&listener, &places) => match accepted {
                Ok((stream, place)) => {
                    let held = Arc::new(Connection::new(Arc::clone(&app), place));
                    tokio::spawn(connection::serve(stream, held, Arc::clone(&stopping)));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    if !is_of_client(error.kind()) {
                        sleep(BREATH).await;
                    }
                }
            },
            () = &mut stop => break,
        }
    }
    drop(listener);
    stopping.now();
    // Who gets all places knows that nobody has one.
    timeout(grace, places.acquire_many(CONNECTIONS)).await.is_ok()
}

/// The next connection, once there is a place for it.
async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    // An answer is small and complete: waiting for more to send would only make it late.
    // It fails for a client that is gone already, which its connection finds out by itself.
    let _ = stream.set_nodelay(true);
    Ok((stream, place))
}

/// Whether one client is at fault, who must not make the others wait.
const fn is_of_client(fault: ErrorKind) -> bool {
    matches!(fault, ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::Interrupted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_client_waits_for_the_system_alone() {
        let of_client = [ErrorKind::ConnectionAborted, ErrorKind::ConnectionReset, ErrorKind::Interrupted];
        assert!(of_client.into_iter().all(is_of_client));
        assert!(![ErrorKind::OutOfMemory, ErrorKind::Other].into_iter().any(is_of_client));
    }
}
