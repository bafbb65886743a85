//! regrant behind plain hyper: `cargo run -p regrant-http --example hyper`.

#[path = "shared/body.rs"]
mod body;
mod shared;

use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};

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
    accept(listener, app).await
}

async fn accept(listener: TcpListener, app: Arc<App>) -> Result<(), AnyError> {
    loop {
        let (socket, _) = listener.accept().await?;
        tokio::spawn(serve(socket, Arc::clone(&app)));
    }
}

/// One connection. How it ends concerns nobody else.
async fn serve(socket: TcpStream, app: Arc<App>) {
    let service = service_fn(move |request| {
        let app = Arc::clone(&app);
        async move { answer(&app, request).await }
    });
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(Duration::from_secs(10));
    let _ = server.serve_connection(TokioIo::new(socket), service).await;
}

/// The host's own routes, and behind them every endpoint of the service.
async fn answer(app: &App, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let (parts, body) = request.into_parts();
    let octets = body::read(body, app.service.limits().body_bytes).await?;
    let answer = match parts.uri.path() {
        "/me" => app.me(&parts.headers).await,
        _ => app.service.handle_async(&app.engine, &Request::from_parts(parts, octets)).await,
    };
    Ok(answer.map(Full::from))
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
        tokio::spawn(accept(listener, app));
        tokio::task::spawn_blocking(move || shared::walk(address, &token)).await.unwrap();
    }
}
