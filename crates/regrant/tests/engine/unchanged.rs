//! A refused request changes nothing.

use proptest::prelude::*;
use regrant::{
    Credentials, EndReason, EngineError, EngineFault, GrantState, OnReplay, PreviousAccessToken, Reason, Reply,
    Rotation, TokenReply, TokenRequest,
};

use crate::common::{
    Kind, Mishap, Tokens, World, app, app2, basic, cut, flip, lineage_flipped, ms, post, public, refresh_request, rs,
    secret_flipped, web, web2,
};

/// Who sends a request.
#[derive(Clone, Copy, Debug)]
enum Who {
    Owner,
    Stranger,
    OtherKind,
    ResourceServer,
    WrongSecret,
    Nobody,
    Unnamed,
    Twice,
}

/// What becomes of a token on its way.
#[derive(Clone, Copy, Debug)]
enum Change {
    None,
    Cut,
    Flip(u8),
    Lineage,
    Secret,
    Garbage,
}

/// One thing that happens.
#[derive(Clone, Debug)]
enum Event {
    Refresh { who: Who, token: u8, change: Change, scope: Option<&'static str> },
    Revoke { who: Who, token: u8, change: Change },
    Introspect { who: Who, token: u8, change: Change },
    Resource { token: u8, change: Change },
    ClientCredentials { who: Who, scope: Option<&'static str> },
    Advance { millis: u64 },
    SetBack { millis: u64 },
    Mishap { kind: u8 },
}

#[derive(Clone, Copy, Debug)]
struct Setting {
    confidential: bool,
    window: u64,
    rotation: Rotation,
    previous: PreviousAccessToken,
    on_replay: OnReplay,
    max: u16,
    kind: Kind,
}

fn who() -> impl Strategy<Value = Who> {
    prop_oneof![
        8 => Just(Who::Owner),
        2 => Just(Who::Stranger),
        1 => Just(Who::OtherKind),
        1 => Just(Who::ResourceServer),
        1 => Just(Who::WrongSecret),
        1 => Just(Who::Nobody),
        1 => Just(Who::Unnamed),
        1 => Just(Who::Twice),
    ]
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        10 => Just(Change::None),
        1 => Just(Change::Cut),
        1 => (0..48_u8).prop_map(Change::Flip),
        1 => Just(Change::Lineage),
        1 => Just(Change::Secret),
        1 => Just(Change::Garbage),
    ]
}

fn scope() -> impl Strategy<Value = Option<&'static str>> {
    prop_oneof![
        5 => Just(None),
        2 => Just(Some("read")),
        1 => Just(Some("write read")),
        1 => Just(Some("read write admin")),
        1 => Just(Some("other")),
        1 => Just(Some(" bad")),
        1 => Just(Some("")),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        8 => (who(), any::<u8>(), change(), scope())
            .prop_map(|(who, token, change, scope)| Event::Refresh { who, token, change, scope }),
        1 => (who(), any::<u8>(), change()).prop_map(|(who, token, change)| Event::Revoke { who, token, change }),
        1 => (who(), any::<u8>(), change()).prop_map(|(who, token, change)| Event::Introspect { who, token, change }),
        1 => (any::<u8>(), change()).prop_map(|(token, change)| Event::Resource { token, change }),
        1 => (who(), scope()).prop_map(|(who, scope)| Event::ClientCredentials { who, scope }),
        3 => (0..20_000_u64).prop_map(|millis| Event::Advance { millis }),
        1 => (0..5_000_u64).prop_map(|millis| Event::SetBack { millis }),
        1 => (0..3_u8).prop_map(|kind| Event::Mishap { kind }),
    ]
}

