//! No bytes of a stranger make the readers allocate more than the limits allow. N-020.
//!
//! A program of its own with a single test, because it counts every allocation of the process.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::alloc::System;

use http::{HeaderMap, HeaderValue, Request, header};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use regrant::{
    Client, ClientId, Engine, Host, Pepper, PresentedToken, Rules, StaticClients, SystemEntropy, Timestamp,
    decode_attributes, decode_tokens,
};
use regrant_http::{Authorization, Dialect, EndpointPath, Limits, Mount, PartnerId, Realm, Service, json_body};
use regrant_memory::MemoryStore;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

type Memory = Engine<MemoryStore, StaticClients>;

/// What an answer and the work on it may take, whatever was sent, in bytes.
const FIXED: usize = 4 * 1024;
/// How many bytes may be allocated, all in all, for each byte that was sent.
const FACTOR: usize = 4;
/// A small limit, so that bodies on both sides of it are tried.
const LIMITS: Limits = Limits { body_bytes: 2048, parameters: 20 };

/// The bytes that `work` allocates, those that it gives back again included.
fn allocated(work: impl FnOnce()) -> usize {
    let region = Region::new(ALLOCATOR);
    work();
    let change = region.change();
    change.bytes_allocated.saturating_add_signed(change.bytes_reallocated.max(0))
}

fn engine() -> Memory {
    let client = Client::public(ClientId::parse("app").unwrap());
    let rules = Rules::new(Pepper::new(vec![7; 32]).unwrap());
    let host = Host::new(|| Timestamp::from_unix_seconds(1_700_000_000), SystemEntropy);
    Engine::new(MemoryStore::new(), StaticClients::new([client]).unwrap(), rules, host)
}

fn service(dialect: Dialect) -> Service {
    let path = |text| EndpointPath::parse(text).unwrap();
    let mut mount = Mount::new(dialect, path("/token"));
    mount.revoke = Some(path("/revoke"));
    mount.introspect = Some(path("/introspect"));
    Service::new(Realm::parse("test").unwrap(), LIMITS, vec![mount]).unwrap()
}

/// Bytes of every length up to twice the limit: any, or of the kind that makes a careless reader work.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let repeated =
        prop::sample::select(vec!["a=", "&", "=", "%41", "%", "[", "{\"a\":", "\\u0041", "\"", "refresh_token=&"]);
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..4096),
        (repeated, 0..2000_usize, ".{0,8}").prop_map(|(text, count, tail)| (text.repeat(count) + &tail).into_bytes()),
        ("[a-z_]{1,14}=", "[%A-F0-9+]{0,3000}").prop_map(|(name, value)| (name + &value).into_bytes()),
        "[{]\"refreshToken\":\"[\\\\a-z0-9]{0,3000}\"[}]".prop_map(String::into_bytes),
    ]
}

/// The readers that take bytes as they come.
fn read_all(bytes: &[u8]) {
    let _ = (decode_tokens(bytes), decode_attributes(bytes), json_body::string_member(bytes, "refreshToken"));
    let _ = std::str::from_utf8(bytes).map(PresentedToken::parse);
    if let Ok(value) = HeaderValue::from_bytes(bytes) {
        let mut headers = HeaderMap::new();
        headers.append(header::AUTHORIZATION, value);
        let _ = Authorization::of(&headers);
    }
}

#[test]
fn n_020_no_bytes_make_a_reader_allocate_beyond_the_limits() {
    let partners = [(PartnerId::new(7), ClientId::parse("app").unwrap())].into_iter().collect();
    let dialects = [Dialect::Rfc6749 { issuer: None }, Dialect::Payu, Dialect::Wso2, Dialect::PartnerJson(partners)];
    let (engine, services) = (engine(), dialects.map(service));
    let paths = prop::sample::select(vec!["/token", "/revoke", "/introspect"]);
    let media = prop::sample::select(vec!["application/x-www-form-urlencoded", "application/json"]);
    let case = (body(), paths, media, prop::sample::select((0..services.len()).collect::<Vec<_>>()));
    let test = |(body, path, media, number): (Vec<u8>, &str, &str, usize)| {
        let most = FIXED + FACTOR * body.len();
        let spent = allocated(|| read_all(&body));
        prop_assert!(spent <= most, "{spent} bytes for {} read", body.len());
        let request = Request::post(path).header("content-type", media);
        let request = request.header("partnerId", "7").header("grantType", "refresh_token").body(body).unwrap();
        let spent = allocated(|| drop(services.get(number).unwrap().handle(&engine, &request)));
        let read = request.body().len();
        // Beyond the limit nothing is read at all.
        let most = if read > LIMITS.body_bytes { FIXED } else { FIXED + FACTOR * read };
        prop_assert!(spent <= most, "{spent} bytes for {read} sent");
        Ok(())
    };
    let config = ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() };
    TestRunner::new(config).run(&case, test).unwrap();
}
