//! A server for the load generator: `host regrant CONFIG` or `host axum`.
//!
//! `regrant` is `regrant serve`, with grants issued before it listens, as `BENCH_GRANTS` says. `axum` answers a constant
//! body of the size of a token answer, and reads the request's body, as every token endpoint must. Either prints one line
//! of JSON that says where it is, and the first `BENCH_CHAINS` refresh tokens.

use std::env;
use std::error::Error;
use std::path::Path;
use std::process;

use axum::Router;
use axum::body::Bytes;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::routing::post;
use regrant::{ClientId, IssueRequest, Scope, TokenEncoding};
use regrant_benches::{CLIENT, SCOPE};
use regrant_server::config::{Config, Overrides};
use regrant_server::server::Server;
use regrant_server::{journal, signals};
use serde_json::json;
use tokio::net::TcpListener;

type Done<T = ()> = Result<T, Box<dyn Error>>;

/// An answer of the members and of the length that an answer of regrant has.
fn constant() -> String {
    let (access, refresh) = ("a".repeat(64), "b".repeat(86));
    let tokens =
        format!(r#""access_token":"{access}","token_type":"Bearer","expires_in":3600,"refresh_token":"{refresh}""#);
    format!(r#"{{{tokens},"scope":"read write"}}"#)
}

fn main() -> Done {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["regrant", config] => {
            journal::start();
            runtime.block_on(regrant(Path::new(config)))
        }
        ["axum"] => runtime.block_on(bare()),
        _ => Err("host regrant CONFIG, or host axum".into()),
    }
}

async fn regrant(config: &Path) -> Done {
    let stop = signals::stop()?;
    let config = Config::load(config, &Overrides::default()).map_err(|fault| fault.to_string())?;
    let server = Server::bind(config).await.map_err(|fault| fault.to_string())?;
    let mut tokens = Vec::new();
    for number in 0..asked("BENCH_GRANTS", 1_000) {
        let request = IssueRequest::new(ClientId::parse(CLIENT)?, Scope::parse(SCOPE)?);
        let reply = server.issue(request).await?.success().ok_or("the grant was refused")?;
        let token = reply.refresh_token.ok_or("the client has no refresh grant")?;
        if number < asked("BENCH_CHAINS", 32) {
            tokens.push(token.expose(TokenEncoding::Base64Url).to_string());
        }
    }
    announce(server.address().port(), &tokens);
    server.run(stop).await;
    Ok(())
}

async fn bare() -> Done {
    let stop = signals::stop()?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let tokens = vec!["b".repeat(86); asked("BENCH_CHAINS", 32)];
    announce(listener.local_addr()?.port(), &tokens);
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")];
    let body = Bytes::from(constant());
    let router = Router::new().route("/token", post(async move |_: Bytes| (headers, body.clone())));
    axum::serve(listener, router).with_graceful_shutdown(stop).await?;
    Ok(())
}

fn asked(name: &str, usual: usize) -> usize {
    env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

#[expect(clippy::print_stdout, reason = "the load generator reads it")]
fn announce(port: u16, tokens: &[String]) {
    let version = env!("CARGO_PKG_VERSION");
    println!(
        "{}",
        json!({ "port": port, "pid": process::id(), "path": "/token", "version": version, "tokens": tokens })
    );
}
