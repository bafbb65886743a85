//! A whole request out of fuzzed pieces, through one mount.

use arbitrary::Arbitrary;
use http::{HeaderName, HeaderValue, Request};
use regrant::TokenEncoding;
use regrant_http::{Dialect, EndpointPath, Limits, Mount, PartnerId, Partners, Realm, Service};

use crate::answer::check;
use crate::world::{World, id};

/// A piece of a body or of a header: raw bytes, or something that a fuzzer would not guess.
#[derive(Arbitrary, Debug)]
pub enum Piece {
    Raw(Vec<u8>),
    Refresh(u8),
    Access(u8),
    Word(u8),
}

#[derive(Arbitrary, Debug)]
pub struct Header {
    name: u8,
    value: Vec<Piece>,
}

/// What the fuzzer makes up.
#[derive(Arbitrary, Debug)]
pub struct Input {
    path: u8,
    get: bool,
    headers: Vec<Header>,
    body: Vec<Piece>,
    again: bool,
}

const NAMES: [&str; 6] = ["content-type", "authorization", "partnerid", "granttype", "content-type", "x-other"];
const WORDS: [&str; 24] = [
    "grant_type=refresh_token",
    "&refresh_token=",
    "&token=",
    "&scope=",
    "read",
    "&client_id=",
    "web",
    "app",
    "&client_secret=",
    "web-secret",
    "application/x-www-form-urlencoded",
    "application/json",
    "Basic d2ViOndlYi1zZWNyZXQ=",
    "Bearer ",
    "{\"refreshToken\":\"",
    "\"}",
    "42",
    "refresh_token",
    "%5F",
    "grant_type=client_credentials",
    "&token_type_hint=",
    "+write",
    "web2",
    "Basic d2ViMjp3ZWIyLXNlY3JldA==",
];

/// The tokens that a request can speak of.
struct Tokens {
    refresh: Vec<String>,
    access: Vec<String>,
}

fn tokens(world: &World) -> Tokens {
    let mut tokens = Tokens { refresh: vec![], access: vec![] };
    for client in ["web", "web2", "app", "p42"] {
        let reply = world.issue(client, "read write");
        for encoding in [TokenEncoding::Base64Url, TokenEncoding::Hex] {
            tokens.access.push(reply.access_token.expose(encoding).to_string());
            tokens.refresh.extend(reply.refresh_token.as_ref().map(|token| token.expose(encoding).to_string()));
        }
    }
    tokens
}

fn spell(pieces: &[Piece], tokens: &Tokens) -> Vec<u8> {
    let pick = |list: &[String], at: u8| list[usize::from(at) % list.len()].clone().into_bytes();
    pieces
        .iter()
        .flat_map(|piece| match piece {
            Piece::Raw(bytes) => bytes.clone(),
            Piece::Refresh(at) => pick(&tokens.refresh, *at),
            Piece::Access(at) => pick(&tokens.access, *at),
            Piece::Word(at) => WORDS[usize::from(*at) % WORDS.len()].as_bytes().to_vec(),
        })
        .collect()
}

fn service(dialect: Dialect) -> Service {
    let path = |text| EndpointPath::parse(text).expect("a path");
    let mut mount = Mount::new(dialect, path("/token"));
    mount.revoke = Some(path("/revoke"));
    mount.introspect = Some(path("/introspect"));
    mount.resource = Some(path("/resource"));
    let realm = Realm::parse("fuzz").expect("a realm");
    Service::new(realm, Limits::default(), vec![mount]).expect("distinct paths")
}

/// Partner 42 is a public client, partner 7 is mapped to a confidential one by mistake.
pub fn partners() -> Partners {
    let partner = |number: &str| PartnerId::parse(number).expect("a number");
    [(partner("42"), id("p42")), (partner("7"), id("web"))].into_iter().collect()
}

/// Sends the request, twice if the input says so, and checks every answer.
pub fn exercise(dialect: Dialect, input: &Input) {
    let world = World::new();
    let tokens = tokens(&world);
    let service = service(dialect);
    let path =
        ["/token", "/revoke", "/introspect", "/resource", "/token?a=b", "/elsewhere"][usize::from(input.path) % 6];
    let mut request = Request::builder().method(if input.get { "GET" } else { "POST" }).uri(path);
    for header in &input.headers {
        let name = HeaderName::from_static(NAMES[usize::from(header.name) % NAMES.len()]);
        let Ok(value) = HeaderValue::from_bytes(&spell(&header.value, &tokens)) else { return };
        request = request.header(name, value);
    }
    let Ok(request) = request.body(spell(&input.body, &tokens)) else { return };
    for _ in 0..=u8::from(input.again) {
        check(&service.handle(&world.engine, &request));
    }
}
