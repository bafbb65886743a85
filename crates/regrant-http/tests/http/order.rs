//! The order of checks, pair by pair: where a request fails at two of them, the earlier one wins.

use std::time::Duration;

use http::{Method, Request};
use regrant::Reason;

use crate::world::{FORM, Tokens, World, basic};

/// A request on its way to being wrong, and the state of the token in it.
struct Draft {
    method: Method,
    media_type: &'static str,
    credentials: &'static str,
    grant_type: Option<&'static str>,
    scope: Option<&'static str>,
    /// Appended to the body as it is.
    tail: String,
    token: Token,
}

/// What happened to the token before it is presented.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is one check that the token fails at, in any combination")]
struct Token {
    missing: bool,
    unknown: bool,
    foreign: bool,
    ended: bool,
    spent: bool,
    expired: bool,
}

/// One check: how a request fails at it, and what is told then.
struct Check {
    name: &'static str,
    spoil: fn(&mut Draft),
    status: u16,
    /// What the observer hears; a wrong method is told to nobody.
    reason: Option<Reason>,
}

const fn check(name: &'static str, spoil: fn(&mut Draft), status: u16, reason: Reason) -> Check {
    Check { name, spoil, status, reason: Some(reason) }
}

/// The checks of a refresh in their order, steps 1 to 14.
const CHECKS: [Check; 18] = [
    Check { name: "1 method", spoil: |draft| draft.method = Method::GET, status: 405, reason: None },
    check("1 size", |draft| draft.tail.push_str(&"&".repeat(70_000)), 413, Reason::BodyTooLarge),
    check("1 content type", |draft| draft.media_type = "text/plain", 400, Reason::UnsupportedMediaType),
    check("1 encoding", |draft| draft.tail.push_str("&x=%zz"), 400, Reason::MalformedBody),
    check("2 repeated", |draft| draft.tail.push_str("&scope&scope"), 400, Reason::RepeatedParameter),
    check("3 mechanisms", |draft| draft.tail.push_str("&client_secret=x"), 400, Reason::MultipleMechanisms),
    check("4 grant_type", |draft| draft.grant_type = None, 400, Reason::MissingGrantType),
    check("5 authenticated", |draft| draft.credentials = "web:nope", 401, Reason::WrongSecret),
    check("6 supported", |draft| draft.grant_type = Some("password"), 400, Reason::UnsupportedGrantType),
    check("7 allowed", |draft| draft.credentials = "norefresh:s", 400, Reason::GrantTypeNotAllowed),
    check("8 token", |draft| draft.token.missing = true, 400, Reason::MissingRefreshToken),
    check("9 found", |draft| draft.token.unknown = true, 400, Reason::UnknownGrant),
    check("10 owner", |draft| draft.token.foreign = true, 400, Reason::ForeignGrant),
    check("11 not revoked", |draft| draft.token.ended = true, 400, Reason::GrantEnded),
    check("12 fresh", |draft| draft.token.spent = true, 400, Reason::Replay),
    check("13 not expired", |draft| draft.token.expired = true, 400, Reason::RefreshTokenExpired),
    check("14 scope grammar", |draft| draft.scope = Some("a++b"), 400, Reason::MalformedScope),
    check("14 scope", |draft| draft.scope = Some("admin"), 400, Reason::ScopeNotGranted),
];

impl Draft {
    fn valid() -> Self {
        Self {
            method: Method::POST,
            media_type: FORM,
            credentials: "web:web-secret",
            grant_type: Some("refresh_token"),
            scope: None,
            tail: String::new(),
            token: Token::default(),
        }
    }

    /// A valid request, spoilt by each check in turn. The earlier check spoils last, so that it has its way.
    fn spoilt_by(checks: &[&Check]) -> Self {
        let mut draft = Self::valid();
        checks.iter().rev().for_each(|check| (check.spoil)(&mut draft));
        draft
    }

    fn request(&self, world: &World) -> Request<Vec<u8>> {
        let token = self.token.make(world);
        let pairs = [("grant_type", self.grant_type), ("refresh_token", token.as_deref()), ("scope", self.scope)];
        let body: Vec<_> =
            pairs.iter().filter_map(|(name, value)| value.map(|value| format!("{name}={value}"))).collect();
        Request::builder()
            .method(&self.method)
            .uri("/token")
            .header("content-type", self.media_type)
            .header("authorization", basic(self.credentials))
            .body((body.join("&") + &self.tail).into_bytes())
            .unwrap()
    }
}

impl Token {
    /// Brings a token into this state.
    fn make(&self, world: &World) -> Option<String> {
        let (owner, credentials) = if self.foreign { ("web2", "web2:web2-secret") } else { ("web", "web:web-secret") };
        let Tokens { refresh, .. } = world.issue(owner, "read", &[]);
        if self.spent {
            assert_eq!(world.refresh("/token", credentials, &refresh).status, 200);
        }
        if self.ended {
            assert_eq!(world.post("/revoke", credentials, &format!("token={refresh}")).status, 200);
        }
        if self.expired {
            world.advance(Duration::from_hours(31 * 24));
        }
        let refresh = if self.unknown { World::new().issue(owner, "read", &[]).refresh } else { refresh };
        (!self.missing).then_some(refresh)
    }
}

/// Sends a request that fails at these checks, and sees the first of them win.
fn assert_first_wins(checks: &[&Check]) {
    let names: Vec<_> = checks.iter().map(|check| check.name).collect();
    let world = World::new();
    let request = Draft::spoilt_by(checks).request(&world);
    let before = world.grants();
    let answer = world.send(&request);
    let first = checks[0];
    assert_eq!(answer.status, first.status, "{names:?}: {answer:?}");
    answer.assert_guarded();
    let Some(reason) = first.reason else { return };
    assert_eq!(world.last_reason(), Some(reason), "{names:?}");
    assert_eq!(answer.error(), reason.code().as_str(), "{names:?}");
    // A refused request changes nothing; a replay ends the grant.
    assert_eq!(before == world.grants(), reason != Reason::Replay, "{names:?}");
}

#[test]
fn a_request_without_a_fault_succeeds() {
    let world = World::new();
    let request = Draft::valid().request(&world);
    assert_eq!(world.send(&request).status, 200);
}

#[test]
fn this_is_the_order_that_the_engine_documents() {
    let documented: Vec<_> = CHECKS.iter().filter_map(|check| check.reason).map(Reason::check).collect();
    assert!(documented.is_sorted(), "{documented:?}");
}

#[test]
fn every_check_refuses_on_its_own() {
    for check in &CHECKS {
        assert_first_wins(&[check]);
    }
}

#[test]
fn of_two_checks_the_earlier_wins() {
    for (position, earlier) in CHECKS.iter().enumerate() {
        for later in &CHECKS[position + 1..] {
            assert_first_wins(&[earlier, later]);
        }
    }
}

#[test]
fn all_checks_at_once_fail_at_the_first() {
    let mut checks: Vec<&Check> = CHECKS.iter().collect();
    while !checks.is_empty() {
        assert_first_wins(&checks);
        checks.remove(0);
    }
}
