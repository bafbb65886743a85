//! The table of clients.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by a panic")]

mod common;

use std::time::Duration;

use common::{CLIENT, DAY, NOW, Place, client};
use regrant::{
    AsyncClientStore, Client, ClientAuthentication, ClientId, ClientSecretDigest, ClientStore, IntrospectionRight,
    OnReplay, Policy, PreviousAccessToken, Rotation,
};
use regrant_sqlite::{ClientRecord, Error, GrantLifetime, PolicyOverrides};
use regrant_testkit::race::block_on;

fn web() -> ClientId {
    ClientId::parse(CLIENT).unwrap()
}

fn secrets(client: &Client) -> &[ClientSecretDigest] {
    match client.authentication() {
        ClientAuthentication::Secret { secrets, .. } => secrets,
        ClientAuthentication::None => &[],
    }
}

#[test]
fn every_field_survives_and_absent_policy_is_the_hosts() {
    let place = Place::new();
    let mut defaults = Policy::default();
    defaults.refresh_idle_lifetime = DAY * 3;
    let clients = place.open().clients(defaults);
    let mut full = ClientRecord::new(client());
    full.client.introspection = IntrospectionRight::Any;
    full.client.enabled = false;
    full.client.grant_epoch = 5;
    full.overrides = PolicyOverrides {
        access_token_lifetime: Some(Duration::from_mins(1)),
        refresh_idle_lifetime: Some(DAY),
        grant_lifetime: Some(GrantLifetime::Never),
        rotation: Some(Rotation::Never),
        retry_window: Some(Duration::ZERO),
        on_replay: Some(OnReplay::Reject),
        previous_access_token: Some(PreviousAccessToken::Revoke),
        max_access_tokens: Some(3),
    };
    let public = ClientRecord::new(Client::public(ClientId::parse("app").unwrap()));
    clients.add(&full).unwrap();
    clients.add(&public).unwrap();
    assert_eq!(clients.list(None, 9).unwrap(), [public.clone(), full.clone()]);
    assert_eq!(clients.list(Some(public.client.id()), 9).unwrap(), std::slice::from_ref(&full));
    let found = block_on(AsyncClientStore::client(&clients, &web())).unwrap().unwrap();
    assert_eq!((found.policy().grant_lifetime, found.policy().max_access_tokens), (None, 3));
    let app = ClientStore::client(&clients, public.client.id()).unwrap().unwrap();
    assert_eq!(*app.policy(), defaults);
    assert_eq!(ClientStore::client(&clients, &ClientId::parse("nobody").unwrap()).unwrap(), None);
}

#[test]
fn a_client_is_added_once_and_only_under_a_policy_that_can_be() {
    let place = Place::new();
    let clients = place.open().clients(Policy::default());
    clients.add(&ClientRecord::new(client())).unwrap();
    assert!(matches!(clients.add(&ClientRecord::new(client())).unwrap_err(), Error::ClientExists(id) if id == web()));
    let mut public = ClientRecord::new(Client::public(ClientId::parse("app").unwrap()));
    public.overrides.rotation = Some(Rotation::Never);
    assert!(matches!(clients.add(&public).unwrap_err(), Error::Policy { .. }), "N-112");
}

#[test]
fn switching_raising_and_deleting_say_whether_there_was_a_client() {
    let place = Place::new();
    let clients = place.open().clients(Policy::default());
    assert!(!clients.set_enabled(&web(), false).unwrap());
    assert_eq!(clients.raise_epoch(&web()).unwrap(), None);
    assert!(!clients.delete(&web()).unwrap());
    clients.add(&ClientRecord::new(client())).unwrap();
    assert!(clients.set_enabled(&web(), false).unwrap());
    assert!(!ClientStore::client(&clients, &web()).unwrap().unwrap().enabled);
    assert!(clients.set_enabled(&web(), true).unwrap());
    assert_eq!((clients.raise_epoch(&web()).unwrap(), clients.raise_epoch(&web()).unwrap()), (Some(1), Some(2)));
    assert_eq!(ClientStore::client(&clients, &web()).unwrap().unwrap().grant_epoch, 2);
    assert!(clients.delete(&web()).unwrap());
    assert_eq!(ClientStore::client(&clients, &web()).unwrap(), None);
}

#[test]
fn a_rotation_adds_a_secret_ends_the_others_and_forgets_the_dead() {
    let place = Place::new();
    let clients = place.open().clients(Policy::default());
    let fresh = ClientSecretDigest::of("fresh");
    assert!(!clients.rotate_secret(&web(), fresh, NOW, NOW.after(DAY)).unwrap());
    clients.add(&ClientRecord::new(client())).unwrap();
    assert!(clients.rotate_secret(&web(), fresh, NOW, NOW.after(DAY)).unwrap());
    let old = ClientSecretDigest::of(common::SECRET).expiring_at(NOW.after(DAY));
    let stored = ClientStore::client(&clients, &web()).unwrap().unwrap();
    assert_eq!(secrets(&stored), [old, fresh]);
    let fresher = ClientSecretDigest::of("fresher");
    let later = NOW.after(DAY);
    assert!(clients.rotate_secret(&web(), fresher, later, later).unwrap());
    let stored = ClientStore::client(&clients, &web()).unwrap().unwrap();
    assert_eq!(secrets(&stored), [fresh.expiring_at(later), fresher]);
}

#[test]
fn secrets_are_bounded_and_a_public_client_has_none() {
    let place = Place::new();
    let clients = place.open().clients(Policy::default());
    clients.add(&ClientRecord::new(client())).unwrap();
    let rotate = || clients.rotate_secret(&web(), ClientSecretDigest::of("s"), NOW, NOW.after(DAY));
    for _ in 1..Client::MAX_SECRETS {
        assert!(rotate().unwrap());
    }
    assert!(matches!(rotate().unwrap_err(), Error::TooManySecrets(_)));
    let app = ClientId::parse("app").unwrap();
    clients.add(&ClientRecord::new(Client::public(app.clone()))).unwrap();
    let error = clients.rotate_secret(&app, ClientSecretDigest::of("s"), NOW, NOW).unwrap_err();
    assert!(matches!(error, Error::PublicClient(_)));
}
