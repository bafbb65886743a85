//! The table of clients.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by a panic")]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{DAY, NOW, client, options, web};
use regrant::{
    AsyncClientStore as _, Client, ClientAuthentication, ClientId, ClientSecretDigest, IntrospectionRight, OnReplay,
    Policy, PreviousAccessToken, Rotation,
};
use regrant_postgres::{ClientRecord, Error, GrantLifetime, PolicyOverrides, PostgresClients, PostgresStore};

/// The clients of a new database.
async fn clients(defaults: Policy) -> PostgresClients {
    let options = options(&throwaway_postgres::fresh_database());
    PostgresStore::open(options).await.unwrap().clients(defaults)
}

async fn known(clients: &PostgresClients) -> Arc<Client> {
    clients.client(&web()).await.unwrap().unwrap()
}

fn secrets(client: &Client) -> &[ClientSecretDigest] {
    match client.authentication() {
        ClientAuthentication::Secret { secrets, .. } => secrets,
        ClientAuthentication::None => &[],
    }
}

/// More than one lookup at once share a statement, and each is told of its own client.
#[tokio::test]
async fn clients_that_are_looked_up_together_are_told_apart() {
    let clients = clients(Policy::default()).await;
    let ids = ["a", "b", "c", "d", "b", "x"].map(|id| ClientId::parse(id).unwrap());
    for id in &ids[1..3] {
        clients.add(&ClientRecord::new(Client::public(id.clone()))).await.unwrap();
    }
    let found = futures_util::future::join_all(ids.iter().map(|id| clients.client(id))).await;
    let found = found.into_iter().map(|client| client.unwrap().map(|client| client.id().as_str().to_owned()));
    let [b, c] = ["b", "c"].map(|id| Some(id.to_owned()));
    assert_eq!(found.collect::<Vec<_>>(), [None, b.clone(), c, None, b, None]);
}

#[tokio::test]
async fn every_field_survives_and_absent_policy_is_the_hosts() {
    let mut defaults = Policy::default();
    defaults.refresh_idle_lifetime = DAY * 3;
    let clients = clients(defaults).await;
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
    clients.add(&full).await.unwrap();
    clients.add(&public).await.unwrap();
    assert_eq!(clients.list(None, 9).await.unwrap(), [public.clone(), full.clone()]);
    assert_eq!(clients.list(Some(public.client.id()), 9).await.unwrap(), std::slice::from_ref(&full));
    let found = known(&clients).await;
    assert_eq!((found.policy().grant_lifetime, found.policy().max_access_tokens), (None, 3));
    let app = clients.client(public.client.id()).await.unwrap().unwrap();
    assert_eq!(*app.policy(), defaults);
    assert_eq!(clients.client(&ClientId::parse("nobody").unwrap()).await.unwrap(), None);
}

#[tokio::test]
async fn a_client_is_added_once_and_only_under_a_policy_that_can_be() {
    let clients = clients(Policy::default()).await;
    clients.add(&ClientRecord::new(client())).await.unwrap();
    let again = clients.add(&ClientRecord::new(client())).await.unwrap_err();
    assert!(matches!(again, Error::ClientExists(id) if id == web()));
    let mut public = ClientRecord::new(Client::public(ClientId::parse("app").unwrap()));
    public.overrides.rotation = Some(Rotation::Never);
    assert!(matches!(clients.add(&public).await.unwrap_err(), Error::Policy { .. }), "N-112");
}

#[tokio::test]
async fn switching_raising_and_deleting_say_whether_there_was_a_client() {
    let clients = clients(Policy::default()).await;
    assert!(!clients.set_enabled(&web(), false).await.unwrap());
    assert_eq!(clients.raise_epoch(&web()).await.unwrap(), None);
    assert!(!clients.delete(&web()).await.unwrap());
    clients.add(&ClientRecord::new(client())).await.unwrap();
    assert!(clients.set_enabled(&web(), false).await.unwrap());
    assert!(!known(&clients).await.enabled);
    assert_eq!(clients.raise_epoch(&web()).await.unwrap(), Some(1));
    assert_eq!(known(&clients).await.grant_epoch, 1);
    assert!(clients.delete(&web()).await.unwrap());
    assert_eq!(clients.client(&web()).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_rotations_at_once_none_is_lost() {
    let clients = clients(Policy::default()).await;
    clients.add(&ClientRecord::new(client())).await.unwrap();
    let fresh: Vec<_> = (0..5).map(|n| ClientSecretDigest::of(&format!("secret-{n}"))).collect();
    let rotations: Vec<_> = fresh
        .iter()
        .map(|fresh| {
            let (clients, fresh) = (clients.clone(), *fresh);
            tokio::spawn(async move { clients.rotate_secret(&web(), fresh, NOW, NOW.after(DAY)).await })
        })
        .collect();
    for rotation in rotations {
        assert!(rotation.await.unwrap().unwrap());
    }
    let stored = known(&clients).await;
    let digests: Vec<_> = secrets(&stored).iter().map(|secret| secret.digest).collect();
    assert!(fresh.iter().all(|secret| digests.contains(&secret.digest)), "{digests:?}");
    assert_eq!(digests.len(), 6);
}

#[tokio::test]
async fn a_row_that_nobody_wrote_is_named() {
    let url = throwaway_postgres::fresh_database();
    let clients = PostgresStore::open(options(&url)).await.unwrap().clients(Policy::default());
    clients.add(&ClientRecord::new(client())).await.unwrap();
    let beside = common::beside(&url).await;
    beside.batch_execute("UPDATE regrant.clients SET grants = 'password'").await.unwrap();
    let error = clients.client(&web()).await.unwrap_err();
    let Error::CorruptRecord(record) = error else { panic!("{error}") };
    assert_eq!((record.table, record.column), ("clients", "grants"));
}
