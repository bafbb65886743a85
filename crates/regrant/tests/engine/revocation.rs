//! Revocation. RFC 7009.

use regrant::{
    AccessEntry, Change, CommitOutcome, Digest, EndReason, Grant, GrantState, Reason, Revocation, TokenStore as _,
};

use crate::common::{
    answered, app, app2, basic, both, flip, grant_id, lineage_flipped, ms, secret_flipped, secs, web, web2,
};

#[test]
fn n_190_n_197_n_198_a_refresh_token_ends_its_grant_at_once() {
    both(|world| {
        for (client, who) in [("web", web()), ("app", app())] {
            let first = world.issue(client, "read");
            world.revoke(who, &first.refresh).unwrap();
            let ended = GrantState::Ended { at: world.now(), reason: EndReason::Revoked };
            assert_eq!(world.record(&first.refresh).state(), ended);
            assert_eq!(world.resource(&first.access), Err(Reason::InactiveAccessToken));
            assert_eq!(world.refresh(who, &first.refresh), Err(Reason::GrantEnded));
        }
    });
}

#[test]
fn a_stale_refresh_token_ends_the_grant_as_well_and_is_no_replay() {
    both(|world| {
        world.policy("app", |policy| policy.retry_window = secs(0));
        let first = world.issue("app", "read");
        let second = world.refresh(app(), &first.refresh).unwrap();
        world.revoke(app(), &first.refresh).unwrap();
        let ended = GrantState::Ended { at: world.now(), reason: EndReason::Revoked };
        assert_eq!(world.record(&second.refresh).state(), ended);
    });
}

#[test]
fn n_199_an_access_token_ends_alone() {
    both(|world| {
        let first = world.issue("web", "read");
        let second = world.refresh(web(), &first.refresh).unwrap();
        world.revoke(web(), &first.access).unwrap();
        assert_eq!(world.resource(&first.access), Err(Reason::InactiveAccessToken));
        assert!(world.resource(&second.access).is_ok());
        assert!(world.refresh(web(), &second.refresh).is_ok());
        let revocations = world.log().revocations();
        let [Revocation::AccessToken { grant, .. }] = revocations[..] else { panic!("{revocations:?}") };
        assert_eq!(grant, grant_id(&first.access));
    });
}

#[test]
fn a_grant_that_has_nothing_but_its_access_token_ends_with_it() {
    both(|world| {
        let own = world.client_credentials(web(), None).unwrap();
        world.revoke(web(), &own.access).unwrap();
        assert!(world.record(&own.access).is_ended());
        assert!(world.introspect(web(), &own.access).is_none());
    });
}

#[test]
fn n_196_what_is_not_alive_is_revoked_with_success_and_without_a_write() {
    both(|world| {
        let first = world.issue("web", "read");
        let gone = world.issue("web", "read");
        world.revoke(web(), &gone.refresh).unwrap();
        let before = world.snapshot();
        let commits = world.store().commits();
        let nothing = [
            "garbage".to_owned(),
            gone.refresh.clone(),
            gone.access,
            lineage_flipped(&first.refresh),
            flip(&first.access, 20),
            flip(&first.access, 0),
            flip(&first.refresh, 0),
        ];
        for token in nothing {
            assert_eq!(world.revoke(web(), &token), Ok(()), "{token}");
        }
        assert_eq!((world.snapshot(), world.store().commits()), (before, commits));
    });
}

#[test]
fn a_guessed_secret_with_a_genuine_lineage_ends_the_grant_for_its_own_client_only() {
    both(|world| {
        let first = world.issue("web", "read");
        let stale = secret_flipped(&first.refresh);
        assert_eq!(world.revoke(web2(), &stale), Err(Reason::ForeignGrant));
        assert!(!world.record(&first.refresh).is_ended());
        assert_eq!(world.revoke(web(), &stale), Ok(()));
        assert!(world.record(&first.refresh).is_ended());
    });
}

