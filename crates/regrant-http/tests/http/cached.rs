//! A page behind the bearer check, and a cache in between.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use http::Request;
use regrant::{Decision, GrantId, Outcome, RequestKind, Revocation, RevocationSink as _};
use regrant_http::IntrospectionCache;

use crate::answer::Answer;
use crate::world::{Tokens, World};

fn page(token: &str) -> Request<Vec<u8>> {
    Request::get("/resource").header("authorization", format!("Bearer {token}")).body(vec![]).unwrap()
}

/// Every answer, from both services.
fn ask(world: &World, tokens: &Tokens) -> Answer {
    let answer = world.send(&page(&tokens.access));
    assert_eq!(crate::twins::awaited(world, &page(&tokens.access)), answer);
    answer
}

fn grant(tokens: &Tokens) -> GrantId {
    let token = regrant::PresentedToken::parse(&tokens.access).unwrap();
    token.grant_id()
}

/// A server with a connected cache, and a token that is in it.
fn warm() -> (World, Arc<IntrospectionCache>, Tokens) {
    let (world, cache) = World::new().with_cache();
    let tokens = world.issue("web", "read", &[]);
    cache.connected(world.now());
    assert_eq!(ask(&world, &tokens).status, 200);
    (world, cache, tokens)
}

/// Whether the page is served although the store is down.
fn is_remembered(world: &World, tokens: &Tokens) -> bool {
    world.store.down.store(true, Ordering::SeqCst);
    let answer = ask(world, tokens);
    world.store.down.store(false, Ordering::SeqCst);
    assert!([200, 503].contains(&answer.status), "{answer:?}");
    answer.status == 200
}

fn revoke(world: &World, tokens: &Tokens) {
    let answer = world.post("/revoke", "web:web-secret", &format!("token={}", tokens.refresh));
    assert_eq!(answer.status, 200);
}

#[test]
fn without_a_cache_the_store_is_asked_for_every_call() {
    let world = World::new();
    let tokens = world.issue("web", "read", &[]);
    assert_eq!(ask(&world, &tokens).status, 200);
    assert!(!is_remembered(&world, &tokens));
}

#[test]
fn a_remembered_token_opens_the_same_page_and_is_told_of_alike() {
    let (world, _, tokens) = warm();
    world.decisions();
    let answer = ask(&world, &tokens);
    let told = Decision {
        request: RequestKind::Resource,
        outcome: Outcome::Admitted,
        client_id: None,
        grant_id: Some(grant(&tokens)),
        attempts: 1,
    };
    assert_eq!(world.decisions(), [told.clone(), told.clone()]);
    assert!(is_remembered(&world, &tokens));
    world.advance(Duration::from_secs(1));
    world.decisions();
    assert_eq!(ask(&world, &tokens), answer, "of the engine, now that the line is silent");
    assert_eq!(world.decisions(), [told.clone(), told]);
}

#[test]
fn what_another_node_revokes_is_refused_as_soon_as_it_is_heard() {
    let (world, cache, tokens) = warm();
    revoke(&world, &tokens);
    assert_eq!(ask(&world, &tokens).status, 200, "nobody has told the cache yet");
    cache.revoked(Revocation::Grant(grant(&tokens)));
    assert_eq!(ask(&world, &tokens).status, 401);
}

#[test]
fn what_is_never_heard_is_refused_within_a_second() {
    let (world, _, tokens) = warm();
    revoke(&world, &tokens);
    world.advance(Duration::from_millis(999));
    assert_eq!(ask(&world, &tokens).status, 200);
    world.advance(Duration::from_millis(1));
    assert_eq!(ask(&world, &tokens).status, 401);
}

#[test]
fn with_the_line_cut_nothing_stale_is_served() {
    let (world, cache, tokens) = warm();
    cache.disconnected();
    assert!(!is_remembered(&world, &tokens));
    revoke(&world, &tokens);
    assert_eq!(ask(&world, &tokens).status, 401);
    cache.connected(world.now());
    assert_eq!(ask(&world, &tokens).status, 401);
}

#[test]
fn an_inactive_token_is_not_remembered() {
    let (world, cache) = World::new().with_cache();
    let tokens = world.issue("web", "read", &[]);
    revoke(&world, &tokens);
    cache.connected(world.now());
    for token in [&tokens.access, &tokens.refresh, "x"] {
        for _ in 0..2 {
            assert_eq!(world.send(&page(token)).status, 401);
        }
    }
    assert!(!is_remembered(&world, &tokens));
}

#[test]
fn introspection_asks_the_store() {
    let (world, _, tokens) = warm();
    let introspect = || world.post("/introspect", "rs:rs-secret", &format!("token={}", tokens.access)).body;
    assert!(introspect().starts_with("{\"active\":true"));
    revoke(&world, &tokens);
    assert_eq!(introspect(), "{\"active\":false}");
}
