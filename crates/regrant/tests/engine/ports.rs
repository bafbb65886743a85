//! The adapters of the ports: boxed stores, the bridge, static clients.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};

use regrant::{
    AsyncEngine, AsyncTokenStore, BoxError, BoxedAsyncClientStore, BoxedAsyncTokenStore, BoxedClientStore,
    BoxedTokenStore, Client, ClientId, Digest, Engine, EngineFault, Entropy, GrantId, GrantType, GrantTypes, Host,
    Inline, IssueRequest, Outcome, Reply, Revocation, RevocationFeed, RevocationSink, Rules, Scope, StaticClients,
    Timestamp, TokenEncoding, TokenReply, TokenRequest,
};

use crate::common::{Mishap, PEPPER, TestStore, app, block_on, pepper, refresh_request, secs};

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
    assert_eq!(store.grant(crate::common::grant_id(&second)).refresh().unwrap().generation, 1);
}

#[test]
fn stores_that_are_shared_answer_like_those_that_are_owned() {
    let store = Arc::new(Inline(TestStore::default()));
    let engine = AsyncEngine::new(Arc::clone(&store), Arc::new(Inline(clients())), Rules::new(pepper(PEPPER)), host());
    let first = refresh_token(block_on(engine.issue(issue())).unwrap());
    let second = refresh_token(block_on(engine.token(refresh_request(app(), &first, None))).unwrap());
    assert_eq!(store.0.grant(crate::common::grant_id(&second)).refresh().unwrap().generation, 1);
    assert!(engine.rules().offers(GrantType::RefreshToken));
    let ids: Vec<&str> = engine.clients().0.iter().map(|client| client.id().as_str()).collect();
    assert_eq!(ids, ["app"]);
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

/// A cache that writes down what it is told.
#[derive(Default)]
struct Notes(Mutex<Vec<String>>);

impl Notes {
    fn note(&self, told: String) {
        self.0.lock().unwrap().push(told);
    }
}

impl RevocationFeed for Notes {
    fn publish(&self, revocation: Revocation) {
        self.note(format!("publish {revocation:?}"));
    }
}

impl RevocationSink for Notes {
    fn connected(&self, at: Timestamp) {
        self.note(format!("connected {at:?}"));
    }

    fn current(&self, at: Timestamp) {
        self.note(format!("current {at:?}"));
    }

    fn disconnected(&self) {
        self.note("disconnected".to_owned());
    }

    fn revoked(&self, revocation: Revocation) {
        self.note(format!("revoked {revocation:?}"));
    }

    fn client_changed(&self, client: &ClientId) {
        self.note(format!("changed {client}"));
    }
}

fn tell(cache: &(impl RevocationFeed + RevocationSink), revocation: Revocation) {
    let at = Timestamp::from_unix_seconds(1);
    cache.connected(at);
    cache.current(at.after(secs(1)));
    cache.publish(revocation);
    cache.revoked(revocation);
    cache.client_changed(&ClientId::parse("app").unwrap());
    cache.disconnected();
}

#[test]
fn a_shared_cache_hears_every_word_of_the_news() {
    let (plain, shared) = (Notes::default(), Arc::new(Notes::default()));
    let revocation = Revocation::AccessTokensOf(GrantId::from_bytes([3; 16]));
    tell(&plain, revocation);
    tell(&shared, revocation);
    let told = plain.0.into_inner().unwrap();
    assert_eq!((told.len(), told), (6, shared.0.lock().unwrap().clone()));
}

#[test]
fn every_revocation_names_its_grant() {
    let (grant, digest) = (GrantId::from_bytes([3; 16]), Digest::sha256(b"x"));
    for revocation in
        [Revocation::Grant(grant), Revocation::AccessToken { grant, digest }, Revocation::AccessTokensOf(grant)]
    {
        assert_eq!(revocation.grant_id(), grant, "{revocation:?}");
    }
}
