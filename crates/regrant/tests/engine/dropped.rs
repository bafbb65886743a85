//! Requests that nobody waits for any more: the future is dropped while the store commits.

use std::convert::Infallible;
use std::future::{Future, pending};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};

use regrant::{
    AsyncEngine, AsyncTokenStore, Change, Client, ClientId, CommitOutcome, Entropy, Grant, GrantId, GrantType,
    GrantTypes, Host, IssueRequest, Revocation, RevocationFeed, RevocationRequest, Rules, Scope, StaticClients,
    Timestamp, TokenEncoding, TokenStore,
};

use crate::common::{PEPPER, TestStore, app, block_on, grant_id, pepper, refresh_request};

/// Commits, and then keeps its outcome to itself for as long as it is told to.
#[derive(Default)]
struct Silent {
    store: TestStore,
    silent: AtomicBool,
}

impl AsyncTokenStore for Silent {
    type Error = Infallible;

    async fn load(&self, id: &GrantId) -> Result<Option<Grant>, Infallible> {
        Ok(self.store.load(id).unwrap())
    }

    async fn commit(&self, change: Change) -> Result<CommitOutcome, Infallible> {
        let outcome = self.store.commit(change).unwrap();
        if self.silent.load(Ordering::SeqCst) {
            pending::<()>().await;
        }
        Ok(outcome)
    }
}

#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<Revocation>>>);

impl Heard {
    fn take(&self) -> Vec<Revocation> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl RevocationFeed for Heard {
    fn publish(&self, revocation: Revocation) {
        self.0.lock().unwrap().push(revocation);
    }
}

/// An engine whose store can fall silent, what its feed heard, and a refresh token.
fn started() -> (AsyncEngine<Silent, StaticClients>, Heard, String) {
    let mut client = Client::public(ClientId::parse("app").unwrap());
    client.grants = GrantTypes::NONE.with(GrantType::RefreshToken);
    let heard = Heard::default();
    let draw = || Ok(Entropy::from_bytes(&[7; 96]));
    let host = Host::new(|| Timestamp::from_unix_seconds(1_700_000_000), draw).with_feed(heard.clone());
    let clients = StaticClients::new([client]).unwrap();
    let engine = AsyncEngine::new(Silent::default(), clients, Rules::new(pepper(PEPPER)), host);
    let request = IssueRequest::new(ClientId::parse("app").unwrap(), Scope::empty());
    let issued = block_on(engine.issue(request)).unwrap().success().unwrap();
    let token = issued.refresh_token.unwrap().expose(TokenEncoding::Base64Url).to_string();
    (engine, heard, token)
}

/// Polls a future once, which must not be enough, and drops it.
fn give_up(future: impl Future) {
    assert!(pin!(future).poll(&mut Context::from_waker(Waker::noop())).is_pending());
}

#[test]
fn what_a_dropped_request_has_ended_is_published_all_the_same() {
    let (engine, heard, token) = started();
    engine.store().silent.store(true, Ordering::SeqCst);
    give_up(engine.revoke(RevocationRequest { credentials: app(), token: Some(&token) }));
    assert!(engine.store().store.grant(grant_id(&token)).is_ended(), "the store had it");
    assert_eq!(heard.take(), [Revocation::Grant(grant_id(&token))]);
}

#[test]
fn a_dropped_request_that_ends_nothing_publishes_nothing() {
    let (engine, heard, token) = started();
    engine.store().silent.store(true, Ordering::SeqCst);
    give_up(engine.token(refresh_request(app(), &token, None)));
    assert_eq!(heard.take(), []);
}

#[test]
fn a_request_that_is_answered_publishes_once() {
    let (engine, heard, token) = started();
    block_on(engine.revoke(RevocationRequest { credentials: app(), token: Some(&token) })).unwrap();
    assert_eq!(heard.take(), [Revocation::Grant(grant_id(&token))]);
}
