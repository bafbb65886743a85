//! Bugs that servers and libraries of this kind have shipped, each under its name. The design has no room for them; these
//! tests say so by example, on both drivers. Elsewhere each is also searched for: by properties, by the simulator, by the
//! model. One more, of a dialect, stands in the tests of `regrant-http`.

use regrant::{EndReason, EngineFault, GrantState, Reason, encode_tokens};

use crate::common::{Mishap, World, app, both, grant_id, ms, secs, web, web2};

/// A store in which somebody else writes the record just before each commit.
fn busy(world: &World, token: &str) {
    let (store, id) = (world.shared_store(), grant_id(token));
    world.store().always(move || {
        let store = std::sync::Arc::clone(&store);
        Mishap::meanwhile(move || store.touch(id))
    });
}

fn strict(world: &World) {
    for client in ["web", "app"] {
        world.policy(client, |policy| policy.retry_window = secs(0));
    }
}

#[test]
fn bug_a_client_that_is_not_the_owner_burns_the_grant() {
    both(|world| {
        strict(world);
        let first = world.issue("web", "read");
        let second = world.refresh(web(), &first.refresh).unwrap();
        let before = world.snapshot();
        for token in [&first.refresh, &second.refresh] {
            assert_eq!(world.refresh(web2(), token), Err(Reason::ForeignGrant));
            assert_eq!(world.refresh(app(), token), Err(Reason::ForeignGrant));
        }
        assert_eq!(world.snapshot(), before);
        assert!(world.refresh(web(), &second.refresh).is_ok());
    });
}

#[test]
fn bug_a_request_refused_for_its_scope_has_already_spent_the_token() {
    both(|world| {
        strict(world);
        let first = world.issue("web", "read");
        assert_eq!(world.refresh_for(web(), &first.refresh, "admin"), Err(Reason::ScopeNotGranted));
        assert_eq!(world.refresh_for(web(), &first.refresh, "\\"), Err(Reason::MalformedScope));
        assert!(world.refresh(web(), &first.refresh).is_ok());
    });
}

#[test]
fn bug_a_revocation_is_rolled_back_together_with_the_error_answer() {
    both(|world| {
        strict(world);
        let first = world.issue("web", "read");
        let second = world.refresh(web(), &first.refresh).unwrap();
        // Where the end cannot be written, nobody is told that there was a replay.
        world.store().always(Mishap::fail_before);
        assert!(matches!(world.failed_refresh(web(), &first.refresh).fault, EngineFault::Store(_)));
        world.store().recover();
        assert_eq!(world.refresh(web(), &first.refresh), Err(Reason::Replay));
        let ended = GrantState::Ended { at: world.now(), reason: EndReason::Replayed };
        assert_eq!(world.record(&second.refresh).state(), ended, "the refusal and the end go together");
        assert_eq!(world.refresh(web(), &second.refresh), Err(Reason::GrantEnded));
    });
}

#[test]
fn bug_a_transaction_that_is_optional_and_silently_absent() {
    both(|world| {
        let first = world.issue("web", "read");
        let mut commits = world.store().commits();
        let mut one_commit = |what: &str| {
            commits += 1;
            assert_eq!(
                world.store().commits(),
                commits,
                "{what}: there is nothing that a transaction would hold together"
            );
        };
        let second = world.refresh(web(), &first.refresh).unwrap();
        one_commit("a rotation");
        world.revoke(web(), &second.access).unwrap();
        one_commit("the revocation of an access token");
        world.revoke(web(), &second.refresh).unwrap();
        one_commit("the end of a grant with all its tokens");
    });
}

#[test]
fn bug_a_failed_or_conflicting_write_swallowed_and_answered_with_success() {
    both(|world| {
        let first = world.issue("web", "read");
        let before = world.snapshot();
        world.store().always(Mishap::fail_before);
        assert!(matches!(world.failed_refresh(web(), &first.refresh).fault, EngineFault::Store(_)));
        assert!(world.try_revoke(web(), Some(&first.access)).is_err());
        assert!(world.try_revoke(web(), Some(&first.refresh)).is_err());
        world.store().recover();
        assert_eq!(world.snapshot(), before);
        busy(world, &first.refresh);
        assert!(matches!(world.failed_refresh(web(), &first.refresh).fault, EngineFault::Contended { .. }));
        world.store().recover();
        assert_eq!(world.record(&first.refresh).refresh(), before[&grant_id(&first.refresh)].refresh());
    });
}

#[test]
fn bug_a_revoked_grant_restored_by_a_late_whole_record_save() {
    both(|world| {
        let first = world.issue("web", "read");
        let (other, token) = (world.beside(), first.refresh.clone());
        // The refresh has read the record; before it writes, the client logs out.
        world.store().script([Mishap::meanwhile(move || other.revoke(web(), &token).unwrap())]);
        assert_eq!(world.refresh(web(), &first.refresh), Err(Reason::GrantEnded));
        assert!(world.record(&first.refresh).is_ended());
    });
}

#[test]
fn bug_the_lost_answer_that_logs_an_innocent_user_out() {
    both(|world| {
        let first = world.issue("app", "read");
        let lost = world.refresh(app(), &first.refresh).unwrap();
        world.advance(secs(9));
        let again = world.refresh(app(), &first.refresh).unwrap();
        assert_eq!((&again.refresh, &again.access), (&lost.refresh, &lost.access));
        assert!(world.refresh(app(), &again.refresh).is_ok());
    });
}

