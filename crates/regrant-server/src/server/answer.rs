//! From a request on the socket to the answer of the engine.

use std::convert::Infallible;
use std::io::Cursor;
use std::sync::Arc;

use http::header::{CACHE_CONTROL, CONNECTION};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;

use super::body::{self, Unread};
use super::connection::Connection;
use super::engine::HostEngine;
use super::finishing::{Finishing, caught};
use super::health;
use crate::config::HEALTH_PATH;

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
            Finishing::new(async move { held.app.service.handle_async(&engine, &request).await }).await
        }
    };
    decided.unwrap_or_else(|panicked| {
        tracing::error!(%panicked, "a request broke the server's own rules");
        closing(StatusCode::INTERNAL_SERVER_ERROR)
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
