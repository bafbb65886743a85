//! Stores that fail, lie or are busy. An exchange recognises its own commit, and in doubt it never concludes a replay.

use std::time::Duration;

use regrant::{EndReason, EngineFault, ErrorCode, GrantState, Outcome, Reason, Revocation, Rotation, TokenRequest};

use crate::common::{Mishap, Tokens, World, answered, app, both, grant_id, secs, web};

const WINDOWS: [Duration; 2] = [secs(0), secs(10)];

/// Runs a scenario against both drivers, with a zero window and with one of ten seconds.
fn each(scenario: impl Fn(&World, Duration)) {
    for window in WINDOWS {
        both(|world| {
            for client in ["web", "app"] {
                world.policy(client, |policy| policy.retry_window = window);
            }
            scenario(world, window);
        });
    }
}

fn client_credentials() -> TokenRequest<'static> {
    TokenRequest { credentials: web(), grant_type: Some("client_credentials"), ..TokenRequest::default() }
}

/// Whether these tokens are what the record holds.
fn assert_live(world: &World, tokens: &Tokens) {
    assert!(world.resource(&tokens.access).is_ok(), "the access token is live");
    assert!(world.introspect(web(), &tokens.refresh).is_some(), "the refresh token is current");
}

#[test]
fn own_commit_is_recognised_after_an_unknown_outcome_and_after_a_false_conflict() {
    each(|world, _| {
        for mishap in [Mishap::fail_after, Mishap::false_conflict] {
            let first = world.issue("web", "read write");
            let (commits, draws) = (world.store().commits(), world.draws());
            world.log().decisions();
            world.store().script([mishap()]);
            let second = world.refresh(web(), &first.refresh).unwrap();
            let decision = world.decision();
            assert_eq!((decision.outcome, decision.attempts), (Outcome::Rotated, 2));
            assert_eq!(world.store().commits(), commits + 1, "what was written is not written again");
            assert_eq!(world.draws(), draws + 1, "one exchange, one entropy");
            assert_live(world, &second);
            assert_eq!(world.record(&second.refresh).refresh().unwrap().generation, 1);
            assert!(world.refresh(web(), &second.refresh).is_ok());
        }
    });
}

#[test]
fn a_commit_that_did_not_take_place_is_made_again() {
    each(|world, _| {
        let first = world.issue("web", "read");
        world.store().script([Mishap::fail_before(), Mishap::fail_before()]);
        let second = world.refresh(web(), &first.refresh).unwrap();
        assert_live(world, &second);
        assert_eq!(world.record(&second.refresh).refresh().unwrap().generation, 1);
    });
}

#[test]
fn own_commit_is_recognised_however_many_conflicts_came_before() {
    each(|world, _| {
        let first = world.issue("web", "read");
        let touch = || {
            let (store, id) = (world.shared_store(), grant_id(&first.refresh));
            Mishap::meanwhile(move || store.touch(id))
        };
        world.store().script([touch(), touch(), touch(), touch(), Mishap::fail_after()]);
        let second = world.refresh(web(), &first.refresh).unwrap();
        assert_live(world, &second);
    });
}

#[test]
fn own_commit_stays_recognised_while_its_access_token_is_issued_anew() {
    each(|world, _| {
        world.policy("web", |policy| policy.access_token_lifetime = secs(1));
        let first = world.issue("web", "read");
        let clock = world.beside();
        // The store answers so late that the access token has expired, and then it fails once more.
        let late = Mishap::fail_after().and_before(move || clock.advance(secs(2)));
        world.store().script([late, Mishap::fail_after()]);
        let second = world.refresh(web(), &first.refresh).unwrap();
        assert_live(world, &second);
        assert_eq!(world.record(&second.refresh).refresh().unwrap().generation, 1);
    });
}

#[test]
fn in_doubt_no_replay_is_concluded() {
    both(|world| {
        world.policy("web", |policy| policy.retry_window = secs(0));
        let first = world.issue("web", "read");
        let (other, token) = (world.beside(), first.refresh.clone());
        // The commit fails, and before the record is read again somebody else has rotated.
        world.store().script([Mishap::fail_before().and_before(move || {
            other.refresh(web(), &token).unwrap();
        })]);
        assert_eq!(world.refresh(web(), &first.refresh), Err(Reason::CommitInDoubt));
        assert!(!world.record(&first.refresh).is_ended());
        assert_eq!(world.record(&first.refresh).refresh().unwrap().generation, 1);
        assert_eq!(world.refresh(web(), &first.refresh), Err(Reason::Replay), "the next exchange has no doubt");
    });
}

