//! The records of decisions, and the events that a host watches for.

use regrant::{Credentials, Decision, Event, Outcome, PreviousAccessToken, Reason, RequestKind, Revocation};

use crate::common::{Mishap, World, app, basic, both, grant_id, public, rs, secs, web, web2};

#[test]
fn each_request_is_told_of_exactly_once() {
    both(|world| {
        let first = world.issue("web", "read");
        let told = |world: &World| world.decision();
        assert_eq!((told(world).request, world.log().decisions()), (RequestKind::Issue, vec![]));
        let second = world.refresh(web(), &first.refresh).unwrap();
        assert_eq!(told(world).outcome, Outcome::Rotated);
        world.refresh(web(), &first.refresh).unwrap();
        assert_eq!(told(world).outcome, Outcome::Retried);
        world.refresh(web2(), &second.refresh).unwrap_err();
        assert_eq!(told(world).outcome, Outcome::Refused(Reason::ForeignGrant));
        world.refresh(Credentials::default(), "x").unwrap_err();
        assert_eq!(told(world).outcome, Outcome::Refused(Reason::NoCredentials));
        world.introspect(rs(), &second.access).unwrap();
        assert_eq!(told(world).request, RequestKind::Introspection);
        world.resource(&second.access).unwrap();
        assert_eq!((told(world).outcome, world.log().decisions()), (Outcome::Admitted, vec![]));
        world.revoke(web(), &second.access).unwrap();
        assert_eq!(told(world).outcome, Outcome::AccessTokenRevoked);
        world.revoke(web(), &second.refresh).unwrap();
        assert_eq!(told(world).outcome, Outcome::GrantRevoked);
        world.revoke(web(), &second.refresh).unwrap();
        assert_eq!(told(world).outcome, Outcome::NothingToRevoke);
    });
}

#[test]
fn a_retry_a_replay_a_revocation_and_a_refused_authentication_are_events() {
    both(|world| {
        let first = world.issue("app", "read");
        world.refresh(app(), &first.refresh).unwrap();
        world.log().decisions();
        world.refresh(app(), &first.refresh).unwrap();
        assert_eq!(world.decision().event(), Some(Event::Retry));
        world.advance(secs(10));
        world.refresh(app(), &first.refresh).unwrap_err();
        assert_eq!(world.decision().event(), Some(Event::Replay));
        let other = world.issue("web", "read");
        world.log().decisions();
        world.revoke(web(), &other.access).unwrap();
        world.revoke(web(), &other.refresh).unwrap();
        assert!(world.log().decisions().iter().all(|told| told.event() == Some(Event::Revocation)));
        for who in [basic("web", "wrong"), public("nobody"), public("web"), Credentials::default()] {
            world.refresh(who, &other.refresh).unwrap_err();
            assert_eq!(world.decision().event(), Some(Event::AuthenticationRefused));
        }
        world.log().slow_down(secs(1));
        world.refresh(web(), &other.refresh).unwrap_err();
        assert_eq!(world.decision().event(), Some(Event::AuthenticationRefused));
    });
}

#[test]
fn a_decision_made_before_the_engine_was_asked_is_told_as_well() {
    both(|world| {
        world.refresh(Credentials::default(), "x").unwrap_err();
        let told = world.decision();
        world.observe(&told);
        assert_eq!(world.log().decisions(), [told]);
    });
}

#[test]
fn an_ordinary_refresh_and_an_ordinary_refusal_are_no_events() {
    both(|world| {
        let first = world.issue("web", "read");
        world.refresh_for(web(), &first.refresh, "admin").unwrap_err();
        world.refresh(web(), &first.refresh).unwrap();
        assert!(world.log().decisions().iter().all(|told| told.event().is_none()));
    });
}

#[test]
fn a_replay_is_an_event_where_it_is_only_rejected_too() {
    both(|world| {
        world.policy("web", |policy| {
            policy.on_replay = regrant::OnReplay::Reject;
            policy.retry_window = secs(0);
        });
        let first = world.issue("web", "read");
        world.refresh(web(), &first.refresh).unwrap();
        world.log().decisions();
        world.refresh(web(), &first.refresh).unwrap_err();
        assert_eq!(world.decision().event(), Some(Event::Replay));
        assert_eq!(world.log().revocations(), [], "nothing has ended");
    });
}

