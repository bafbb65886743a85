//! Accepting connections, and letting them end well.

use std::io;
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
                    sleep(BREATH).await;
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
    stream.set_nodelay(true)?;
    Ok((stream, place))
}
