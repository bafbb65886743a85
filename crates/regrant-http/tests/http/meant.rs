//! What is read out of an answer is what was meant, whatever a scope or a host's own text is made of.

use std::time::Duration;

use http::Request;
use proptest::prelude::*;
use regrant::{
    Attributes, Client, ClientId, Engine, GrantTypes, Host, IssueRequest, Pepper, Rules, Scope, StaticClients, Subject,
    SystemEntropy, Timestamp, TokenEncoding,
};
use regrant_http::{Dialect, EndpointPath, Limits, Mount, PartnerId, Realm, Service};
use regrant_memory::MemoryStore;
use serde_json::Value;

type Memory = Engine<MemoryStore, StaticClients>;

const ACCESS: u64 = 7200;
const CREATED: u64 = 1_700_000_000;

fn id() -> ClientId {
    ClientId::parse("any").unwrap()
}

/// An engine with one public client that may have this scope.
fn engine(scope: &Scope, window: u64) -> Memory {
    let mut client = Client::public(id());
    let mut policy = *client.policy();
    policy.access_token_lifetime = Duration::from_secs(ACCESS);
    policy.retry_window = Duration::from_secs(window);
    client = client.with_policy(policy).unwrap();
    client.grants = GrantTypes::ALL;
    client.scope = scope.clone();
    let rules = Rules::new(Pepper::new(vec![7; 32]).unwrap());
    let host = Host::new(|| Timestamp::from_unix_seconds(CREATED), SystemEntropy);
    Engine::new(MemoryStore::new(), StaticClients::new([client]).unwrap(), rules, host)
}

fn service(dialect: Dialect) -> Service {
    let mut mount = Mount::new(dialect, EndpointPath::parse("/token").unwrap());
    mount.resource = Some(EndpointPath::parse("/resource").unwrap());
    Service::new(Realm::parse("test").unwrap(), Limits::default(), vec![mount]).unwrap()
}

fn dialect() -> impl Strategy<Value = Dialect> {
    prop_oneof![
        Just(Dialect::Rfc6749 { issuer: None }),
        Just(Dialect::Payu),
        Just(Dialect::Wso2),
        Just(Dialect::PartnerJson([(PartnerId::new(7), id())].into_iter().collect())),
    ]
}

fn refresh(dialect: &Dialect, token: &str) -> Request<Vec<u8>> {
    let request = Request::post("/token");
    match dialect {
        Dialect::PartnerJson(_) => request
            .header("content-type", "application/json")
            .header("partnerId", "7")
            .header("grantType", "refresh_token")
            .body(format!(r#"{{"refreshToken":"{token}"}}"#).into_bytes()),
        _ => request
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("client_id=any&grant_type=refresh_token&refresh_token={token}").into_bytes()),
    }
    .unwrap()
}

/// Sends, and reads the answer with another parser than ours.
fn answered(service: &Service, engine: &Memory, request: &Request<Vec<u8>>) -> Value {
    let response = service.handle(engine, request);
    assert_eq!(response.status(), 200, "{}", String::from_utf8_lossy(response.body()));
    serde_json::from_slice(response.body()).unwrap()
}

proptest! {
    #[test]
    fn the_parse_of_what_is_rendered_is_what_was_meant(
        dialect in dialect(),
        // Any scope of RFC 6749 §3.3, any text of the host's.
        scope in "[!#-\\[\\]-~]{1,8}( [!#-\\[\\]-~]{1,8}){0,4}",
        uuid in "\\PC{0,20}|[\u{0}-\u{7f}]{0,40}",
        window in prop_oneof![Just(0), Just(10_u64)],
    ) {
        let scope = Scope::parse(&scope).unwrap();
        let (engine, service) = (engine(&scope, window), service(dialect.clone()));
        let mut attributes = Attributes::new();
        attributes.insert("user_uuid", &uuid).unwrap();
        let subject = Some(Subject::parse("alice").unwrap());
        let issued = engine.issue(IssueRequest { client_id: id(), subject, scope: scope.clone(), attributes });
        let first = issued.unwrap().success().unwrap().refresh_token.unwrap();
        let answer = answered(&service, &engine, &refresh(&dialect, &first.expose(TokenEncoding::Hex)));

        let text = |name: &str| answer.get(name).and_then(Value::as_str);
        prop_assert!(text("scope").is_none_or(|text| text == scope.as_str()), "{answer}");
        prop_assert_eq!(&answer["token_type"], "Bearer");
        prop_assert_eq!(&answer["expires_in"], ACCESS);
        if matches!(dialect, Dialect::Payu) {
            prop_assert_eq!(text("user_uuid"), Some(uuid.as_str()));
            prop_assert_eq!(&answer["created_at"], CREATED);
        } else {
            prop_assert_eq!(text("user_uuid"), None);
        }
        // Both tokens work just as they stand in the answer.
        let bearer = format!("Bearer {}", text("access_token").unwrap());
        let shown = answered(&service, &engine, &Request::get("/resource").header("authorization", bearer).body(vec![]).unwrap());
        prop_assert_eq!(&shown["scope"], scope.as_str());
        let next = answered(&service, &engine, &refresh(&dialect, text("refresh_token").unwrap()));
        prop_assert!(next["refresh_token"] != answer["refresh_token"]);
    }
}