fn setting() -> impl Strategy<Value = Setting> {
    let rotation = prop_oneof![4 => Just(Rotation::Always), 1 => Just(Rotation::Never)];
    let previous = prop_oneof![Just(PreviousAccessToken::Keep), Just(PreviousAccessToken::Revoke)];
    let on_replay = prop_oneof![3 => Just(OnReplay::Revoke), 2 => Just(OnReplay::Reject)];
    let window = prop_oneof![Just(0), Just(500), Just(10_000)];
    let kind = prop_oneof![Just(Kind::Blocking), Just(Kind::Awaited)];
    (any::<bool>(), window, rotation, previous, on_replay, 1..4_u16, kind).prop_map(
        |(confidential, window, rotation, previous, on_replay, max, kind)| Setting {
            confidential,
            window,
            rotation: if confidential { rotation } else { Rotation::Always },
            previous,
            on_replay,
            max,
            kind,
        },
    )
}

/// A game: one world, and every token that was ever given out in it.
struct Game {
    world: World,
    owner: &'static str,
    confidential: bool,
    known: Vec<String>,
}

impl Game {
    fn new(setting: Setting) -> Self {
        let world = World::new(setting.kind);
        let owner = if setting.confidential { "web" } else { "app" };
        world.policy(owner, |policy| {
            policy.retry_window = ms(setting.window);
            policy.rotation = setting.rotation;
            policy.previous_access_token = setting.previous;
            policy.on_replay = setting.on_replay;
            policy.max_access_tokens = setting.max;
            policy.access_token_lifetime = ms(15_000);
            policy.refresh_idle_lifetime = ms(60_000);
            policy.grant_lifetime = Some(ms(150_000));
        });
        let mut game = Self { world, owner, confidential: setting.confidential, known: Vec::new() };
        for _ in 0..2 {
            game.learn(&game.world.issue(owner, "read write"));
        }
        game
    }

    fn learn(&mut self, tokens: &Tokens) {
        self.known.push(tokens.access.clone());
        if !tokens.refresh.is_empty() {
            self.known.push(tokens.refresh.clone());
        }
    }

    fn credentials(&self, who: Who) -> Credentials<'static> {
        match (who, self.confidential) {
            (Who::Owner, true) => web(),
            (Who::Owner, false) | (Who::OtherKind, true) => app(),
            (Who::Stranger, true) | (Who::OtherKind, false) => web2(),
            (Who::Stranger, false) => app2(),
            (Who::ResourceServer, _) => rs(),
            (Who::WrongSecret, true) => basic("web", "wrong"),
            (Who::WrongSecret, false) => post("app", "wrong"),
            (Who::Nobody, _) => public("nobody"),
            (Who::Unnamed, _) => Credentials::default(),
            (Who::Twice, _) => Credentials { client_secret: Some("web-secret"), ..web() },
        }
    }

    /// One of the known tokens, the newer the likelier, as it arrives.
    fn token(&self, pick: u8, change: Change) -> String {
        let back = usize::from(pick) % self.known.len().min(12);
        let token = &self.known[self.known.len() - 1 - back];
        match change {
            Change::None => token.clone(),
            Change::Cut => cut(token),
            Change::Flip(byte) => flip(token, usize::from(byte)),
            Change::Lineage => lineage_flipped(token),
            Change::Secret => secret_flipped(token),
            Change::Garbage => format!("{token}~"),
        }
    }

    /// Plays one event. Where it is refused, everything must be as it was.
    fn play(&mut self, event: &Event) -> Result<(), TestCaseError> {
        let before = self.world.snapshot();
        let outcome = self.outcome(event);
        let after = self.world.snapshot();
        match outcome {
            Outcome::Refused(Reason::Replay) if before != after => {
                let changed: Vec<_> = after.values().filter(|grant| before[&grant.id()] != **grant).collect();
                prop_assert_eq!(changed.len(), 1);
                let replayed = matches!(changed[0].state(), GrantState::Ended { reason: EndReason::Replayed, .. });
                prop_assert!(replayed, "a replay may end the grant and do nothing else");
                prop_assert_eq!(changed[0].refresh(), before[&changed[0].id()].refresh());
                prop_assert_eq!(changed[0].access(), before[&changed[0].id()].access());
            }
            Outcome::Refused(reason) => prop_assert!(before == after, "{:?} changed something", reason),
            Outcome::Looked => prop_assert!(before == after, "looking changed something"),
            Outcome::Wrote | Outcome::Failed => {}
        }
        for (id, grant) in &after {
            prop_assert!(before.get(id).is_none_or(|old| old == grant || old.revision() < grant.revision()));
            prop_assert!(grant.access().len() <= 3);
        }
        Ok(())
    }

    fn outcome(&mut self, event: &Event) -> Outcome {
        match *event {
            Event::Refresh { who, token, change, scope } => {
                let token = self.token(token, change);
                let reply = self.world.token(refresh_request(self.credentials(who), &token, scope));
                self.took(reply)
            }
            Event::ClientCredentials { who, scope } => {
                let (credentials, grant_type) = (self.credentials(who), Some("client_credentials"));
                let request = TokenRequest { credentials, grant_type, scope, ..TokenRequest::default() };
                let reply = self.world.token(request);
                self.took(reply)
            }
            Event::Revoke { who, token, change } => {
                let reply = self.world.try_revoke(self.credentials(who), Some(&self.token(token, change)));
                reply.map_or(Outcome::Failed, |reply| match reply.refusal() {
                    Some(refusal) => Outcome::Refused(refusal.reason),
                    None => Outcome::Wrote,
                })
            }
            Event::Introspect { who, token, change } => {
                let token = self.token(token, change);
                let _ = self.world.try_introspect(self.credentials(who), Some(&token)).unwrap();
                Outcome::Looked
            }
            Event::Resource { token, change } => {
                let _ = self.world.resource(&self.token(token, change));
                Outcome::Looked
            }
            Event::Advance { millis } => {
                self.world.advance(ms(millis));
                Outcome::Looked
            }
            Event::SetBack { millis } => {
                self.world.set_back(ms(millis));
                Outcome::Looked
            }
            Event::Mishap { kind } => {
                let mishaps = [Mishap::fail_before, Mishap::fail_after, Mishap::false_conflict];
                self.world.store().script([mishaps[usize::from(kind)]()]);
                Outcome::Looked
            }
        }
    }

    fn took(&mut self, reply: Result<Reply<TokenReply>, EngineError>) -> Outcome {
        match reply {
            Ok(Reply::Success(reply)) => {
                self.learn(&reply.into());
                Outcome::Wrote
            }
            Ok(Reply::Refused(refusal)) => Outcome::Refused(refusal.reason),
            Err(_) => Outcome::Failed,
        }
    }
}

