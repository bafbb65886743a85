//! regrant behind actix-web: `cargo run -p regrant-http --example actix`.
//!
//! actix-web 4 speaks `http` 0.2, this crate `http` 1. Requests and answers are carried over by the text of their parts.

mod shared;

use std::net::{SocketAddr, TcpListener};

use actix_web::dev::Server;
use actix_web::http::StatusCode;
use actix_web::rt::System;
use actix_web::web::{self, Data, Payload};
use actix_web::{App as Actix, HttpRequest, HttpResponse, HttpServer};
use futures_util::TryStreamExt as _;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};

use shared::{AnyError, App};

fn main() -> Result<(), AnyError> {
    System::new().block_on(async {
        let app = Data::new(App::new()?);
        let (server, address) = listen(app.clone())?;
        let instructions = app.instructions(address).await?;
        #[expect(clippy::print_stdout, reason = "an example says where it listens")]
        {
            println!("{instructions}");
        }
        Ok(server.await?)
    })
}

/// The host's own routes, and behind them every endpoint of the service.
fn listen(app: Data<App>) -> Result<(Server, SocketAddr), AnyError> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let server = HttpServer::new(move || {
        Actix::new().app_data(app.clone()).route("/me", web::get().to(me)).default_service(web::to(oauth))
    });
    Ok((server.workers(1).listen(listener)?.run(), address))
}

async fn oauth(app: Data<App>, request: HttpRequest, payload: Payload) -> HttpResponse {
    match carry_in(&request, payload, app.service.limits().body_bytes).await {
        Ok(request) => carry_out(app.service.handle_async(&app.engine, &request).await),
        Err(_) => HttpResponse::BadRequest().finish(),
    }
}

async fn me(app: Data<App>, request: HttpRequest) -> HttpResponse {
    match headers(&request) {
        Ok(headers) => carry_out(app.me(&headers).await),
        Err(_) => HttpResponse::BadRequest().finish(),
    }
}

/// From `http` 0.2 to 1. A body is read up to the first chunk that goes beyond the limit: the service answers `413`.
async fn carry_in(request: &HttpRequest, mut payload: Payload, limit: usize) -> Result<Request<Vec<u8>>, AnyError> {
    let mut body = Vec::new();
    while body.len() <= limit
        && let Some(chunk) = payload.try_next().await?
    {
        body.extend_from_slice(&chunk);
    }
    let mut carried = Request::builder().method(request.method().as_str()).uri(request.uri().to_string()).body(body)?;
    *carried.headers_mut() = headers(request)?;
    Ok(carried)
}

fn headers(request: &HttpRequest) -> Result<HeaderMap, AnyError> {
    let mut headers = HeaderMap::new();
    for (name, value) in request.headers() {
        let name = HeaderName::from_bytes(name.as_str().as_bytes())?;
        headers.append(name, HeaderValue::from_bytes(value.as_bytes())?);
    }
    Ok(headers)
}

/// From `http` 1 to 0.2.
fn carry_out(answer: Response<Vec<u8>>) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status().as_u16()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut carried = HttpResponse::build(status);
    for (name, value) in answer.headers() {
        carried.append_header((name.as_str(), value.as_bytes()));
    }
    carried.body(answer.into_body())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_served() {
        System::new().block_on(async {
            let app = Data::new(App::new().unwrap());
            let token = app.log_in("alice").await.unwrap();
            let (server, address) = listen(app).unwrap();
            let handle = server.handle();
            actix_web::rt::spawn(server);
            web::block(move || shared::walk(address, &token)).await.unwrap();
            handle.stop(false).await;
        });
    }
}
