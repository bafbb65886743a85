//! Rotation, replay and the lives of tokens. RFC 6749 §6, RFC 9700 §4.14.2.

use regrant::{EndReason, GrantState, OnReplay, PreviousAccessToken, Reason, Rotation, Timestamp};

use crate::common::{World, app, both, ms, secs, web, web2};

fn strict(world: &World) {
    for client in ["web", "app"] {
        world.policy(client, |policy| policy.retry_window = secs(0));
    }
}

#[test]
fn n_112_every_refresh_of_a_public_client_gives_another_token() {
    both(|world| {
        let mut current = world.issue("app", "read");
        for _ in 0..3 {
            let next = world.refresh(app(), &current.refresh).unwrap();
            assert_ne!(next.refresh, current.refresh);
            assert_ne!(next.access, current.access);
            world.advance(secs(60));
            current = next;
        }
    });
}

#[test]
fn a_rotation_writes_one_record_once_and_keeps_one_current_token() {
    both(|world| {
        let first = world.issue("web", "read write");
        let before = world.store().commits();
        let second = world.refresh(web(), &first.refresh).unwrap();
        assert_eq!(world.store().commits(), before + 1);
        let family = world.record(&second.refresh).refresh().cloned().unwrap();
        assert_eq!((family.generation, family.spent.len()), (1, 1));
        assert!(world.introspect(web(), &second.refresh).is_some());
        assert!(world.introspect(web(), &first.refresh).is_none());
        assert!(world.introspect(web(), &first.access).is_some(), "earlier access tokens are kept by default");
    });
}

#[test]
fn n_113_n_114_a_replay_is_recognised_and_ends_the_grant_with_all_its_tokens() {
    both(|world| {
        strict(world);
        for (client, who) in [("web", web()), ("app", app())] {
            let first = world.issue(client, "read");
            let second = world.refresh(who, &first.refresh).unwrap();
            let third = world.refresh(who, &second.refresh).unwrap();
            assert_eq!(world.refresh(who, &first.refresh), Err(Reason::Replay));
            let ended = GrantState::Ended { at: world.now(), reason: EndReason::Replayed };
            assert_eq!(world.record(&first.refresh).state(), ended);
            assert_eq!(world.refresh(who, &third.refresh), Err(Reason::GrantEnded));
            for access in [&first.access, &second.access, &third.access] {
                assert_eq!(world.resource(access), Err(Reason::InactiveAccessToken));
            }
        }
    });
}

#[test]
fn n_082_a_stranger_with_a_spent_token_cannot_burn_the_grant() {
    both(|world| {
        strict(world);
        let first = world.issue("web", "read");
        let second = world.refresh(web(), &first.refresh).unwrap();
        let before = world.snapshot();
        assert_eq!(world.refresh(web2(), &first.refresh), Err(Reason::ForeignGrant));
        assert_eq!(world.refresh(web2(), &second.refresh), Err(Reason::ForeignGrant));
        assert_eq!(world.snapshot(), before);
        assert!(world.refresh(web(), &second.refresh).is_ok());
    });
}

#[test]
fn on_replay_reject_refuses_and_writes_nothing() {
    both(|world| {
        strict(world);
        world.policy("web", |policy| policy.on_replay = OnReplay::Reject);
        let first = world.issue("web", "read");
        let second = world.refresh(web(), &first.refresh).unwrap();
        let before = world.snapshot();
        assert_eq!(world.refresh(web(), &first.refresh), Err(Reason::Replay));
        assert_eq!(world.snapshot(), before);
        assert!(world.refresh(web(), &second.refresh).is_ok());
    });
}

#[test]
fn n_118_without_rotation_the_refresh_token_stays_and_the_access_token_is_new() {
    both(|world| {
        world.policy("web", |policy| policy.rotation = Rotation::Never);
        let first = world.issue("web", "read");
        world.advance(secs(1));
        let second = world.refresh(web(), &first.refresh).unwrap();
        let third = world.refresh(web(), &first.refresh).unwrap();
        assert_eq!((&second.refresh, &third.refresh), (&first.refresh, &first.refresh));
        assert!(first.access != second.access && second.access != third.access);
        for access in [&first.access, &second.access, &third.access] {
            assert!(world.resource(access).is_ok());
        }
        assert_eq!(world.record(&first.refresh).refresh().unwrap().generation, 0);
    });
}

#[test]
fn n_117_the_idle_time_ends_at_its_very_instant() {
    both(|world| {
        world.policy("web", |policy| policy.refresh_idle_lifetime = secs(100));
        let (early, late) = (world.issue("web", "read"), world.issue("web", "read"));
        world.advance(ms(99_999));
        assert!(world.refresh(web(), &early.refresh).is_ok());
        world.advance(ms(1));
        let before = world.snapshot();
        assert_eq!(world.refresh(web(), &late.refresh), Err(Reason::RefreshTokenExpired));
        assert!(world.introspect(web(), &late.refresh).is_none());
        assert_eq!(world.snapshot(), before);
    });
}

#[test]
fn n_117_the_idle_time_starts_anew_at_each_refresh_with_and_without_rotation() {
    both(|world| {
        for rotation in [Rotation::Always, Rotation::Never] {
            world.policy("web", |policy| {
                policy.refresh_idle_lifetime = secs(100);
                policy.rotation = rotation;
            });
            let mut current = world.issue("web", "read");
            for _ in 0..3 {
                world.advance(secs(60));
                current = world.refresh(web(), &current.refresh).unwrap();
                let family = world.record(&current.refresh).refresh().cloned().unwrap();
                assert_eq!((family.issued_at, family.expires_at), (world.now(), world.now().after(secs(100))));
            }
        }
    });
}