#[test]
fn with_a_window_a_lost_race_is_a_retry_in_doubt_and_out_of_it() {
    both(|world| {
        let mishaps: [fn() -> Mishap; 2] = [Mishap::fail_before, || Mishap::meanwhile(|| {})];
        for mishap in mishaps {
            let first = world.issue("web", "read");
            let (other, token) = (world.beside(), first.refresh.clone());
            world.store().script([mishap().and_before(move || {
                other.refresh(web(), &token).unwrap();
            })]);
            let mine = world.refresh(web(), &first.refresh).unwrap();
            assert_live(world, &mine);
            assert_eq!(world.refresh(web(), &first.refresh), Ok(mine), "one rotation, equal answers");
        }
    });
}

#[test]
fn after_a_false_conflict_a_successor_already_in_use_is_no_replay() {
    both(|world| {
        let first = world.issue("web", "read");
        let (other, token) = (world.beside(), first.refresh.clone());
        let (store, id) = (world.shared_store(), grant_id(&first.refresh));
        // Our commit is written; a parallel retry gets the answer and uses it; only then do we look again.
        world.store().script([Mishap::false_conflict(), Mishap::meanwhile(move || store.touch(id))]);
        let second = world.refresh(web(), &first.refresh).unwrap();
        let third = other.refresh(web(), &second.refresh).unwrap();
        assert_eq!(world.refresh(web(), &token), Err(Reason::SuccessorInUse));
        assert_live(world, &third);
    });
}

#[test]
fn an_unknown_outcome_without_rotation_issues_one_access_token() {
    both(|world| {
        world.policy("web", |policy| policy.rotation = Rotation::Never);
        let first = world.issue("web", "read");
        for mishap in [Mishap::fail_after, Mishap::false_conflict] {
            let known = world.record(&first.refresh).access().len();
            world.store().script([mishap()]);
            let second = world.refresh(web(), &first.refresh).unwrap();
            assert_live(world, &second);
            assert_eq!(world.record(&first.refresh).access().len(), known + 1);
        }
    });
}

#[test]
fn an_unknown_outcome_of_a_retry_for_another_scope_is_recognised() {
    both(|world| {
        let first = world.issue("web", "read write");
        let second = world.refresh(web(), &first.refresh).unwrap();
        world.store().script([Mishap::fail_after()]);
        let narrow = world.refresh_for(web(), &first.refresh, "read").unwrap();
        assert_eq!(narrow.refresh, second.refresh);
        assert_eq!(world.record(&first.refresh).access().len(), 3);
        assert_eq!(world.refresh_for(web(), &first.refresh, "read"), Ok(narrow));
    });
}

#[test]
fn an_unknown_outcome_of_an_issue_makes_one_grant() {
    both(|world| {
        for mishap in [Mishap::fail_after, Mishap::fail_before, Mishap::false_conflict] {
            let known = world.snapshot().len();
            world.store().script([mishap()]);
            let first = world.issue("web", "read");
            assert_live(world, &first);
            world.store().script([mishap()]);
            let own = world.client_credentials(web(), None).unwrap();
            assert!(world.resource(&own.access).is_ok());
            assert_eq!(world.snapshot().len(), known + 2);
        }
    });
}

#[test]
fn contention_is_bounded_and_the_wait_is_shorter_than_the_window() {
    both(|world| {
        for (window, most) in [(secs(10), secs(9)), (secs(1), Duration::from_millis(999)), (secs(0), secs(0))] {
            world.policy("web", |policy| policy.retry_window = window);
            let first = world.issue("web", "read");
            let (commits, before) = (world.store().commits(), world.record(&first.refresh));
            let (store, id) = (world.shared_store(), grant_id(&first.refresh));
            world.store().always(move || {
                let store = store.clone();
                Mishap::meanwhile(move || store.touch(id))
            });
            let error = world.failed_refresh(web(), &first.refresh);
            world.store().recover();
            let EngineFault::Contended { retry_after } = error.fault else { panic!("{error:?}") };
            assert!(retry_after <= most, "{retry_after:?} for {window:?}");
            assert_eq!(retry_after.is_zero(), window <= secs(1), "and no shorter than it must be");
            assert_eq!(error.fault.code(), ErrorCode::TemporarilyUnavailable);
            assert_eq!(error.decision.outcome, Outcome::Fault);
            assert_eq!(world.store().commits() - commits, 32);
            assert_eq!(world.record(&first.refresh).refresh(), before.refresh());
            assert!(world.refresh(web(), &first.refresh).is_ok(), "nothing was lost");
        }
    });
}