#[test]
fn the_feed_hears_of_what_has_ended_and_of_nothing_else() {
    both(|world| {
        world.policy("web", |policy| policy.retry_window = secs(0));
        let first = world.issue("web", "read");
        let second = world.refresh(web(), &first.refresh).unwrap();
        world.refresh(web2(), &first.refresh).unwrap_err();
        assert_eq!(world.log().revocations(), []);
        world.refresh(web(), &first.refresh).unwrap_err();
        assert_eq!(world.log().revocations(), [Revocation::Grant(grant_id(&second.refresh))]);
        world.revoke(web(), &second.refresh).unwrap();
        assert_eq!(world.log().revocations(), [], "it had ended before");
    });
}

#[test]
fn a_decision_names_client_and_grant_and_never_what_was_sent_in_their_place() {
    both(|world| {
        let first = world.issue("web", "read");
        world.log().decisions();
        world.refresh(basic("web", "wrong"), &first.refresh).unwrap_err();
        let told = world.decision();
        assert_eq!(told.client_id.unwrap().as_str(), "web");
        assert_eq!(told.grant_id, None, "nothing was looked at");
        // A secret in the wrong field is a name that nobody has.
        world.refresh(basic("web-secret", "web"), &first.refresh).unwrap_err();
        let told = world.decision();
        assert_eq!(told.client_id, None);
        assert!(!format!("{told:?}").contains("web-secret"));
        world.refresh(web(), &first.refresh).unwrap();
        assert_eq!(world.decision().grant_id, Some(grant_id(&first.refresh)));
    });
}

#[test]
fn a_decision_has_no_member_that_could_hold_a_secret() {
    both(|world| {
        let first = world.issue("web", "read");
        world.log().decisions();
        world.refresh(web(), &first.refresh).unwrap();
        // A new member does not compile here, and whoever adds one has to think of this promise.
        let Decision { request, outcome, client_id, grant_id, attempts } = world.decision();
        let shown = format!("{request:?} {outcome:?} {client_id:?} {grant_id:?} {attempts}");
        assert!(!shown.contains(&first.refresh[22..]) && !shown.contains(&first.access[22..]), "{shown}");
    });
}

#[test]
fn attempts_count_each_time_the_decision_was_made() {
    both(|world| {
        let first = world.issue("web", "read");
        world.log().decisions();
        let touch = || {
            let (store, id) = (world.shared_store(), grant_id(&first.refresh));
            Mishap::meanwhile(move || store.touch(id))
        };
        world.store().script([touch(), touch()]);
        world.refresh(web(), &first.refresh).unwrap();
        assert_eq!(world.decision().attempts, 3);
        world.refresh(Credentials::default(), "x").unwrap_err();
        assert_eq!(world.decision().attempts, 0, "refused before there was anything to decide");
    });
}

#[test]
fn the_feed_hears_of_a_refresh_that_ends_earlier_access_tokens() {
    both(|world| {
        world.policy("web", |policy| policy.previous_access_token = PreviousAccessToken::Revoke);
        let first = world.issue("web", "read");
        world.log().revocations();
        let ended = [Revocation::AccessTokensOf(grant_id(&first.refresh))];
        let second = world.refresh(web(), &first.refresh).unwrap();
        assert_eq!(world.log().revocations(), ended);
        // A retry of the same refresh ends nothing.
        world.refresh(web(), &first.refresh).unwrap();
        assert_eq!(world.log().revocations(), []);
        world.store().script([Mishap::fail_after()]);
        world.refresh(web(), &second.refresh).unwrap();
        assert_eq!(world.log().revocations(), ended, "also where the store did not say so");
    });
}

#[test]
fn the_feed_hears_of_an_end_that_may_have_been_committed() {
    both(|world| {
        for mishaps in
            [vec![Mishap::fail_after()], vec![Mishap::fail_before(), Mishap::fail_before(), Mishap::fail_before()]]
        {
            let first = world.issue("web", "read");
            let answered = mishaps.len() == 1;
            world.store().script(mishaps);
            assert_eq!(world.try_revoke(web(), Some(&first.access)).is_ok(), answered);
            let revocations = world.log().revocations();
            let [Revocation::AccessToken { grant, .. }] = revocations[..] else { panic!("{revocations:?}") };
            assert_eq!(grant, grant_id(&first.access));
        }
    });
}
