//! The adapters of the ports: boxed stores, the bridge, static clients.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use regrant::{
    AsyncEngine, AsyncTokenStore, BoxError, BoxedAsyncClientStore, BoxedAsyncTokenStore, BoxedClientStore,
    BoxedTokenStore, Client, ClientId, Engine, EngineFault, Entropy, GrantType, GrantTypes, Host, Inline, IssueRequest,
    Outcome, Reply, Rules, Scope, StaticClients, Timestamp, TokenEncoding, TokenReply, TokenRequest,
};

use crate::common::{Mishap, PEPPER, TestStore, app, block_on, pepper, refresh_request};

fn clients() -> StaticClients {
    let mut client = Client::public(ClientId::parse("app").unwrap());
    client.grants = GrantTypes::NONE.with(GrantType::RefreshToken);
    StaticClients::new([client]).unwrap()
}

fn host() -> Host {
    let draws = AtomicU8::new(1);
    let draw = move || Ok(Entropy::from_bytes(&[draws.fetch_add(1, Ordering::SeqCst); 96]));
    Host::new(|| Timestamp::from_unix_seconds(1_700_000_000), draw)
}

fn issue() -> IssueRequest {
    IssueRequest::new(ClientId::parse("app").unwrap(), Scope::empty())
}

fn refresh_token(reply: Reply<TokenReply>) -> String {
    let token = reply.success().unwrap().refresh_token.unwrap();
    token.expose(TokenEncoding::Base64Url).to_string()
}

#[test]
fn boxed_stores_answer_like_the_stores_inside_them() {
    let store = Arc::new(TestStore::default());
    let boxed = BoxedTokenStore::new(Arc::clone(&store));
    let engine = Engine::new(boxed, BoxedClientStore::new(clients()), Rules::new(pepper(PEPPER)), host());
    let first = refresh_token(engine.issue(issue()).unwrap());
    let second = refresh_token(engine.token(refresh_request(app(), &first, None)).unwrap());
    assert_ne!(first, second);
    store.script([Mishap::fail_before(), Mishap::fail_before(), Mishap::fail_before()]);
    let error = engine.token(refresh_request(app(), &second, None)).unwrap_err();
    let EngineFault::Store(cause) = error.fault else { panic!("{error:?}") };
    assert_eq!(cause.to_string(), "the test store is down", "the store's own text is kept");
}

#[test]
fn boxed_awaited_stores_answer_like_the_stores_inside_them() {
    let store = Inline(Arc::new(TestStore::default()));
    let boxed = (BoxedAsyncTokenStore::new(store), BoxedAsyncClientStore::new(clients()));
    let engine = AsyncEngine::new(boxed.0, boxed.1, Rules::new(pepper(PEPPER)), host());
    let first = refresh_token(block_on(engine.issue(issue())).unwrap());
    let second = refresh_token(block_on(engine.token(refresh_request(app(), &first, None))).unwrap());
    let request = refresh_request(app(), &second, None);
    assert_eq!(block_on(engine.explain(&request)).unwrap().decision.outcome, Outcome::Rotated);
    assert!(block_on(engine.store().load(&crate::common::grant_id(&second))).unwrap().is_some());
}

#[test]
fn the_futures_of_the_awaited_engine_move_between_threads() {
    fn moves<T: Send>(future: T) -> T {
        future
    }
    let engine = AsyncEngine::new(Inline(TestStore::default()), clients(), Rules::new(pepper(PEPPER)), host());
    let token = refresh_token(block_on(moves(engine.issue(issue()))).unwrap());
    let request: TokenRequest<'_> = refresh_request(app(), &token, None);
    assert!(block_on(moves(engine.token(request))).unwrap().success().is_some());
}

#[test]
fn two_static_clients_with_one_id_are_refused() {
    let client = || Client::public(ClientId::parse("app").unwrap());
    let refused = StaticClients::new([client(), client()]).unwrap_err();
    assert_eq!(refused.to_string(), "two clients have the id app");
}

#[test]
fn a_store_that_is_lent_answers_like_one_that_is_owned() {
    let store = TestStore::default();
    let engine = Engine::new(&store, clients(), Rules::new(pepper(PEPPER)), host());
    let first = refresh_token(engine.issue(issue()).unwrap());
    let second = refresh_token(engine.token(refresh_request(app(), &first, None)).unwrap());
    assert!(store.grant(crate::common::grant_id(&second)).refresh().unwrap().generation == 1);
}

#[derive(Debug, thiserror::Error)]
#[error("the store failed")]
struct Failed(#[source] std::io::Error);

#[test]
fn the_cause_of_a_boxed_error_is_kept() {
    let boxed = BoxError::new(Failed(std::io::Error::other("the disk is full")));
    assert_eq!(boxed.to_string(), "the store failed");
    assert_eq!(std::error::Error::source(&boxed).unwrap().to_string(), "the disk is full");
}
