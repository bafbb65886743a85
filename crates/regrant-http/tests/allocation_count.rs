//! How many allocations it takes to read one refresh and to write its answer, for each dialect: exactly so many.
//!
//! The engine and its store have counts of their own, so what the same refresh takes without the wire is taken off. A
//! program of its own with a single test, because it counts every allocation of the process.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use std::alloc::System;

use http::{Request, Response};
use regrant::{
    AuthorizationHeader, Client, ClientId, ClientSecretDigest, Credentials, Engine, GrantTypes, Host, IssueRequest,
    Pepper, Reply, Rules, Scope, SecretMethods, StaticClients, SystemEntropy, Timestamp, TokenEncoding, TokenRequest,
};
use regrant_http::{Dialect, EndpointPath, Limits, Mount, PartnerId, Realm, Service};
use regrant_memory::MemoryStore;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

type Memory = Engine<MemoryStore, StaticClients>;

const BASIC: AuthorizationHeader<'_> = AuthorizationHeader::Basic { user: "web", password: "web-secret" };
const NONE: AuthorizationHeader<'_> = AuthorizationHeader::Absent;

/// One dialect: who asks, in which words, and how many allocations these words and their answer take.
struct Case {
    dialect: Dialect,
    client: &'static str,
    header: AuthorizationHeader<'static>,
    request: fn(&str) -> Request<String>,
    allocations: usize,
}

fn form(body: String) -> Request<String> {
    let request = Request::post("/token").header("content-type", "application/x-www-form-urlencoded");
    request.body(body).unwrap()
}

fn by_basic(token: &str) -> Request<String> {
    let mut request = form(format!("grant_type=refresh_token&refresh_token={token}&scope=read"));
    request.headers_mut().insert("authorization", "Basic d2ViOndlYi1zZWNyZXQ=".parse().unwrap());
    request
}

fn by_name(token: &str) -> Request<String> {
    form(format!("client_id=app&grant_type=refresh_token&refresh_token={token}&scope=read"))
}

fn by_partner(token: &str) -> Request<String> {
    let request = Request::post("/token").header("partnerId", "7").header("grantType", "refresh_token");
    request.body(format!("{{\"refreshToken\":\"{token}\"}}")).unwrap()
}

fn engine() -> Memory {
    let secret = ClientSecretDigest::of("web-secret");
    let mut web = Client::confidential(ClientId::parse("web").unwrap(), SecretMethods::ALL, vec![secret]).unwrap();
    let mut app = Client::public(ClientId::parse("app").unwrap());
    for client in [&mut web, &mut app] {
        client.grants = GrantTypes::ALL;
        client.scope = Scope::parse("read").unwrap();
    }
    let rules = Rules::new(Pepper::new(vec![7; 32]).unwrap());
    let host = Host::new(|| Timestamp::from_unix_seconds(1_700_000_000), SystemEntropy);
    Engine::new(MemoryStore::new(), StaticClients::new([web, app]).unwrap(), rules, host)
}

fn issued(engine: &Memory, client: &str) -> String {
    let request = IssueRequest::new(ClientId::parse(client).unwrap(), Scope::parse("read").unwrap());
    let reply = engine.issue(request).unwrap().success().unwrap();
    reply.refresh_token.unwrap().expose(TokenEncoding::Base64Url).to_string()
}

fn counted<T>(work: impl FnOnce() -> T) -> (usize, T) {
    let region = Region::new(ALLOCATOR);
    let made = work();
    let change = region.change();
    (change.allocations + change.reallocations, made)
}

/// The third refresh of a grant by the engine alone: its record is then as large as it stays.
fn without_the_wire(engine: &Memory, case: &Case) -> usize {
    let mut token = issued(engine, case.client);
    let mut count = 0;
    for _ in 0..3 {
        let client_id = matches!(case.header, AuthorizationHeader::Absent).then_some(case.client);
        let credentials = Credentials { header: case.header, client_id, ..Credentials::default() };
        let (grant_type, scope) = (Some("refresh_token"), Some("read").filter(|_| !is_partner(case)));
        let request = TokenRequest { credentials, grant_type, refresh_token: Some(&token), scope };
        let (allocations, reply) = counted(|| engine.token(request));
        let Ok(Reply::Success(reply)) = reply else { panic!("{reply:?}") };
        let next = reply.refresh_token.as_ref().unwrap().expose(TokenEncoding::Base64Url).to_string();
        (count, token) = (allocations, next);
    }
    count
}

/// The same over the wire.
fn with_the_wire(engine: &Memory, service: &Service, case: &Case) -> usize {
    let mut token = issued(engine, case.client);
    let mut count = 0;
    for _ in 0..3 {
        let request = (case.request)(&token);
        let (allocations, answer) = counted(|| service.handle(engine, &request));
        (count, token) = (allocations, next_token(&answer));
    }
    count
}

fn next_token(answer: &Response<Vec<u8>>) -> String {
    assert_eq!(answer.status(), 200, "{}", answer.body().escape_ascii());
    let text = std::str::from_utf8(answer.body()).unwrap();
    let (_, rest) = text.split_once("\"refresh_token\":\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

fn is_partner(case: &Case) -> bool {
    matches!(case.dialect, Dialect::PartnerJson(_))
}

#[test]
fn each_dialect_takes_so_many_allocations_to_read_and_to_write() {
    let partners = [(PartnerId::new(7), ClientId::parse("app").unwrap())].into_iter().collect();
    // The headers of the answer take two, the body one, and the credentials of a `Basic` header one.
    let cases = [
        Case {
            dialect: Dialect::Rfc6749 { issuer: None },
            client: "web",
            header: BASIC,
            request: by_basic,
            allocations: 4,
        },
        Case { dialect: Dialect::Payu, client: "app", header: NONE, request: by_name, allocations: 3 },
        Case { dialect: Dialect::Wso2, client: "web", header: BASIC, request: by_basic, allocations: 4 },
        // And two for the name of the member and the set it is in, one for its value.
        Case {
            dialect: Dialect::PartnerJson(partners),
            client: "app",
            header: NONE,
            request: by_partner,
            allocations: 6,
        },
    ];
    for case in cases {
        let engine = engine();
        let mount = Mount::new(case.dialect.clone(), EndpointPath::parse("/token").unwrap());
        let service = Service::new(Realm::parse("test").unwrap(), Limits::default(), vec![mount]).unwrap();
        let (engine_alone, all) = (without_the_wire(&engine, &case), with_the_wire(&engine, &service, &case));
        assert_eq!(all - engine_alone, case.allocations, "{:?}", case.dialect);
    }
}
