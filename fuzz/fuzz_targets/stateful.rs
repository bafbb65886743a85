//! A sequence of operations against the naive reference: every answer must be the one that it expects.
#![no_main]

use std::collections::{BTreeSet, HashSet};

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use regrant::{
    AuthorizationHeader, Credentials, EndReason, ErrorCode, GrantFilter, Introspection, IntrospectionRequest, Outcome,
    Reply, RevocationRequest, Subject, Timestamp, TokenEncoding, TokenReply, TokenRequest, end_all,
};
use regrant_fuzz::reference::{Expected, Grant};
use regrant_fuzz::world::World;

#[derive(Arbitrary, Debug)]
enum Operation {
    Issue { client: u8, scope: u8 },
    Refresh { grant: u8, back: u8, client: u8, scope: Option<u8>, hex: bool },
    RevokeRefresh { grant: u8, back: u8, client: u8 },
    RevokeAccess { grant: u8, back: u8, client: u8 },
    IntrospectRefresh { grant: u8, back: u8, client: u8 },
    IntrospectAccess { grant: u8, back: u8, client: u8 },
    Advance(u32),
    Tick(u16),
    Edge(u8),
    EndAll,
}

const CLIENTS: [(&str, Option<&str>); 3] = [("web", Some("web-secret")), ("web2", Some("web2-secret")), ("app", None)];
const SCOPES: [&str; 6] = ["read write", "read", "write", "write read", "admin", "read write admin"];

/// The spans that decide, in milliseconds: the window, the life of an access token, the idle time, the life of a grant;
/// each, and one less. Chance alone would not find them.
const EDGES: [u64; 8] =
    [10_000, 9_999, 3_600_000, 3_599_999, 30 * 86_400_000, 30 * 86_400_000 - 1, 365 * 86_400_000, 365 * 86_400_000 - 1];

struct Run {
    world: World,
    grants: Vec<Grant>,
    seen: HashSet<String>,
}

fuzz_target!(|operations: Vec<Operation>| {
    let mut run = Run { world: World::new(), grants: vec![], seen: HashSet::new() };
    for operation in operations.iter().take(200) {
        run.step(operation);
    }
});

fn set(scope: &str) -> BTreeSet<String> {
    scope.split(' ').filter(|token| !token.is_empty()).map(str::to_owned).collect()
}

fn credentials(client: usize) -> Credentials<'static> {
    let (user, secret) = CLIENTS[client];
    match secret {
        Some(password) => {
            Credentials { header: AuthorizationHeader::Basic { user, password }, ..Credentials::default() }
        }
        None => Credentials { client_id: Some(user), ..Credentials::default() },
    }
}

/// An index from the end of a list, so that small numbers are recent tokens.
fn from_end(length: usize, back: u8) -> usize {
    length - 1 - usize::from(back) % length
}

impl Run {
    fn step(&mut self, operation: &Operation) {
        let now = self.world.now();
        match *operation {
            Operation::Issue { client, scope } if self.grants.len() < 8 => {
                let (client, scope) = (usize::from(client) % CLIENTS.len(), SCOPES[usize::from(scope) % SCOPES.len()]);
                let reply = self.world.issue(CLIENTS[client].0, scope);
                let (refresh, access) = self.texts(&reply);
                self.grants.push(Grant::new(client, set(scope), refresh, access, now));
            }
            Operation::Advance(seconds) => self.world.advance(u64::from(seconds % 40_000_000) * 1000),
            Operation::Tick(millis) => self.world.advance(u64::from(millis)),
            Operation::Edge(which) => self.world.advance(EDGES[usize::from(which) % EDGES.len()]),
            Operation::EndAll => self.end_all(),
            _ if self.grants.is_empty() => {}
            Operation::Issue { .. } => {}
            Operation::Refresh { grant, back, client, scope, hex } => {
                let scope = scope.map(|at| SCOPES[usize::from(at) % SCOPES.len()]);
                self.refresh(from_end(self.grants.len(), grant), back, usize::from(client) % CLIENTS.len(), scope, hex);
            }
            Operation::RevokeRefresh { grant, back, client } => self.revoke(grant, back, client, true),
            Operation::RevokeAccess { grant, back, client } => self.revoke(grant, back, client, false),
            Operation::IntrospectRefresh { grant, back, client } => self.introspect(grant, back, client, true),
            Operation::IntrospectAccess { grant, back, client } => self.introspect(grant, back, client, false),
        }
    }

    /// The two tokens of an answer; neither may ever have been handed out before.
    fn texts(&mut self, reply: &TokenReply) -> (String, String) {
        let (refresh, access) = texts(reply);
        assert!(self.seen.insert(refresh.clone()) && self.seen.insert(access.clone()), "a token came twice");
        (refresh, access)
    }

