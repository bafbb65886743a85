//! The retry rule: when the answer to a rotation is lost, the same request gives the same answer (N-119).

use std::thread;
use std::time::Duration;

use regrant::{EngineFault, GrantState, Outcome, PreviousAccessToken, Reason, Rules};

use crate::common::{Kind, PEPPER, Tokens, World, app, both, ms, pepper, secs, web, web2};

const WINDOW: Duration = Duration::from_secs(10);

/// An issued grant and its first rotation.
fn rotated(world: &World, client: &str) -> (Tokens, Tokens) {
    let who = if client == "app" { app() } else { web() };
    let first = world.issue(client, "read write");
    let second = world.refresh(who, &first.refresh).unwrap();
    (first, second)
}

#[test]
fn n_119_a_retry_gives_the_same_tokens_and_writes_nothing() {
    both(|world| {
        for (client, who) in [("web", web()), ("app", app())] {
            let (first, second) = rotated(world, client);
            let (before, commits) = (world.snapshot(), world.store().commits());
            world.log().decisions();
            for _ in 0..3 {
                assert_eq!(world.refresh(who, &first.refresh), Ok(second.clone()));
                assert_eq!(world.decision().outcome, Outcome::Retried);
            }
            assert_eq!((world.snapshot(), world.store().commits()), (before, commits));
            assert!(world.refresh(who, &second.refresh).is_ok());
        }
    });
}

#[test]
fn n_132_only_expires_in_of_a_retry_differs_and_is_rounded_down() {
    both(|world| {
        let (first, second) = rotated(world, "web");
        assert_eq!(second.expires_in, 3600);
        world.advance(ms(1));
        assert_eq!(world.refresh(web(), &first.refresh), Ok(Tokens { expires_in: 3599, ..second.clone() }));
        world.advance(ms(8_999));
        assert_eq!(world.refresh(web(), &first.refresh), Ok(Tokens { expires_in: 3591, ..second }));
    });
}

#[test]
fn the_window_is_open_one_millisecond_before_its_end_and_closed_at_it() {
    both(|world| {
        let (first, second) = rotated(world, "web");
        world.advance(ms(9_999));
        assert_eq!(world.refresh(web(), &first.refresh).unwrap().refresh, second.refresh);
        world.advance(ms(1));
        assert_eq!(world.refresh(web(), &first.refresh), Err(Reason::Replay));
        assert!(world.record(&first.refresh).is_ended());
    });
}

#[test]
fn the_window_counts_both_ways_so_a_node_slightly_behind_is_harmless() {
    both(|world| {
        let (first, second) = rotated(world, "web");
        world.set_back(ms(9_999));
        assert_eq!(world.refresh(web(), &first.refresh).unwrap().refresh, second.refresh);
        world.set_back(ms(1));
        assert_eq!(world.refresh(web(), &first.refresh), Err(Reason::Replay));
    });
}

#[test]
fn inside_the_window_a_token_whose_successor_was_used_is_refused_and_nothing_is_written() {
    both(|world| {
        let (first, second) = rotated(world, "web");
        let third = world.refresh(web(), &second.refresh).unwrap();
        let before = world.snapshot();
        assert_eq!(world.refresh(web(), &first.refresh), Err(Reason::SuccessorInUse));
        assert_eq!(world.snapshot(), before);
        assert!(world.refresh(web(), &third.refresh).is_ok());
    });
}

#[test]
fn four_spent_tokens_are_remembered_and_the_fifth_is_a_replay() {
    both(|world| {
        let mut line = vec![world.issue("web", "read")];
        for _ in 0..5 {
            let next = world.refresh(web(), &line.last().unwrap().refresh).unwrap();
            line.push(next);
            world.advance(ms(1));
        }
        assert_eq!(world.record(&line[5].refresh).refresh().unwrap().spent.len(), 4);
        let before = world.snapshot();
        assert_eq!(world.refresh(web(), &line[4].refresh).unwrap().refresh, line[5].refresh);
        for spent in &line[1..4] {
            assert_eq!(world.refresh(web(), &spent.refresh), Err(Reason::SuccessorInUse));
        }
        assert_eq!(world.snapshot(), before);
        assert_eq!(world.refresh(web(), &line[0].refresh), Err(Reason::Replay));
        assert!(world.record(&line[0].refresh).is_ended());
    });
}

#[test]
fn an_older_spent_token_is_not_taken_for_the_latest_when_the_clock_was_set_back() {
    both(|world| {
        let (first, second) = rotated(world, "web");
        world.set_back(secs(5));
        let third = world.refresh(web(), &second.refresh).unwrap();
        world.advance(secs(12));
        // The latest spent token is out of its window by now, and the one before it is not.
        let before = world.snapshot();
        assert_eq!(world.refresh(web(), &first.refresh), Err(Reason::SuccessorInUse));
        assert_eq!(world.snapshot(), before);
        assert_eq!(world.refresh(web(), &second.refresh), Err(Reason::Replay));
        assert_eq!(world.refresh(web(), &third.refresh), Err(Reason::GrantEnded));
    });
}

