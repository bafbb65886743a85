//! A long life of a grant, and what is left of it in the file.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by a panic")]

mod common;

use std::fs;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use common::{CLIENT, Hands, Place, SECRET, client, engine, refresh};
use regrant::{
    ClientId, ClientSecret, GrantState, IssueRequest, Policy, Reason, RevocationRequest, Scope, TokenEncoding,
    TokenReply, TokenStore, encode_tokens,
};
use regrant_sqlite::{ClientRecord, SqliteStore};

const HEX: TokenEncoding = TokenEncoding::Hex;

fn order() -> IssueRequest {
    IssueRequest::new(ClientId::parse(CLIENT).unwrap(), Scope::parse("read").unwrap())
}

fn successor(reply: &TokenReply) -> String {
    reply.refresh_token.as_ref().unwrap().expose(HEX).to_string()
}

#[test]
fn ten_thousand_refreshes_do_not_grow_the_record_and_a_replay_of_the_first_token_is_recognised() {
    let place = Place::new();
    let store = SqliteStore::open(&place.options().dangerous().synchronous_normal()).unwrap();
    let hands = Hands::new();
    let engine = engine(store.clone(), &hands);
    let first = engine.issue(order()).unwrap().success().unwrap();
    let id = first.access_token.grant_id();
    let size = || {
        let grant = TokenStore::load(&store, &id).unwrap().unwrap();
        encode_tokens(grant.refresh(), grant.access()).len()
    };
    let (mut token, mut second) = (successor(&first), 0);
    for n in 0..10_000 {
        // Past the life of the access token, so that one is live each time.
        hands.move_by(Duration::from_mins(61));
        let Some(reply) = engine.token(refresh(&token)).unwrap().success() else {
            panic!("refresh {n} was refused");
        };
        token = successor(&reply);
        if n == 1 {
            second = size();
        }
    }
    assert_eq!(size(), second);
    let refused = engine.token(refresh(&successor(&first))).unwrap();
    assert_eq!(refused.refusal().unwrap().reason, Reason::Replay);
    assert!(matches!(TokenStore::load(&store, &id).unwrap().unwrap().state(), GrantState::Ended { .. }));
}

/// Everything in the database and its log.
fn bytes_of(place: &Place) -> Vec<u8> {
    let mut bytes = fs::read(place.path()).unwrap();
    bytes.extend(fs::read(place.path().with_extension("db-wal")).unwrap());
    bytes
}

#[test]
fn no_token_and_no_client_secret_is_in_the_file_in_any_form() {
    let place = Place::new();
    let store = place.open();
    let clients = store.clients(Policy::default());
    let drawn = ClientSecret::generate(&mut getrandom::SysRng).unwrap();
    clients.add(&ClientRecord::new(client())).unwrap();
    clients.rotate_secret(client().id(), drawn.digest(), common::NOW, common::NOW.after(common::DAY)).unwrap();
    let hands = Hands::new();
    let engine = engine(store.clone(), &hands);
    let mut given: Vec<Vec<u8>> = vec![SECRET.into(), drawn.expose_secret().into()];
    for n in 0..20 {
        let mut reply = engine.issue(order()).unwrap().success().unwrap();
        for _ in 0..10 {
            let token = successor(&reply);
            given.extend([hex::decode(&token).unwrap(), hex::decode(reply.access_token.expose(HEX).as_str()).unwrap()]);
            hands.move_by(Duration::from_secs(1));
            reply = engine.token(refresh(&token)).unwrap().success().unwrap();
            // A retry of the same rotation: its derivation leaves nothing behind either.
            if let Some(again) = engine.token(refresh(&token)).unwrap().success() {
                given.push(hex::decode(again.access_token.expose(HEX).as_str()).unwrap());
            }
        }
        if n % 2 == 0 {
            let (credentials, token) = (refresh("").credentials, successor(&reply));
            engine.revoke(RevocationRequest { credentials, token: Some(&token) }).unwrap().success().unwrap();
        }
    }
    let bytes = bytes_of(&place);
    assert!(given.len() > 400 && bytes.len() > 100_000);
    let windows: std::collections::HashSet<&[u8]> = bytes.windows(16).collect();
    for token in &given {
        // Behind the grant id, which is public, every 16 bytes of a token and of each written form of it.
        let secret = if token.len() > 40 { &token[16..] } else { &token[..] };
        let hex = hex::encode(secret).into_bytes();
        let forms =
            [secret.to_vec(), hex.to_ascii_uppercase(), hex, URL_SAFE_NO_PAD.encode(token).as_bytes()[22..].to_vec()];
        for form in forms.iter().filter(|form| form.len() >= 16) {
            assert!(!form.windows(16).any(|part| windows.contains(part)), "a secret is in the file");
        }
    }
}
