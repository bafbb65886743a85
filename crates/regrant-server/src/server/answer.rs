//! From a request on the socket to the answer of the engine.

use std::convert::Infallible;
use std::io::Cursor;
use std::sync::Arc;
use std::time::Duration;

use http::header::{CACHE_CONTROL, CONNECTION, RETRY_AFTER};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use tokio::time::timeout;

use super::body::{self, Unread};
use super::connection::Connection;
use super::engine::HostEngine;
use super::finishing::{Finishing, Panicked, caught};
use super::health;
use crate::config::HEALTH_PATH;

/// How long the store may take to decide a request: longer than each wait in it that has an end of its own, and shorter
/// than the server waits for requests when it is told to stop.
const DECIDING: Duration = Duration::from_secs(9);
/// After how many seconds a client whose request was not decided in time may come again.
const LATER: HeaderValue = HeaderValue::from_static("1");

/// An answer whose body is the very buffer that it was written into.
pub(super) type Answer = Response<Full<Cursor<Vec<u8>>>>;

/// Answers one request: every one, also the worst.
pub(super) async fn answer(connection: Arc<Connection>, request: Request<Incoming>) -> Result<Answer, Infallible> {
    connection.patience.answering();
    let answer = match request.uri().path() {
        HEALTH_PATH => health::answer(&connection.app, request.method()).await,
        _ => decided(&connection, request).await,
    };
    connection.patience.answered();
    Ok(answer.map(|body| Full::new(Cursor::new(body))))
}

/// Reads the body and lets the service answer.
async fn decided(connection: &Arc<Connection>, request: Request<Incoming>) -> Response<Vec<u8>> {
    let (parts, body) = request.into_parts();
    let service = &connection.app.service;
    let bound = if service.serves(parts.uri.path()) { service.limits().body_bytes } else { 0 };
    let body = match body::read(body, bound).await {
        Ok(body) => body,
        Err(Unread::Late) => return closing(StatusCode::REQUEST_TIMEOUT),
        Err(Unread::Broken) => return closing(StatusCode::BAD_REQUEST),
    };
    let request = Request::from_parts(parts, body);
    let decided = match &connection.app.engine {
        HostEngine::AtOnce(engine) => caught(|| service.handle(engine, &request)),
        HostEngine::Awaited(engine) => {
            let (held, engine) = (Arc::clone(connection), Arc::clone(engine));
            in_time(Finishing::new(async move { held.app.service.handle_async(&engine, &request).await })).await
        }
    };
    decided.unwrap_or_else(|panicked| {
        tracing::error!(%panicked, "a request broke the server's own rules");
        closing(StatusCode::INTERNAL_SERVER_ERROR)
    })
}

/// What the work answers, or after [`DECIDING`] that the client may come again: a disk that hangs answers nobody. What
/// was begun is finished by a task of its own, and the client's next try finds it.
async fn in_time(work: Finishing<Response<Vec<u8>>>) -> Result<Response<Vec<u8>>, Panicked> {
    timeout(DECIDING, work).await.unwrap_or_else(|_| {
        tracing::warn!("a request was not decided in time: the store does not answer");
        let mut answer = closing(StatusCode::SERVICE_UNAVAILABLE);
        answer.headers_mut().insert(RETRY_AFTER, LATER);
        Ok(answer)
    })
}

/// An answer without a body, after which the connection is of no more use.
fn closing(status: StatusCode) -> Response<Vec<u8>> {
    let mut answer = Response::new(Vec::new());
    *answer.status_mut() = status;
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    answer
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_store_that_hangs_is_a_503_and_what_was_begun_is_finished() {
        let (go, gone) = oneshot::channel();
        let (tell, told) = oneshot::channel();
        let began = Instant::now();
        let work = Finishing::new(async move {
            gone.await.unwrap();
            tell.send("finished").unwrap();
            Response::new(Vec::new())
        });
        let answer = in_time(work).await.ok().unwrap();
        assert_eq!((answer.status(), began.elapsed()), (StatusCode::SERVICE_UNAVAILABLE, DECIDING));
        assert_eq!(
            (&answer.headers()[RETRY_AFTER], answer.headers()[CACHE_CONTROL].as_bytes()),
            (&LATER, &b"no-store"[..])
        );
        go.send(()).unwrap();
        assert_eq!(told.await, Ok("finished"));
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_in_time_is_given_as_it_is() {
        let work = Finishing::new(async { Response::new(b"decided".to_vec()) });
        assert_eq!(in_time(work).await.ok().unwrap().into_body(), b"decided");
    }
}