#[test]
fn spent_tokens_are_forgotten_with_their_window() {
    both(|world| {
        let (first, second) = rotated(world, "web");
        world.advance(WINDOW);
        let third = world.refresh(web(), &second.refresh).unwrap();
        assert_eq!(world.record(&third.refresh).refresh().unwrap().spent.len(), 1);
        assert_eq!(world.refresh(web(), &first.refresh), Err(Reason::Replay));
    });
}

#[test]
fn a_retry_for_another_scope_keeps_the_successor_and_is_idempotent_as_well() {
    both(|world| {
        let (first, second) = rotated(world, "web");
        let narrow = world.refresh_for(web(), &first.refresh, "write").unwrap();
        assert_eq!((&narrow.refresh, narrow.scope.as_str()), (&second.refresh, "write"));
        assert_ne!(narrow.access, second.access);
        let before = world.snapshot();
        assert_eq!(world.refresh_for(web(), &first.refresh, "write"), Ok(narrow.clone()));
        assert_eq!(world.refresh(web(), &first.refresh), Ok(second.clone()), "the first scope has its first token");
        assert_eq!(world.refresh_for(web(), &first.refresh, "write read"), Ok(second.clone()), "order means nothing");
        assert_eq!(world.refresh_for(web(), &first.refresh, "read read write"), Ok(second.clone()));
        assert_eq!(world.snapshot(), before);
        assert_eq!(world.resource(&narrow.access).unwrap().scope.as_str(), "write");
        assert_eq!(world.resource(&second.access).unwrap().scope.as_str(), "read write");
        assert_eq!(world.refresh_for(web(), &first.refresh, "admin"), Err(Reason::ScopeNotGranted));
    });
}

#[test]
fn a_revoked_access_token_never_comes_back() {
    both(|world| {
        let (first, second) = rotated(world, "web");
        world.revoke(web(), &second.access).unwrap();
        let again = world.refresh(web(), &first.refresh).unwrap();
        assert_eq!(again.refresh, second.refresh);
        assert_ne!(again.access, second.access);
        assert!(world.resource(&again.access).is_ok());
        assert_eq!(world.resource(&second.access), Err(Reason::InactiveAccessToken));
    });
}

#[test]
fn an_expired_access_token_never_comes_back() {
    both(|world| {
        world.policy("web", |policy| policy.access_token_lifetime = secs(2));
        let (first, second) = rotated(world, "web");
        world.advance(secs(2));
        let again = world.refresh(web(), &first.refresh).unwrap();
        assert!(again.refresh == second.refresh && again.access != second.access);
        assert_eq!(again.expires_in, 2);
        world.advance(secs(2));
        let once_more = world.refresh(web(), &first.refresh).unwrap();
        assert!(once_more.access != second.access && once_more.access != again.access);
        world.set_back(secs(4));
        assert_eq!(world.resource(&second.access), Err(Reason::InactiveAccessToken), "not even for a clock behind");
    });
}

#[test]
fn an_evicted_access_token_never_comes_back() {
    both(|world| {
        world.policy("web", |policy| policy.max_access_tokens = 1);
        let (first, second) = rotated(world, "web");
        let narrow = world.refresh_for(web(), &first.refresh, "read").unwrap();
        assert_eq!(world.resource(&second.access), Err(Reason::InactiveAccessToken));
        let again = world.refresh(web(), &first.refresh).unwrap();
        assert!(again.access != second.access && again.access != narrow.access);
        assert_eq!(again.refresh, second.refresh);
    });
}

#[test]
fn a_retry_never_ends_the_access_tokens_before_it() {
    both(|world| {
        world.policy("web", |policy| policy.previous_access_token = PreviousAccessToken::Revoke);
        let (first, second) = rotated(world, "web");
        let narrow = world.refresh_for(web(), &first.refresh, "read").unwrap();
        world.refresh(web(), &first.refresh).unwrap();
        assert!(world.resource(&second.access).is_ok() && world.resource(&narrow.access).is_ok());
    });
}

#[test]
fn n_117_a_retry_does_not_start_the_idle_time_anew() {
    both(|world| {
        world.policy("web", |policy| {
            policy.retry_window = secs(1000);
            policy.refresh_idle_lifetime = secs(100);
        });
        let (first, second) = rotated(world, "web");
        world.advance(secs(99));
        world.refresh(web(), &first.refresh).unwrap();
        world.refresh_for(web(), &first.refresh, "read").unwrap();
        world.advance(secs(1));
        assert_eq!(world.refresh(web(), &first.refresh), Err(Reason::RefreshTokenExpired));
        assert_eq!(world.refresh(web(), &second.refresh), Err(Reason::RefreshTokenExpired));
    });
}