    fn refresh(&mut self, grant: usize, back: u8, client: usize, scope: Option<&str>, hex: bool) {
        let now = self.world.now();
        let model = &self.grants[grant];
        let at = from_end(model.line.len(), back);
        let wanted = scope.map(set);
        let expected = model.refresh(at, client, wanted.as_ref(), now);
        let token = if hex { in_hex(&model.line[at].text) } else { model.line[at].text.clone() };
        let request = TokenRequest {
            credentials: credentials(client),
            grant_type: Some("refresh_token"),
            refresh_token: Some(&token),
            scope,
        };
        let told = self.world.engine.explain(&request).expect("memory does not fail").decision.outcome;
        let reply = self.world.engine.token(request).expect("memory does not fail");
        match (expected, reply) {
            (Expected::Rotation(scope), Reply::Success(reply)) => {
                assert_eq!((told, set(reply.scope().as_str())), (Outcome::Rotated, scope.clone()));
                let (refresh, access) = self.texts(&reply);
                self.grants[grant].rotated(refresh, access, scope, now);
            }
            (Expected::Retry { refresh, access, scope }, Reply::Success(reply)) => {
                assert_eq!((told, set(reply.scope().as_str())), (Outcome::Retried, scope.clone()));
                let given = texts(&reply);
                assert_eq!(given.0, refresh, "a retry gives the same successor");
                match access {
                    Some(access) => assert_eq!(given.1, access, "and the same access token while it lives"),
                    None => self.reissued(grant, given.1, scope, now),
                }
            }
            (Expected::InvalidGrant, Reply::Refused(refusal)) => assert_eq!(refusal.code(), ErrorCode::InvalidGrant),
            (Expected::InvalidScope, Reply::Refused(refusal)) => assert_eq!(refusal.code(), ErrorCode::InvalidScope),
            (Expected::Replay, Reply::Refused(refusal)) => {
                assert_eq!(refusal.reason, regrant::Reason::Replay);
                self.grants[grant].end();
            }
            (expected, reply) => panic!("expected {expected:?}, got {reply:?}"),
        }
    }

    /// A retry gave an access token that was not among the living ones: it must never have been handed out. Whether it
    /// is the derived one of its scope shows when it comes again, so the model asks once more.
    fn reissued(&mut self, grant: usize, access: String, scope: BTreeSet<String>, now: u64) {
        assert!(self.seen.insert(access.clone()), "a token that was gone came back");
        let derived = self.comes_again(grant, &scope);
        self.grants[grant].given_by_retry(access, scope, now, derived);
    }

    fn comes_again(&self, grant: usize, scope: &BTreeSet<String>) -> bool {
        let model = &self.grants[grant];
        let token = model.line[model.line.len() - 2].text.clone();
        let asked: Vec<&str> = scope.iter().map(String::as_str).collect();
        let (client, asked) = (model.client, asked.join(" "));
        let request = TokenRequest {
            credentials: credentials(client),
            grant_type: Some("refresh_token"),
            refresh_token: Some(&token),
            scope: Some(&asked),
        };
        // Without the commit: a look, not an operation.
        let change = self.world.engine.explain(&request).expect("memory does not fail").change;
        change.is_none()
    }

    fn revoke(&mut self, grant: u8, back: u8, client: u8, refresh: bool) {
        let grant = from_end(self.grants.len(), grant);
        let client = usize::from(client) % CLIENTS.len();
        let model = &mut self.grants[grant];
        let length = if refresh { model.line.len() } else { model.access.len() };
        let at = from_end(length, back);
        let token = if refresh { model.line[at].text.clone() } else { model.access[at].text.clone() };
        let request = RevocationRequest { credentials: credentials(client), token: Some(&token) };
        let reply = self.world.engine.revoke(request).expect("memory does not fail");
        match reply {
            Reply::Success(()) if client != model.client => {
                assert!(!refresh, "a stranger was told that a refresh token is revoked");
            }
            Reply::Success(()) if refresh => model.end(),
            Reply::Success(()) => model.revoke_access(at),
            Reply::Refused(refusal) => {
                assert_ne!(client, model.client);
                assert_eq!(refusal.code(), ErrorCode::InvalidGrant);
            }
        }
    }

    fn introspect(&mut self, grant: u8, back: u8, client: u8, refresh: bool) {
        let now = self.world.now();
        let model = &self.grants[from_end(self.grants.len(), grant)];
        // `web2` may introspect any access token, `web` its own; the public client may not ask.
        let client = usize::from(client) % 2;
        let own = client == model.client;
        let (token, lives) = if refresh {
            let at = from_end(model.line.len(), back);
            (&model.line[at].text, own && model.refresh_lives(at, now))
        } else {
            let at = from_end(model.access.len(), back);
            (&model.access[at].text, (own || client == 1) && model.access_lives(at, now))
        };
        let request = IntrospectionRequest { credentials: credentials(client), token: Some(token) };
        let reply = self.world.engine.introspect(request).expect("memory does not fail");
        let active = matches!(reply, Reply::Success(Introspection::Active(_)));
        assert_eq!(active, lives);
    }

    fn end_all(&mut self) {
        let filter = GrantFilter::Subject(Subject::parse("subject").expect("a subject"));
        let alive = self.grants.iter().filter(|grant| !grant.is_ended()).count();
        let now = Timestamp::from_unix_millis(self.world.now());
        let ended = end_all(self.world.engine.store(), &filter, now, EndReason::EndedByHost).expect("memory");
        assert_eq!(ended, alive);
        self.grants.iter_mut().for_each(Grant::end);
    }
}

fn texts(reply: &TokenReply) -> (String, String) {
    let encoding = TokenEncoding::Base64Url;
    let refresh = reply.refresh_token.as_ref().expect("a refresh token").expose(encoding).to_string();
    (refresh, reply.access_token.expose(encoding).to_string())
}

/// The same token in the other encoding.
fn in_hex(text: &str) -> String {
    match regrant::PresentedToken::parse(text) {
        Ok(regrant::PresentedToken::Refresh(token)) => token.expose(TokenEncoding::Hex).to_string(),
        other => panic!("not a refresh token: {other:?}"),
    }
}