#[test]
fn bug_a_timeout_after_commit_punished_as_theft() {
    both(|world| {
        for window in [0, 10] {
            world.policy("app", |policy| policy.retry_window = secs(window));
            let first = world.issue("app", "read");
            world.store().script([Mishap::fail_after()]);
            let second = world.refresh(app(), &first.refresh).unwrap();
            assert!(world.refresh(app(), &second.refresh).is_ok());
        }
    });
}

#[test]
fn bug_two_live_successors_after_two_concurrent_refreshes() {
    both(|world| {
        for window in [0, 10] {
            world.policy("app", |policy| policy.retry_window = secs(window));
            let first = world.issue("app", "read");
            let (other, token) = (world.beside(), first.refresh.clone());
            let (told, hears) = std::sync::mpsc::channel();
            world.store().script([Mishap::meanwhile(move || {
                told.send(other.refresh(app(), &token)).unwrap();
            })]);
            let mine = world.refresh(app(), &first.refresh);
            let others = hears.try_recv().unwrap().unwrap();
            match window {
                0 => assert_eq!(mine, Err(Reason::Replay)),
                _ => assert_eq!(mine.unwrap().refresh, others.refresh, "the same successor, not another one"),
            }
            assert_eq!(world.record(&first.refresh).refresh().unwrap().generation, 1);
        }
    });
}

#[test]
fn bug_a_race_lost_by_milliseconds_taken_for_a_clock_set_back_and_punished() {
    both(|world| {
        let first = world.issue("app", "read");
        let second = world.refresh(app(), &first.refresh).unwrap();
        // The loser of the race read its clock a moment before the winner did.
        world.set_back(ms(3));
        assert_eq!(world.refresh(app(), &first.refresh).unwrap().refresh, second.refresh);
        assert!(!world.record(&first.refresh).is_ended());
    });
}

#[test]
fn bug_a_stores_own_retry_of_a_commit_seen_as_a_conflict_and_punished() {
    both(|world| {
        for window in [0, 10] {
            world.policy("app", |policy| policy.retry_window = secs(window));
            let first = world.issue("app", "read");
            world.store().script([Mishap::false_conflict()]);
            let second = world.refresh(app(), &first.refresh).unwrap();
            assert!(world.refresh(app(), &second.refresh).is_ok());
        }
    });
}

#[test]
fn bug_a_revocation_starved_by_a_busy_thief() {
    both(|world| {
        let first = world.issue("app", "read");
        // Whatever is committed, the thief was a moment faster: a refresh of the owner would give up.
        busy(world, &first.refresh);
        world.revoke(app(), &first.refresh).unwrap();
        assert!(world.record(&first.refresh).is_ended(), "an end asks for no revision");
    });
}

#[test]
fn bug_a_purged_grant_brought_back_by_an_upsert() {
    both(|world| {
        let first = world.issue("app", "read");
        let (store, id) = (world.shared_store(), grant_id(&first.refresh));
        world.store().script([Mishap::meanwhile(move || store.remove(id))]);
        assert_eq!(world.refresh(app(), &first.refresh), Err(Reason::UnknownGrant));
        assert!(world.snapshot().is_empty());
    });
}

#[test]
fn bug_a_retry_under_a_wrong_pepper_that_hands_out_a_token_which_does_not_exist() {
    both(|world| {
        let first = world.issue("app", "read");
        world.refresh(app(), &first.refresh).unwrap();
        let before = world.snapshot();
        let other = world.under(regrant::Rules::new(crate::common::pepper(1)));
        assert!(matches!(other.failed_refresh(app(), &first.refresh).fault, EngineFault::PepperMismatch));
        assert_eq!(world.snapshot(), before);
    });
}

#[test]
fn bug_revocation_that_costs_more_the_longer_a_family_has_lived() {
    let cost = |refreshes: u32| {
        let world = World::new(crate::common::Kind::Blocking);
        let mut current = world.issue("app", "read");
        for _ in 0..refreshes {
            world.advance(secs(600));
            current = world.refresh(app(), &current.refresh).unwrap();
        }
        let record = world.record(&current.refresh);
        let before = (world.store().loads(), world.store().commits());
        world.revoke(app(), &current.refresh).unwrap();
        let (loads, commits) = (world.store().loads() - before.0, world.store().commits() - before.1);
        (loads, commits, encode_tokens(record.refresh(), record.access()).len())
    };
    let young = cost(10);
    assert_eq!((young.0, young.1), (1, 1), "one load and one commit");
    assert_eq!(cost(2000), young);
}

#[test]
fn bug_a_table_that_grows_with_every_refresh() {
    both(|world| {
        let mut current = world.issue("app", "read");
        for _ in 0..500 {
            world.advance(secs(1));
            current = world.refresh(app(), &current.refresh).unwrap();
        }
        assert_eq!(world.snapshot().len(), 1);
        let record = world.record(&current.refresh);
        assert!(record.refresh().unwrap().spent.len() <= 4 && record.access().len() <= 16);
    });
}
