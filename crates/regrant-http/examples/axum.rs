//! regrant behind axum: `cargo run -p regrant-http --example axum`.
//!
//! axum speaks `http` 1 as this crate does, so requests and answers go through as they are.

#[path = "shared/body.rs"]
mod body;
mod shared;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::routing::get;
use http::{HeaderMap, Response, StatusCode};
use tokio::net::TcpListener;

use shared::{AnyError, App};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), AnyError> {
    let app = Arc::new(App::new()?);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let instructions = app.instructions(listener.local_addr()?).await?;
    #[expect(clippy::print_stdout, reason = "an example says where it listens")]
    {
        println!("{instructions}");
    }
    Ok(axum::serve(listener, router(app)).await?)
}

/// The host's own routes, and behind them every endpoint of the service.
fn router(app: Arc<App>) -> Router {
    Router::new().route("/me", get(me)).fallback(oauth).with_state(app)
}

async fn oauth(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    match body::read(body, app.service.limits().body_bytes).await {
        Ok(octets) => {
            let request = Request::from_parts(parts, octets);
            app.service.handle_async(&app.engine, &request).await.map(Body::from)
        }
        Err(_) => cut_short(),
    }
}

async fn me(State(app): State<Arc<App>>, headers: HeaderMap) -> Response<Body> {
    app.me(&headers).await.map(Body::from)
}

/// The client went away in the middle of its request. Nobody reads this.
fn cut_short() -> Response<Body> {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = StatusCode::BAD_REQUEST;
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_client_is_served() {
        let app = Arc::new(App::new().unwrap());
        let token = app.log_in("alice").await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router(app)).await });
        tokio::task::spawn_blocking(move || shared::walk(address, &token)).await.unwrap();
    }
}
