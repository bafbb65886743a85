//! The bearer check of a protected resource. RFC 6750.

use regrant::{Reason, Scheme, Subject};

use crate::common::{answered, both, flip, hex, ms, rs, secs, web};

#[test]
fn a_live_access_token_opens_the_resource_and_tells_whom_it_speaks_for() {
    both(|world| {
        let first = world.issue("web", "read");
        for token in [first.access.clone(), hex(&first.access)] {
            let access = world.resource(&token).unwrap();
            assert_eq!((access.subject, access.client_id.as_str()), (Some(Subject::parse("alice").unwrap()), "web"));
            assert_eq!((access.scope.as_str(), access.expires_at), ("read", world.now().after(secs(3600))));
        }
    });
}

#[test]
fn n_098_a_refresh_token_opens_nothing() {
    both(|world| {
        let first = world.issue("web", "read");
        assert_eq!(world.resource(&first.refresh), Err(Reason::InactiveAccessToken));
        assert_eq!(world.resource(&hex(&first.refresh)), Err(Reason::InactiveAccessToken));
        assert!(world.refresh(web(), &first.refresh).is_ok(), "and it is not spent by the attempt");
    });
}

#[test]
fn n_181_n_182_no_token_is_told_from_an_inactive_one_and_no_inactive_one_from_another() {
    both(|world| {
        let first = world.issue("web", "read");
        assert_eq!(answered(world.try_resource(None)), Err(Reason::NoAccessToken));
        let revoked = world.issue("web", "read");
        world.revoke(web(), &revoked.refresh).unwrap();
        let bad = ["garbage".to_owned(), flip(&first.access, 3), flip(&first.access, 47), revoked.access];
        for token in bad {
            assert_eq!(world.resource(&token), Err(Reason::InactiveAccessToken));
        }
    });
}

#[test]
fn n_180_every_refusal_challenges_for_a_bearer_token() {
    both(|world| {
        let first = world.issue("web", "read");
        let unknown = flip(&first.access, 3);
        for token in [None, Some("garbage"), Some(first.refresh.as_str()), Some(unknown.as_str())] {
            let reply = world.try_resource(token).unwrap();
            assert_eq!(reply.refusal().unwrap().scheme, Scheme::Bearer, "{token:?}");
        }
    });
}

#[test]
fn an_access_token_opens_nothing_from_its_very_last_instant() {
    both(|world| {
        let first = world.issue("web", "read");
        world.advance(ms(3_599_999));
        assert!(world.resource(&first.access).is_ok());
        world.advance(ms(1));
        assert_eq!(world.resource(&first.access), Err(Reason::InactiveAccessToken));
    });
}

#[test]
fn the_check_looks_at_the_owner_of_the_grant() {
    both(|world| {
        let first = world.issue("app", "read");
        world.client("app", |client| client.grant_epoch = 7);
        assert_eq!(world.resource(&first.access), Err(Reason::InactiveAccessToken));
        world.client("app", |client| client.grant_epoch = 0);
        world.client("app", |client| client.enabled = false);
        assert_eq!(world.resource(&first.access), Err(Reason::InactiveAccessToken));
        world.client("app", |client| client.enabled = true);
        assert!(world.resource(&first.access).is_ok());
        world.clients().delete("app");
        assert_eq!(world.resource(&first.access), Err(Reason::InactiveAccessToken));
    });
}

#[test]
fn the_check_never_writes() {
    both(|world| {
        let first = world.issue("web", "read");
        let (before, commits) = (world.snapshot(), world.store().commits());
        world.resource(&first.access).unwrap();
        world.introspect(rs(), &first.access).unwrap();
        assert_eq!((world.snapshot(), world.store().commits()), (before, commits));
    });
}
