//! `explain`: the same decision, and nothing else.

use regrant::{
    Change, Check, ClientId, Credentials, EndReason, IntrospectionRequest, IssueRequest, Outcome, Reason,
    ResourceRequest, RevocationRequest, Scope,
};

use crate::common::{World, basic, both, refresh_request, secs, web, web2};

/// Runs something that must leave no trace.
fn untouched<T>(world: &World, look: impl FnOnce() -> T) -> T {
    let (before, commits) = (world.snapshot(), world.store().commits());
    world.log().decisions();
    let seen = look();
    assert_eq!((world.snapshot(), world.store().commits()), (before, commits));
    assert_eq!((world.log().decisions(), world.log().revocations(), world.log().spoken()), (vec![], vec![], vec![]));
    seen
}

#[test]
fn a_refresh_is_explained_as_it_is_then_decided() {
    both(|world| {
        world.policy("web", |policy| policy.retry_window = secs(0));
        let first = world.issue("web", "read");
        let spent = world.issue("web", "read");
        world.refresh(web(), &spent.refresh).unwrap();
        world.log().spoken();
        let cases = [
            (web2(), &first.refresh, None),
            (basic("web", "wrong"), &first.refresh, None),
            (web(), &first.refresh, Some("admin")),
            (web(), &first.access, None),
            (web(), &spent.refresh, None),
            (web(), &first.refresh, None),
        ];
        for (who, token, scope) in cases {
            let request = refresh_request(who, token, scope);
            let explained = untouched(world, || world.explain(&request));
            let _ = world.token(request).unwrap();
            world.log().spoken();
            world.log().revocations();
            let decided = world.decision();
            assert_eq!(explained.decision, decided);
            let refused_at = match decided.outcome {
                Outcome::Refused(reason) => Some(reason.check()),
                _ => None,
            };
            assert_eq!(explained.refused_at, refused_at);
        }
    });
}

#[test]
fn the_change_that_would_be_made_is_told() {
    both(|world| {
        world.policy("web", |policy| policy.retry_window = secs(0));
        let first = world.issue("web", "read");
        let revision = world.record(&first.refresh).revision();
        world.log().spoken();
        let request = refresh_request(web(), &first.refresh, None);
        let explained = untouched(world, || world.explain(&request));
        assert!(matches!(explained.change, Some(Change::Replace { expected, .. }) if expected == revision));
        world.refresh(web(), &first.refresh).unwrap();
        world.log().spoken();
        let explained = untouched(world, || world.explain(&request));
        assert_eq!(explained.decision.outcome, Outcome::Refused(Reason::Replay));
        assert_eq!(explained.refused_at, Some(Check::Freshness));
        assert!(matches!(explained.change, Some(Change::End { reason: EndReason::Replayed, .. })));
        assert!(!world.record(&first.refresh).is_ended());
    });
}

#[test]
fn every_kind_of_request_can_be_explained() {
    both(|world| {
        let first = world.issue("web", "read");
        world.log().spoken();
        let revocation = RevocationRequest { credentials: web(), token: Some(&first.refresh) };
        let explained = untouched(world, || world.explain(&revocation));
        assert_eq!(explained.decision.outcome, Outcome::GrantRevoked);
        let introspection = IntrospectionRequest { credentials: web(), token: Some(&first.access) };
        let explained = untouched(world, || world.explain(&introspection));
        assert_eq!((explained.decision.outcome, explained.change), (Outcome::Active, None));
        let resource = ResourceRequest { token: Some(&first.access) };
        assert_eq!(untouched(world, || world.explain(&resource)).decision.outcome, Outcome::Admitted);
        let issue = IssueRequest::new(ClientId::parse("web").unwrap(), Scope::empty());
        let explained = untouched(world, || world.explain(&issue));
        assert!(matches!(explained.change, Some(Change::Insert(_))));
    });
}

#[test]
fn the_throttle_does_not_hold_an_explanation_up() {
    both(|world| {
        let first = world.issue("web", "read");
        world.log().slow_down(secs(1));
        let request = refresh_request(Credentials { origin: Some("here"), ..web() }, &first.refresh, None);
        assert_eq!(untouched(world, || world.explain(&request)).decision.outcome, Outcome::Rotated);
    });
}