#[test]
fn n_117_n_121_nothing_outlives_the_grant() {
    both(|world| {
        world.policy("web", |policy| {
            policy.grant_lifetime = Some(secs(100));
            policy.access_token_lifetime = secs(60);
            policy.refresh_idle_lifetime = secs(1000);
        });
        let first = world.issue("web", "read");
        let end = world.now().after(secs(100));
        assert_eq!((first.expires_in, world.record(&first.refresh).terms().expires_at), (60, Some(end)));
        world.advance(ms(70_500));
        let second = world.refresh(web(), &first.refresh).unwrap();
        assert_eq!(second.expires_in, 29, "cut to the end of the grant and rounded down");
        let family = world.record(&second.refresh).refresh().cloned().unwrap();
        assert_eq!(family.expires_at, end);
        world.advance(ms(29_499));
        assert!(world.resource(&second.access).is_ok());
        world.advance(ms(1));
        assert_eq!(world.resource(&second.access), Err(Reason::InactiveAccessToken));
        assert_eq!(world.refresh(web(), &second.refresh), Err(Reason::GrantExpired));
    });
}

#[test]
fn a_grant_without_an_absolute_end_lives_while_it_is_used() {
    both(|world| {
        world.policy("web", |policy| policy.grant_lifetime = None);
        let mut current = world.issue("web", "read");
        for _ in 0..30 {
            world.advance(secs(29 * 24 * 3600));
            current = world.refresh(web(), &current.refresh).unwrap();
        }
    });
}

#[test]
fn n_090_previous_access_tokens_end_where_the_policy_says_so() {
    both(|world| {
        for rotation in [Rotation::Always, Rotation::Never] {
            world.policy("web", |policy| {
                policy.previous_access_token = PreviousAccessToken::Revoke;
                policy.rotation = rotation;
            });
            let first = world.issue("web", "read");
            let second = world.refresh(web(), &first.refresh).unwrap();
            assert_eq!(world.resource(&first.access), Err(Reason::InactiveAccessToken));
            assert!(world.resource(&second.access).is_ok());
        }
    });
}

#[test]
fn the_oldest_access_token_gives_way_where_there_is_no_room() {
    both(|world| {
        world.policy("web", |policy| policy.max_access_tokens = 2);
        let first = world.issue("web", "read");
        let second = world.refresh(web(), &first.refresh).unwrap();
        assert!(world.resource(&first.access).is_ok());
        let third = world.refresh(web(), &second.refresh).unwrap();
        assert_eq!(world.resource(&first.access), Err(Reason::InactiveAccessToken));
        assert!(world.resource(&second.access).is_ok() && world.resource(&third.access).is_ok());
        world.policy("web", |policy| policy.max_access_tokens = 1);
        let fourth = world.refresh(web(), &third.refresh).unwrap();
        assert_eq!(world.record(&fourth.refresh).access().len(), 1, "a smaller limit holds from the next write");
    });
}

#[test]
fn an_access_token_leaves_the_record_at_the_instant_at_which_it_expires() {
    both(|world| {
        world.policy("web", |policy| policy.access_token_lifetime = secs(10));
        for (wait, left) in [(ms(9_999), 2), (ms(10_000), 1)] {
            let first = world.issue("web", "read");
            world.advance(wait);
            let second = world.refresh(web(), &first.refresh).unwrap();
            assert_eq!(world.record(&second.refresh).access().len(), left, "{wait:?}");
        }
    });
}

#[test]
fn expired_access_tokens_leave_the_record_before_live_ones_do() {
    both(|world| {
        world.policy("web", |policy| {
            policy.max_access_tokens = 2;
            policy.access_token_lifetime = secs(30);
        });
        let first = world.issue("web", "read");
        world.advance(secs(20));
        let second = world.refresh(web(), &first.refresh).unwrap();
        world.advance(secs(10));
        let third = world.refresh(web(), &second.refresh).unwrap();
        assert_eq!(world.record(&third.refresh).access().len(), 2);
        assert!(world.resource(&second.access).is_ok() && world.resource(&third.access).is_ok());
    });
}

#[test]
fn a_lifetime_past_the_end_of_time_is_cut_and_never_wraps() {
    both(|world| {
        world.policy("web", |policy| {
            policy.grant_lifetime = None;
            policy.access_token_lifetime = std::time::Duration::MAX;
            policy.refresh_idle_lifetime = std::time::Duration::MAX;
        });
        let first = world.issue("web", "read");
        let second = world.refresh(web(), &first.refresh).unwrap();
        assert_eq!(world.record(&second.refresh).refresh().unwrap().expires_at, Timestamp::MAX);
        assert!(world.resource(&second.access).is_ok());
    });
}

#[test]
fn both_written_forms_of_a_token_are_one_token() {
    both(|world| {
        strict(world);
        let first = world.issue("web", "read");
        let second = world.refresh(web(), &crate::common::hex(&first.refresh)).unwrap();
        assert!(world.resource(&crate::common::hex(&second.access)).is_ok());
        assert_eq!(world.refresh(web(), &first.refresh), Err(Reason::Replay));
    });
}
