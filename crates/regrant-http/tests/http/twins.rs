//! The blocking service and the awaited one give the same answers.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use http::Request;

use crate::answer::Answer;
use crate::world::{World, post};

/// Drives a future that never waits for anything.
fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("a store in memory does not wait"),
    }
}

pub(crate) fn awaited(world: &World, request: &Request<Vec<u8>>) -> Answer {
    Answer::of(ready(world.service.handle_async(&world.awaited, request)))
}

fn is_send<T: Send>(value: T) -> T {
    value
}

#[test]
fn both_answer_alike() {
    let world = World::new();
    let tokens = world.issue("web", "read", &[]);
    let about = format!("token={}", tokens.access);
    for request in [
        post("/token", "web:web-secret", "grant_type=refresh_token&refresh_token=x"),
        post("/token", "web:nope", "grant_type=refresh_token&refresh_token=x"),
        post("/token", "web:web-secret", "a=%zz"),
        post("/oauth/token", "", ""),
        post("/v1/auth/token", "", ""),
        post("/introspect", "rs:rs-secret", &about),
        post("/introspect", "web:web-secret", "token=x"),
        Request::get("/resource").header("authorization", format!("Bearer {}", tokens.access)).body(vec![]).unwrap(),
        Request::get("/resource").body(vec![]).unwrap(),
        Request::get("/token").body(vec![]).unwrap(),
        Request::get("/nowhere").body(vec![]).unwrap(),
        Request::get("/.well-known/oauth-authorization-server").body(vec![]).unwrap(),
        post("/revoke", "web:web-secret", &about),
    ] {
        assert_eq!(awaited(&world, &request), world.send(&request), "{}", request.uri());
    }
}

#[test]
fn what_one_issues_the_other_takes() {
    let world = World::new();
    let tokens = world.issue("web", "read", &[]);
    let body = |token: &str| format!("grant_type=refresh_token&refresh_token={token}");
    let first = awaited(&world, &post("/token", "web:web-secret", &body(&tokens.refresh)));
    assert_eq!(first.status, 200);
    assert_eq!(world.post("/token", "web:web-secret", &body(&first.text("refresh_token"))).status, 200);
}

#[test]
fn the_awaited_one_may_move_between_threads() {
    let world = World::new();
    let request = post("/token", "", "");
    drop(is_send(world.service.handle_async(&world.awaited, &request)));
}
