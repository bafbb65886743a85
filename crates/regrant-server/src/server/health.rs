//! `GET /healthz`: whether the store answers.

use std::time::Duration;

use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Method, Response, StatusCode};
use regrant::{AsyncTokenStore as _, GrantId};
use tokio::time::timeout;

use super::App;

/// How long the store may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// 200 where the store can be read, 503 where it cannot.
pub(super) async fn answer(app: &App, method: &Method) -> Response<Vec<u8>> {
    if !matches!(*method, Method::GET | Method::HEAD) {
        let mut refused = text(StatusCode::METHOD_NOT_ALLOWED, "");
        refused.headers_mut().insert(ALLOW, HeaderValue::from_static("GET,HEAD"));
        return refused;
    }
    // No grant has this id but by a chance of one in 2^128; that there is none is an answer as good as any.
    let nobody = GrantId::from_bytes([0; GrantId::LENGTH]);
    match timeout(PATIENCE, app.store.load(&nobody)).await {
        Ok(Ok(_)) => text(StatusCode::OK, "ok\n"),
        Ok(Err(_)) => text(StatusCode::SERVICE_UNAVAILABLE, "the store does not answer\n"),
        Err(_) => text(StatusCode::SERVICE_UNAVAILABLE, "the store does not answer in time\n"),
    }
}

fn text(status: StatusCode, text: &str) -> Response<Vec<u8>> {
    let mut answer = Response::new(text.as_bytes().to_vec());
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}