#[test]
fn a_store_that_always_fails_is_a_fault_and_loses_nothing() {
    each(|world, _| {
        let first = world.issue("app", "read");
        let (before, commits) = (world.snapshot(), world.store().commits());
        world.log().decisions();
        world.store().always(Mishap::fail_before);
        let error = world.failed_refresh(app(), &first.refresh);
        assert_eq!(world.store().commits() - commits, 3, "and it is not asked for ever");
        assert!(matches!(error.fault, EngineFault::Store(_)), "{error:?}");
        assert!(error.fault.retry_after().is_some());
        assert_eq!(world.decision().outcome, Outcome::Fault);
        assert!(world.try_revoke(app(), Some(&first.refresh)).is_err(), "N-202: never a success on failure");
        world.store().recover();
        assert_eq!(world.snapshot(), before);
        assert!(world.refresh(app(), &first.refresh).is_ok());
    });
}

#[test]
fn a_store_that_cannot_be_read_is_a_fault_of_every_request() {
    both(|world| {
        let first = world.issue("web", "read");
        let before = world.snapshot();
        world.store().fail_loads(u32::MAX);
        assert!(matches!(world.failed_refresh(web(), &first.refresh).fault, EngineFault::Store(_)));
        assert!(world.try_revoke(web(), Some(&first.refresh)).is_err());
        assert!(world.try_introspect(web(), Some(&first.access)).is_err());
        assert!(world.try_resource(Some(&first.access)).is_err());
        world.store().recover();
        assert_eq!(world.snapshot(), before);
    });
}

#[test]
fn a_client_whose_answer_was_lost_with_the_store_finds_it_inside_the_window() {
    both(|world| {
        let first = world.issue("app", "read");
        let store = world.shared_store();
        // The change is written, the answer is lost, and the store does not come back in time to be read.
        world.store().script([Mishap::fail_after().and_before(move || store.fail_loads(1))]);
        let error = world.failed_refresh(app(), &first.refresh);
        assert!(matches!(error.fault, EngineFault::Store(_)));
        let second = world.refresh(app(), &first.refresh).unwrap();
        assert_eq!(world.record(&first.refresh).refresh().unwrap().generation, 1);
        assert!(world.refresh(app(), &second.refresh).is_ok());
    });
}

#[test]
fn a_purged_grant_stays_purged() {
    each(|world, _| {
        let first = world.issue("web", "read");
        let (store, id) = (world.shared_store(), grant_id(&first.refresh));
        world.store().script([Mishap::meanwhile(move || store.remove(id))]);
        assert_eq!(world.refresh(web(), &first.refresh), Err(Reason::UnknownGrant));
        assert!(world.snapshot().is_empty());
    });
}

#[test]
fn a_revocation_is_not_starved_by_a_busy_writer() {
    both(|world| {
        let first = world.issue("web", "read");
        let (store, id, commits) = (world.shared_store(), grant_id(&first.refresh), world.store().commits());
        world.store().always(move || {
            let store = store.clone();
            Mishap::meanwhile(move || store.touch(id))
        });
        world.revoke(web(), &first.refresh).unwrap();
        assert_eq!(world.store().commits(), commits + 1);
        assert!(world.record(&first.refresh).is_ended());
    });
}

#[test]
fn a_replay_ends_the_grant_under_a_busy_writer_as_well() {
    both(|world| {
        world.policy("web", |policy| policy.retry_window = secs(0));
        let first = world.issue("web", "read");
        world.refresh(web(), &first.refresh).unwrap();
        let (store, id) = (world.shared_store(), grant_id(&first.refresh));
        world.store().always(move || {
            let store = store.clone();
            Mishap::meanwhile(move || store.touch(id))
        });
        assert_eq!(world.refresh(web(), &first.refresh), Err(Reason::Replay));
        assert!(world.record(&first.refresh).is_ended());
    });
}

#[test]
fn a_refresh_that_meets_a_revocation_under_way_is_refused() {
    each(|world, _| {
        let first = world.issue("web", "read");
        let (other, token) = (world.beside(), first.refresh.clone());
        world.store().script([Mishap::meanwhile(move || other.revoke(web(), &token).unwrap())]);
        assert_eq!(world.refresh(web(), &first.refresh), Err(Reason::GrantEnded));
    });
}

