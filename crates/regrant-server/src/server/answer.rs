//! From a request on the socket to the answer of the engine.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::get;
use http::header::{CACHE_CONTROL, CONNECTION};
use http::{HeaderValue, StatusCode};

use super::App;
use super::body::{self, Unread};
use super::health;
use crate::config::HEALTH_PATH;

/// The health page, and the endpoints of the service behind everything else.
pub(super) fn router(app: Arc<App>) -> Router {
    Router::new().route(HEALTH_PATH, get(health::health)).fallback(answer).with_state(app)
}

/// Reads the body and lets the service answer.
async fn answer(State(app): State<Arc<App>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let bound = if app.service.serves(parts.uri.path()) { app.service.limits().body_bytes } else { 0 };
    let body = match body::read(body, bound).await {
        Ok(body) => body,
        Err(Unread::Late) => return closing(StatusCode::REQUEST_TIMEOUT),
        Err(Unread::Broken) => return closing(StatusCode::BAD_REQUEST),
    };
    let request = http::Request::from_parts(parts, body);
    // A task of its own: a client that hangs up must not stop a decision halfway between its commit and its record.
    let decided = tokio::spawn(async move { app.service.handle_async(&app.engine, &request).await });
    match decided.await {
        Ok(answer) => answer.map(Body::from),
        Err(error) => {
            tracing::error!(%error, "a request broke the server's own rules");
            closing(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}

/// An answer without a body, after which the connection is of no more use.
fn closing(status: StatusCode) -> Response {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = status;
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    answer
}
