//! Introspection. RFC 7662.

use regrant::{IntrospectionRight, Outcome, Reason, Subject};

use crate::common::{
    answered, app, basic, both, flip, grant_id, lineage_flipped, ms, rs, secret_flipped, secs, web, web2,
};

#[test]
fn n_213_an_active_access_token_is_described() {
    both(|world| {
        let first = world.issue("web", "read write");
        for who in [web(), rs()] {
            let told = world.introspect(who, &first.access).unwrap();
            assert!(told.is_access_token);
            assert_eq!((told.client_id.as_str(), told.subject), ("web", Some(Subject::parse("alice").unwrap())));
            assert_eq!((told.scope.as_str(), told.issued_at), ("read write", world.now()));
            assert_eq!(told.expires_at, world.now().after(secs(3600)));
        }
    });
}

#[test]
fn n_223_a_refresh_token_is_described_to_its_own_client_alone() {
    both(|world| {
        let first = world.issue("web", "read");
        let told = world.introspect(web(), &first.refresh).unwrap();
        assert!(!told.is_access_token);
        assert_eq!(told.expires_at, world.record(&first.refresh).refresh().unwrap().expires_at);
        assert!(world.introspect(rs(), &first.refresh).is_none());
        assert!(world.introspect(web2(), &first.refresh).is_none());
        world.advance(secs(3600));
        assert!(world.introspect(web(), &first.access).is_none());
        assert!(world.introspect(web(), &first.refresh).is_some(), "it outlives its access token");
    });
}

#[test]
fn n_223_a_spent_refresh_token_is_inactive_inside_the_window_too_and_no_replay() {
    both(|world| {
        let first = world.issue("web", "read");
        let second = world.refresh(web(), &first.refresh).unwrap();
        let before = world.snapshot();
        assert!(world.introspect(web(), &first.refresh).is_none());
        world.advance(secs(11));
        assert!(world.introspect(web(), &first.refresh).is_none());
        assert!(world.introspect(web(), &secret_flipped(&second.refresh)).is_none());
        assert_eq!(world.snapshot(), before);
        assert!(world.refresh(web(), &second.refresh).is_ok());
    });
}

#[test]
fn n_222_introspection_never_writes() {
    both(|world| {
        let first = world.issue("web", "read");
        let (before, commits) = (world.snapshot(), world.store().commits());
        for token in [&first.access, &first.refresh] {
            for who in [web(), web2(), rs()] {
                world.introspect(who, token);
            }
        }
        assert_eq!((world.snapshot(), world.store().commits()), (before, commits));
        assert!(world.refresh(web(), &first.refresh).is_ok());
    });
}

#[test]
fn n_214_everything_else_is_inactive_and_never_an_error() {
    both(|world| {
        let first = world.issue("web", "read");
        let ended = world.issue("web", "read");
        world.revoke(web(), &ended.refresh).unwrap();
        let inactive = [
            "garbage".to_owned(),
            flip(&first.access, 0),
            flip(&first.access, 40),
            lineage_flipped(&first.refresh),
            ended.access,
            ended.refresh,
        ];
        for token in inactive {
            assert!(world.introspect(web(), &token).is_none(), "{token}");
            assert!(world.introspect(rs(), &token).is_none(), "{token}");
        }
        assert!(world.introspect(web2(), &first.access).is_none(), "not for this caller");
        world.client("web", |client| client.introspection = IntrospectionRight::None);
        assert!(world.introspect(web(), &first.access).is_none(), "no right at all");
    });
}

#[test]
fn n_211_only_confidential_callers_that_prove_it() {
    both(|world| {
        let first = world.issue("app", "read");
        let ask = |who| answered(world.try_introspect(who, Some(&first.access))).map(drop);
        assert_eq!(ask(app()), Err(Reason::PublicClient));
        assert_eq!(ask(basic("rs", "wrong")), Err(Reason::WrongSecret));
        assert_eq!(ask(regrant::Credentials::default()), Err(Reason::NoCredentials));
        world.client("app", |client| client.introspection = IntrospectionRight::Any);
        assert_eq!(ask(app()), Err(Reason::PublicClient), "whatever its registration says");
        assert_eq!(answered(world.try_introspect(rs(), None)).map(drop), Err(Reason::MissingToken));
    });
}

#[test]
fn an_access_token_is_inactive_from_its_very_last_instant() {
    both(|world| {
        let first = world.issue("web", "read");
        world.advance(ms(3_599_999));
        assert!(world.introspect(rs(), &first.access).is_some());
        world.advance(ms(1));
        assert!(world.introspect(rs(), &first.access).is_none());
    });
}

#[test]
fn a_grant_is_inactive_while_its_owner_is_disabled_deleted_or_of_a_newer_epoch() {
    both(|world| {
        let first = world.issue("app", "read");
        world.client("app", |client| client.enabled = false);
        assert!(world.introspect(rs(), &first.access).is_none());
        world.client("app", |client| client.enabled = true);
        assert!(world.introspect(rs(), &first.access).is_some());
        world.client("app", |client| client.grant_epoch = 1);
        assert!(world.introspect(rs(), &first.access).is_none());
        let newer = world.issue("app", "read");
        assert!(world.introspect(rs(), &newer.access).is_some(), "a grant of the newer epoch is not touched");
        assert_eq!(world.refresh(app(), &first.refresh), Err(Reason::OldEpoch));
        assert!(world.refresh(app(), &newer.refresh).is_ok());
        world.clients().delete("app");
        assert!(world.introspect(rs(), &newer.access).is_none());
    });
}

#[test]
fn the_epoch_counts_for_a_clients_own_look_too() {
    both(|world| {
        let first = world.issue("web", "read");
        world.client("web", |client| client.grant_epoch = 1);
        assert!(world.introspect(web(), &first.access).is_none());
        assert!(world.introspect(web(), &first.refresh).is_none());
    });
}

#[test]
fn the_decision_names_the_grant_and_the_caller() {
    both(|world| {
        let first = world.issue("web", "read");
        world.log().decisions();
        world.introspect(rs(), &first.access).unwrap();
        let decision = world.decision();
        assert_eq!(decision.outcome, Outcome::Active);
        assert_eq!(decision.client_id.unwrap().as_str(), "rs");
        assert_eq!(decision.grant_id, Some(grant_id(&first.access)));
    });
}