#[test]
fn an_end_of_unknown_outcome_is_told_as_what_it_is() {
    each(|world, _| {
        for mishap in [Mishap::fail_after, Mishap::fail_before] {
            let first = world.issue("web", "read");
            world.log().decisions();
            world.store().script([mishap()]);
            world.revoke(web(), &first.refresh).unwrap();
            assert_eq!(world.decision().outcome, Outcome::GrantRevoked);
            assert_eq!(world.log().revocations(), [Revocation::Grant(grant_id(&first.refresh))]);
            let ended = GrantState::Ended { at: world.now(), reason: EndReason::Revoked };
            assert_eq!(world.record(&first.refresh).state(), ended);
        }
    });
}

#[test]
fn a_replay_whose_end_has_an_unknown_outcome_is_told_as_a_replay() {
    both(|world| {
        world.policy("web", |policy| policy.retry_window = secs(0));
        for mishap in [Mishap::fail_after, Mishap::fail_before] {
            let first = world.issue("web", "read");
            world.refresh(web(), &first.refresh).unwrap();
            world.log().decisions();
            world.store().script([mishap()]);
            assert_eq!(world.refresh(web(), &first.refresh), Err(Reason::Replay));
            assert_eq!(world.decision().outcome, Outcome::Refused(Reason::Replay));
            assert_eq!(world.log().revocations(), [Revocation::Grant(grant_id(&first.refresh))]);
            let ended = GrantState::Ended { at: world.now(), reason: EndReason::Replayed };
            assert_eq!(world.record(&first.refresh).state(), ended);
        }
    });
}

#[test]
fn an_end_that_is_written_again_is_counted_as_another_attempt() {
    each(|world, _| {
        let first = world.issue("web", "read");
        world.log().decisions();
        world.store().script([Mishap::fail_before(), Mishap::fail_after()]);
        world.revoke(web(), &first.refresh).unwrap();
        assert_eq!(world.decision().attempts, 3);
        let second = world.issue("web", "read");
        world.store().script([Mishap::fail_before(), Mishap::fail_before(), Mishap::fail_before()]);
        let error = world.try_revoke(web(), Some(&second.refresh)).unwrap_err();
        assert_eq!((error.decision.outcome, error.decision.attempts), (Outcome::Fault, 3));
        assert!(!world.record(&second.refresh).is_ended());
    });
}

#[test]
fn a_new_grant_that_ended_before_its_own_commit_was_found_is_not_given_out() {
    both(|world| {
        let (store, now) = (world.shared_store(), world.now());
        world.store().script([Mishap::fail_after()]);
        world.store().before_load(move || store.end_all(now));
        let error = world.token(client_credentials()).unwrap_err();
        assert!(matches!(error.fault, EngineFault::Contended { .. }), "{error:?}");
        assert!(world.snapshot().into_values().all(|grant| grant.is_ended()));
    });
}

#[test]
fn an_access_token_revoked_with_an_unknown_outcome_is_gone() {
    both(|world| {
        for mishap in [Mishap::fail_after, Mishap::fail_before, Mishap::false_conflict] {
            let first = world.issue("web", "read");
            world.store().script([mishap()]);
            world.revoke(web(), &first.access).unwrap();
            assert_eq!(world.resource(&first.access), Err(Reason::InactiveAccessToken));
            assert!(!world.record(&first.refresh).is_ended());
        }
    });
}

#[test]
fn registrations_that_cannot_be_read_are_a_fault_and_never_a_refusal() {
    both(|world| {
        let first = world.issue("web", "read");
        let before = world.snapshot();
        world.clients().go_down();
        let errors = [
            world.failed_refresh(web(), &first.refresh),
            world.try_revoke(web(), Some(&first.refresh)).unwrap_err(),
            world.try_introspect(web(), Some(&first.access)).unwrap_err(),
            // Nobody authenticates here, but the client's epoch and state are asked for.
            world.try_resource(Some(&first.access)).unwrap_err(),
        ];
        for error in errors {
            assert!(matches!(error.fault, EngineFault::Clients(_)), "{error:?}");
            assert_eq!(
                (error.decision.outcome, error.fault.code()),
                (Outcome::Fault, ErrorCode::TemporarilyUnavailable)
            );
        }
        assert_eq!(world.snapshot(), before);
    });
}

#[test]
fn without_randomness_nothing_is_decided_or_written() {
    both(|world| {
        let first = world.issue("web", "read");
        let before = world.snapshot();
        world.run_dry();
        let error = world.failed_refresh(web(), &first.refresh);
        assert!(matches!(error.fault, EngineFault::Entropy(_)), "{error:?}");
        assert_eq!(world.snapshot(), before);
        assert!(world.resource(&first.access).is_ok(), "what makes no token needs no randomness");
        assert!(answered(world.try_revoke(web(), Some(&first.refresh))).is_ok());
    });
}