#[test]
fn a_zero_window_never_retries_and_stores_no_salt() {
    both(|world| {
        world.policy("web", |policy| policy.retry_window = secs(0));
        let (first, second) = rotated(world, "web");
        let family = world.record(&second.refresh).refresh().cloned().unwrap();
        assert!(family.retry.is_none() && family.spent.is_empty());
        assert_eq!(world.refresh(web(), &first.refresh), Err(Reason::Replay));
    });
}

#[test]
fn a_window_that_is_closed_later_stays_closed_for_earlier_rotations() {
    both(|world| {
        let (first, _) = rotated(world, "web");
        world.policy("web", |policy| policy.retry_window = secs(0));
        assert_eq!(world.refresh(web(), &first.refresh), Err(Reason::Replay));
    });
}

#[test]
fn a_window_that_is_opened_later_does_not_reach_earlier_rotations() {
    both(|world| {
        world.policy("web", |policy| policy.retry_window = secs(0));
        let (first, _) = rotated(world, "web");
        world.policy("web", |policy| policy.retry_window = secs(10));
        assert_eq!(world.refresh(web(), &first.refresh), Err(Reason::Replay));
    });
}

#[test]
fn the_wrong_pepper_is_a_fault_of_the_server_and_writes_nothing() {
    both(|world| {
        let (first, second) = rotated(world, "web");
        let changed = world.under(Rules::new(pepper(PEPPER + 1)));
        let (before, commits) = (world.snapshot(), world.store().commits());
        world.log().decisions();
        let error = changed.failed_refresh(web(), &first.refresh);
        assert!(matches!(error.fault, EngineFault::PepperMismatch), "{error:?}");
        assert_eq!(world.decision().outcome, Outcome::Fault);
        assert_eq!((world.snapshot(), world.store().commits()), (before, commits));
        assert_eq!(world.refresh(web(), &first.refresh), Ok(second.clone()), "with the right one nothing was lost");
        assert!(changed.refresh(web(), &second.refresh).is_ok(), "no pepper is needed to go on");
    });
}

#[test]
fn the_previous_pepper_is_accepted_and_new_rotations_use_the_current_one() {
    both(|world| {
        let (first, second) = rotated(world, "web");
        let both_peppers = pepper(PEPPER + 1).with_previous(vec![PEPPER; 32]).unwrap();
        let changing = world.under(Rules::new(both_peppers));
        assert_eq!(changing.refresh(web(), &first.refresh), Ok(second.clone()));
        let third = changing.refresh(web(), &second.refresh).unwrap();
        let changed = world.under(Rules::new(pepper(PEPPER + 1)));
        assert_eq!(changed.refresh(web(), &second.refresh), Ok(third));
    });
}

#[test]
fn n_082_only_the_owner_may_retry() {
    both(|world| {
        let (first, second) = rotated(world, "web");
        let before = world.snapshot();
        assert_eq!(world.refresh(web2(), &first.refresh), Err(Reason::ForeignGrant));
        assert_eq!(world.refresh(app(), &first.refresh), Err(Reason::ForeignGrant));
        assert_eq!(world.snapshot(), before);
        assert!(world.refresh(web(), &second.refresh).is_ok());
    });
}

#[test]
fn an_ended_grant_is_not_retried() {
    both(|world| {
        let (first, second) = rotated(world, "web");
        world.revoke(web(), &second.refresh).unwrap();
        assert_eq!(world.refresh(web(), &first.refresh), Err(Reason::GrantEnded));
        assert!(matches!(world.record(&first.refresh).state(), GrantState::Ended { .. }));
    });
}

#[test]
fn a_forged_secret_of_a_genuine_lineage_is_a_replay_inside_the_window_too() {
    both(|world| {
        let (_, second) = rotated(world, "web");
        assert_eq!(world.refresh(web(), &crate::common::secret_flipped(&second.refresh)), Err(Reason::Replay));
    });
}

#[test]
fn n_122_parallel_refreshes_give_one_rotation_and_equal_answers() {
    for kind in [Kind::Blocking, Kind::Awaited] {
        let world = World::new(kind);
        for _ in 0..50 {
            let first = world.issue("app", "read");
            let answers: Vec<Tokens> = thread::scope(|scope| {
                let refresh = || world.refresh(app(), &first.refresh).unwrap();
                let threads: Vec<_> = (0..8).map(|_| scope.spawn(refresh)).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
            assert_eq!(world.record(&first.refresh).refresh().unwrap().generation, 1);
        }
    }
}

#[test]
fn n_122_with_a_zero_window_parallel_refreshes_have_one_success_at_most_one_successor() {
    for kind in [Kind::Blocking, Kind::Awaited] {
        let world = World::new(kind);
        world.policy("app", |policy| policy.retry_window = secs(0));
        for _ in 0..50 {
            let first = world.issue("app", "read");
            let answers: Vec<_> = thread::scope(|scope| {
                let refresh = || world.refresh(app(), &first.refresh);
                let threads: Vec<_> = (0..8).map(|_| scope.spawn(refresh)).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "{answers:?}");
            assert_eq!(world.record(&first.refresh).refresh().unwrap().generation, 1);
        }
    }
}
