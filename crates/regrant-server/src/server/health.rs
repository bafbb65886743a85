//! `GET /healthz`: whether the store answers.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use http::{StatusCode, header};
use regrant::{AsyncTokenStore as _, GrantId};
use tokio::time::timeout;

use super::App;

/// How long the store may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// 200 where the store can be read, 503 where it cannot.
pub(super) async fn health(
    State(app): State<Arc<App>>,
) -> (StatusCode, [(header::HeaderName, &'static str); 1], &'static str) {
    // No grant has this id but by a chance of one in 2^128; that there is none is an answer as good as any.
    let nobody = GrantId::from_bytes([0; GrantId::LENGTH]);
    let answered = timeout(PATIENCE, app.engine.store().load(&nobody)).await;
    let (status, text) = match answered {
        Ok(Ok(_)) => (StatusCode::OK, "ok\n"),
        Ok(Err(_)) => (StatusCode::SERVICE_UNAVAILABLE, "the store does not answer\n"),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the store does not answer in time\n"),
    };
    (status, [(header::CACHE_CONTROL, "no-store")], text)
}