#[test]
fn n_195_another_clients_token_stays_alive_and_the_caller_is_told() {
    both(|world| {
        let (mine, public) = (world.issue("web", "read"), world.issue("app", "read"));
        let before = world.snapshot();
        for token in [&mine.refresh, &mine.access] {
            assert_eq!(world.revoke(web2(), token), Err(Reason::ForeignGrant));
            assert_eq!(world.revoke(app(), token), Err(Reason::ForeignGrant));
        }
        assert_eq!(world.revoke(app2(), &public.refresh), Err(Reason::ForeignGrant));
        assert_eq!(world.snapshot(), before);
    });
}

#[test]
fn n_194_n_192_the_client_comes_first_and_then_the_parameters() {
    both(|world| {
        let first = world.issue("web", "read");
        assert_eq!(world.revoke(basic("web", "wrong"), &first.refresh), Err(Reason::WrongSecret));
        assert_eq!(answered(world.try_revoke(basic("web", "wrong"), None)), Err(Reason::WrongSecret));
        assert_eq!(answered(world.try_revoke(web(), None)), Err(Reason::MissingToken));
        assert!(world.resource(&first.access).is_ok());
    });
}

#[test]
fn an_expired_refresh_token_still_ends_its_grant() {
    both(|world| {
        world.policy("web", |policy| policy.refresh_idle_lifetime = secs(1));
        let first = world.issue("web", "read");
        world.advance(secs(2));
        assert!(world.resource(&first.access).is_ok(), "the access token lives longer");
        world.revoke(web(), &first.refresh).unwrap();
        assert_eq!(world.resource(&first.access), Err(Reason::InactiveAccessToken));
    });
}

#[test]
fn the_first_end_of_a_grant_stays() {
    both(|world| {
        let first = world.issue("web", "read");
        world.revoke(web(), &first.refresh).unwrap();
        let ended = world.record(&first.refresh);
        world.advance(ms(5));
        world.revoke(web(), &first.refresh).unwrap();
        assert_eq!(world.record(&first.refresh), ended);
    });
}

#[test]
fn a_grant_that_is_ended_twice_keeps_its_first_end_and_its_revision() {
    both(|world| {
        let first = world.issue("web", "read");
        let mut grant = world.record(&first.refresh);
        let revision = grant.revision();
        grant.end(world.now(), EndReason::Replayed);
        assert_eq!(grant.revision(), revision.next());
        let ended = grant.clone();
        grant.end(world.now().after(secs(1)), EndReason::Revoked);
        assert_eq!(grant, ended);
    });
}

#[test]
fn two_revocations_at_once_both_succeed() {
    both(|world| {
        let first = world.issue("web", "read");
        let (other, token) = (world.beside(), first.refresh.clone());
        world.store().script([crate::common::Mishap::meanwhile(move || other.revoke(web(), &token).unwrap())]);
        assert_eq!(world.revoke(web(), &first.refresh), Ok(()));
        assert!(world.record(&first.refresh).is_ended());
    });
}

/// Such a record is no longer made, but a store may hold one.
#[test]
fn an_access_token_without_a_refresh_token_ends_alone_while_another_lives() {
    both(|world| {
        let tokens = world.client_credentials(web(), None).unwrap();
        let grant = world.record(&tokens.access);
        let other = AccessEntry { digest: Digest::sha256(b"other"), ..grant.access()[0].clone() };
        let access = vec![grant.access()[0].clone(), other.clone()];
        let both = Grant::new(grant.id(), grant.revision().next(), grant.state(), grant.terms().clone(), None, access);
        let change = Change::Replace { expected: grant.revision(), grant: both.unwrap(), revocation: None };
        assert_eq!(world.store().commit(change).unwrap(), CommitOutcome::Committed);
        world.revoke(web(), &tokens.access).unwrap();
        let left = world.record(&tokens.access);
        assert_eq!((left.is_ended(), left.access()), (false, &[other][..]));
        assert_eq!(world.resource(&tokens.access), Err(Reason::InactiveAccessToken));
    });
}
