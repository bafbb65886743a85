//! The clients of the tests.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use regrant::{
    AuthorizationHeader, Client, ClientId, ClientSecretDigest, ClientStore, Credentials, GrantType, GrantTypes,
    IntrospectionRight, Policy, Scope, SecretMethods,
};

/// Clients that a test may change at any time: `web` and `web2` are confidential, `app` and `app2` public, and `rs` may
/// introspect any access token. The secret of each is its name and `-secret`.
pub(crate) struct TestClients {
    clients: Mutex<BTreeMap<ClientId, Arc<Client>>>,
    down: AtomicBool,
}

/// The registrations cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the registrations are down")]
pub(crate) struct ClientsDown;

impl TestClients {
    pub(crate) fn new() -> Self {
        let mut rs = confidential("rs");
        rs.grants = GrantTypes::NONE;
        rs.introspection = IntrospectionRight::Any;
        let all = [confidential("web"), confidential("web2"), public_client("app"), public_client("app2"), rs];
        let by_id = all.into_iter().map(|client| (client.id().clone(), Arc::new(client)));
        Self { clients: Mutex::new(by_id.collect()), down: AtomicBool::new(false) }
    }

    /// Changes one client.
    pub(crate) fn change(&self, id: &str, change: impl FnOnce(&mut Client)) {
        let id = ClientId::parse(id).unwrap();
        let mut clients = self.clients.lock().unwrap();
        change(Arc::make_mut(clients.get_mut(&id).expect("a client of the tests")));
    }

    /// Changes the policy of one client.
    pub(crate) fn policy(&self, id: &str, change: impl FnOnce(&mut Policy)) {
        self.change(id, |client| {
            let mut policy = *client.policy();
            change(&mut policy);
            *client = client.clone().with_policy(policy).unwrap();
        });
    }

    /// Registers a client, in place of one of the same name.
    pub(crate) fn put(&self, client: Client) {
        self.clients.lock().unwrap().insert(client.id().clone(), Arc::new(client));
    }

    /// Answers with one client when asked for another, as a store does that compares names loosely.
    pub(crate) fn confuse(&self, asked: &str, answered: &str) {
        let mut clients = self.clients.lock().unwrap();
        let client = Arc::clone(&clients[&ClientId::parse(answered).unwrap()]);
        clients.insert(ClientId::parse(asked).unwrap(), client);
    }

    /// Lets every look-up fail from now on.
    pub(crate) fn go_down(&self) {
        self.down.store(true, Ordering::SeqCst);
    }

    /// Deletes a client.
    pub(crate) fn delete(&self, id: &str) {
        self.clients.lock().unwrap().remove(&ClientId::parse(id).unwrap());
    }
}

impl ClientStore for TestClients {
    type Error = ClientsDown;

    fn client(&self, id: &ClientId) -> Result<Option<Arc<Client>>, ClientsDown> {
        if self.down.load(Ordering::SeqCst) {
            return Err(ClientsDown);
        }
        Ok(self.clients.lock().unwrap().get(id).cloned())
    }
}

fn confidential(id: &str) -> Client {
    let secret = ClientSecretDigest::of(&format!("{id}-secret"));
    let client = Client::confidential(ClientId::parse(id).unwrap(), SecretMethods::ALL, vec![secret]);
    let mut client = client.unwrap();
    client.grants = GrantTypes::ALL;
    client.scope = Scope::parse("read write admin").unwrap();
    client.introspection = IntrospectionRight::Own;
    client
}

fn public_client(id: &str) -> Client {
    let mut client = Client::public(ClientId::parse(id).unwrap());
    client.grants = GrantTypes::NONE.with(GrantType::RefreshToken);
    client.scope = Scope::parse("read write admin").unwrap();
    client
}

/// `client_secret_basic`
pub(crate) fn basic<'a>(user: &'a str, password: &'a str) -> Credentials<'a> {
    Credentials { header: AuthorizationHeader::Basic { user, password }, ..Credentials::default() }
}

/// `client_secret_post`
pub(crate) fn post<'a>(id: &'a str, secret: &'a str) -> Credentials<'a> {
    Credentials { client_id: Some(id), client_secret: Some(secret), ..Credentials::default() }
}

/// `none`
pub(crate) fn public(id: &str) -> Credentials<'_> {
    Credentials { client_id: Some(id), ..Credentials::default() }
}

pub(crate) fn web() -> Credentials<'static> {
    basic("web", "web-secret")
}

pub(crate) fn web2() -> Credentials<'static> {
    basic("web2", "web2-secret")
}

pub(crate) fn app() -> Credentials<'static> {
    public("app")
}

pub(crate) fn app2() -> Credentials<'static> {
    public("app2")
}

pub(crate) fn rs() -> Credentials<'static> {
    basic("rs", "rs-secret")
}
