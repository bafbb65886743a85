//! Faults of the server: never told as the client's fault, and nothing is lost.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::answer::Answer;
use crate::world::World;

const WEB: &str = "web:web-secret";

#[track_caller]
fn assert_fault(answer: &Answer, status: u16, error: &str, retry_after: Option<&str>) {
    assert_eq!((answer.status, answer.error().as_str()), (status, error));
    assert_eq!(answer.header("retry-after"), retry_after);
    assert!(!answer.body.contains("fire"), "the cause is the host's business: {}", answer.body);
    answer.assert_guarded();
}

#[test]
fn a_store_that_is_down_loses_nothing() {
    // N-202
    let world = World::new();
    let tokens = world.issue("web", "read", &[]);
    world.store.down.store(true, Ordering::SeqCst);
    let about = format!("token={}", tokens.access);
    let unavailable = |answer: &Answer| assert_fault(answer, 503, "temporarily_unavailable", Some("1"));
    unavailable(&world.refresh("/token", WEB, &tokens.refresh));
    unavailable(&world.refresh("/oauth/token", WEB, &tokens.refresh));
    unavailable(&world.refresh("/wso2/token", WEB, &tokens.refresh));
    unavailable(&world.post("/revoke", WEB, &about));
    unavailable(&world.post("/introspect", WEB, &about));
    let bearer = format!("Bearer {}", tokens.access);
    unavailable(
        &world.send(&http::Request::get("/resource").header("authorization", bearer).body(Vec::new()).unwrap()),
    );
    world.store.down.store(false, Ordering::SeqCst);
    assert_eq!(world.refresh("/token", WEB, &tokens.refresh).status, 200);
}

#[test]
fn a_race_lost_too_often_is_worth_another_try() {
    let world = World::new();
    let tokens = world.issue("web", "read", &[]);
    world.store.contended.store(true, Ordering::SeqCst);
    let answer = world.refresh("/token", WEB, &tokens.refresh);
    assert_eq!((answer.status, answer.error().as_str()), (503, "temporarily_unavailable"));
    assert!(answer.header("retry-after").is_some());
    world.store.contended.store(false, Ordering::SeqCst);
    assert_eq!(world.refresh("/token", WEB, &tokens.refresh).status, 200);
}

#[test]
fn n_039_who_is_slowed_down_is_told_for_how_long_in_every_dialect() {
    let world = World::new();
    let tokens = world.issue("web", "read", &[]);
    world.slow_down(Duration::from_millis(1_500));
    let paths = ["/token", "/revoke", "/introspect", "/oauth/token", "/wso2/token", "/wso2/revoke"];
    for path in paths {
        let body = format!("grant_type=refresh_token&refresh_token={0}&token={0}", tokens.refresh);
        assert_fault(&world.post(path, WEB, &body), 429, "temporarily_unavailable", Some("2"));
    }
    world.slow_down(Duration::ZERO);
    assert_eq!(world.refresh("/token", WEB, &tokens.refresh).status, 200);
}

#[test]
fn a_wrong_pepper_is_for_the_operator() {
    let window = Duration::from_secs(10);
    let world = World::with(window, &[7; 32], Arc::default());
    let tokens = world.issue("web", "read", &[]);
    assert_eq!(world.refresh("/token", WEB, &tokens.refresh).status, 200);
    let other = World::with(window, &[8; 32], Arc::clone(&world.store));
    let before = other.grants();
    assert_fault(&other.refresh("/token", WEB, &tokens.refresh), 500, "server_error", None);
    assert_eq!(before, other.grants());
}

#[test]
fn a_retry_inside_the_window_gets_the_same_answer() {
    // N-119
    let world = World::with(Duration::from_secs(10), &[7; 32], Arc::default());
    let tokens = world.issue("web", "read", &[]);
    let first = world.refresh("/token", WEB, &tokens.refresh);
    world.advance(Duration::from_secs(4));
    let second = world.refresh("/token", WEB, &tokens.refresh);
    assert_eq!(second.body, first.body.replace("7200", "7196"));
    let payu = world.refresh("/oauth/token", WEB, &tokens.refresh);
    assert_eq!(payu.json()["created_at"], 1_735_689_600, "the instant of the first answer");
}