enum Outcome {
    Refused(Reason),
    Looked,
    Wrote,
    /// The store failed, three times in a row: what was written then is unknown by nature.
    Failed,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_refused_request_changes_nothing(setting in setting(), events in prop::collection::vec(event(), 1..60)) {
        let mut game = Game::new(setting);
        for event in &events {
            game.play(event)?;
        }
    }

    /// Whatever happened: a grant has at most one refresh token that works, and the engine and introspection agree on
    /// which one it is.
    #[test]
    fn never_two_live_successors(setting in setting(), events in prop::collection::vec(event(), 1..60)) {
        let mut game = Game::new(setting);
        for event in &events {
            game.outcome(event);
        }
        game.world.store().recover();
        let who = game.credentials(Who::Owner);
        for id in game.world.snapshot().keys() {
            let of_this_grant = |token: &&String| crate::common::grant_id(token) == *id && token.len() == 86;
            let mut family: Vec<String> = game.known.iter().filter(of_this_grant).cloned().collect();
            family.sort();
            family.dedup();
            let current = |token: &&String| {
                game.world.explain(&refresh_request(who, token, None)).decision.outcome
            };
            let works: Vec<_> = family.iter().map(|token| current(&token)).filter(|outcome| {
                matches!(outcome, regrant::Outcome::Rotated | regrant::Outcome::Refreshed)
            }).collect();
            prop_assert!(works.len() <= 1, "{works:?} of {}", game.owner);
        }
    }
}

#[test]
fn a_fault_of_the_server_changes_nothing_either() {
    let world = World::new(Kind::Blocking);
    let first = world.issue("web", "read");
    let before = world.snapshot();
    world.store().always(Mishap::fail_before);
    assert!(matches!(world.failed_refresh(web(), &first.refresh).fault, EngineFault::Store(_)));
    assert_eq!(world.snapshot(), before);
}
