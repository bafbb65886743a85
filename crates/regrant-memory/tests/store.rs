//! The ports and the management over memory.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by a panic")]

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use regrant::{
    AccessEntry, Attributes, Change, ClientId, CommitOutcome, Digest, EndReason, Grant, GrantFilter, GrantId,
    GrantManagement as _, GrantState, Revision, Scope, Subject, Terms, Timestamp, TokenStore, end_all,
};
use regrant_memory::MemoryStore;

const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);
const HOUR: Duration = Duration::from_hours(1);

fn id(n: u16) -> GrantId {
    // Spread over the maps, and ascending with `n`.
    let mut bytes = [0; 16];
    bytes[..2].copy_from_slice(&n.wrapping_mul(64).to_be_bytes());
    bytes[8..10].copy_from_slice(&n.to_be_bytes());
    GrantId::from_bytes(bytes)
}

fn grant(id: GrantId, client: &str, revision: u64, expires_at: Timestamp) -> Grant {
    let terms = Terms {
        client_id: ClientId::parse(client).unwrap(),
        client_epoch: 0,
        subject: Some(Subject::parse("alice").unwrap()),
        scope: Scope::empty(),
        attributes: Attributes::new(),
        created_at: NOW,
        expires_at: None,
    };
    let access = AccessEntry { digest: Digest::from_bytes([1; 32]), issued_at: NOW, expires_at, scope: None };
    let revision = Revision::new(revision);
    Grant::new(id, revision, GrantState::Active, Arc::new(terms), None, vec![access]).unwrap()
}

fn commit(store: &MemoryStore, change: Change) -> CommitOutcome {
    let Ok(outcome) = TokenStore::commit(store, change);
    outcome
}

fn load(store: &MemoryStore, id: GrantId) -> Option<Grant> {
    let Ok(found) = TokenStore::load(store, &id);
    found
}

fn filled(count: u16) -> MemoryStore {
    let store = MemoryStore::new();
    for n in 0..count {
        let client = if n % 2 == 0 { "even" } else { "odd" };
        assert_eq!(commit(&store, Change::Insert(grant(id(n), client, 1, NOW.after(HOUR)))), CommitOutcome::Committed);
    }
    store
}

#[test]
fn what_lost_the_race_or_is_missing_is_a_conflict_and_writes_nothing() {
    let store = filled(1);
    let replace = |n, expected| {
        let grant = grant(id(n), "even", expected + 1, NOW.after(HOUR * 2));
        Change::Replace { expected: Revision::new(expected), grant, revocation: None }
    };
    assert_eq!(commit(&store, Change::Insert(grant(id(0), "other", 1, NOW))), CommitOutcome::Conflict);
    assert_eq!(commit(&store, replace(1, 1)), CommitOutcome::Conflict);
    assert_eq!(commit(&store, replace(0, 2)), CommitOutcome::Conflict);
    assert_eq!(load(&store, id(0)), Some(grant(id(0), "even", 1, NOW.after(HOUR))));
    assert_eq!(commit(&store, replace(0, 1)), CommitOutcome::Committed);
    assert_eq!(load(&store, id(0)), Some(grant(id(0), "even", 2, NOW.after(HOUR * 2))));
    assert_eq!(store.len(), 1);
}

#[test]
fn an_end_asks_for_no_revision_raises_it_and_is_the_first_one() {
    let store = filled(1);
    let end = |n, at| commit(&store, Change::End { id: id(n), at, reason: EndReason::Replayed });
    assert_eq!(end(1, NOW), CommitOutcome::Conflict);
    assert_eq!((end(0, NOW), end(0, NOW.after(HOUR))), (CommitOutcome::Committed, CommitOutcome::Committed));
    let ended = load(&store, id(0)).unwrap();
    assert_eq!(ended.state(), GrantState::Ended { at: NOW, reason: EndReason::Replayed });
    assert_eq!(ended.revision(), Revision::new(2));
}

#[test]
fn pages_show_every_grant_once_in_order() {
    let store = filled(1000);
    for (filter, step) in [(GrantFilter::All, 1), (GrantFilter::Client(ClientId::parse("even").unwrap()), 2)] {
        for limit in [1, 7, 5000] {
            let mut seen: Vec<GrantId> = Vec::new();
            loop {
                let Ok(page) = store.list(&filter, seen.last().copied(), limit);
                if page.is_empty() {
                    break;
                }
                assert!(page.len() <= limit);
                seen.extend(page.iter().map(Grant::id));
            }
            let expected: Vec<_> = (0..1000).step_by(step).map(id).collect();
            assert_eq!(seen, expected);
        }
    }
}

#[test]
fn ending_in_batches_misses_none_and_spares_the_others() {
    let store = filled(1000);
    let _ = commit(&store, Change::End { id: id(0), at: NOW, reason: EndReason::Revoked });
    let filter = GrantFilter::Client(ClientId::parse("even").unwrap());
    assert_eq!(store.end(&filter, NOW, EndReason::EndedByHost, 3), Ok(3));
    assert_eq!(end_all(&store, &filter, NOW, EndReason::EndedByHost), Ok(496));
    let Ok(all) = store.list(&GrantFilter::All, None, 5000);
    assert!(all.iter().all(|grant| grant.is_ended() == filter.matches(grant)));
}

#[test]
fn a_purge_takes_the_dead_in_bounded_steps_and_spares_the_living() {
    let store = filled(1000);
    let later = NOW.after(HOUR * 5);
    let living = grant(id(7), "odd", 2, later);
    let _ = commit(&store, Change::Replace { expected: Revision::FIRST, grant: living, revocation: None });
    assert_eq!(store.purge(NOW.after(HOUR), 5000), Ok(0), "dead from that very instant is not dead before it");
    let before = NOW.after(HOUR + Duration::from_millis(1));
    assert_eq!(store.purge(before, 0), Ok(0));
    assert_eq!(store.purge(before, 400), Ok(400));
    assert_eq!(store.purge(before, 5000), Ok(599));
    assert_eq!(store.purge(before, 5000), Ok(0));
    assert!(load(&store, id(7)).is_some());
    let _ = commit(&store, Change::End { id: id(7), at: NOW, reason: EndReason::Revoked });
    assert_eq!(store.purge(before, 5000), Ok(1), "an end makes a record dead earlier");
    assert!(store.is_empty());
}

#[test]
fn of_many_writers_at_one_revision_one_commits() {
    let store = filled(1);
    let committed = thread::scope(|scope| {
        let writers: Vec<_> = (0..16)
            .map(|_| {
                scope.spawn(|| {
                    let tries = (1..200).map(|revision| {
                        let grant = grant(id(0), "even", revision + 1, NOW.after(HOUR));
                        commit(&store, Change::Replace { expected: Revision::new(revision), grant, revocation: None })
                    });
                    tries.filter(|outcome| *outcome == CommitOutcome::Committed).count()
                })
            })
            .collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).sum::<usize>()
    });
    let revision = load(&store, id(0)).unwrap().revision();
    assert_eq!(Revision::new(u64::try_from(committed).unwrap() + 1), revision);
}

#[test]
fn list_and_purge_beside_writers_lose_nothing() {
    let store = filled(500);
    thread::scope(|scope| {
        scope.spawn(|| {
            for n in 500..1000 {
                let _ = commit(&store, Change::Insert(grant(id(n), "odd", 1, NOW.after(HOUR * 9))));
            }
        });
        scope.spawn(|| while store.purge(NOW.after(HOUR * 2), 10) != Ok(0) {});
        let Ok(seen) = store.list(&GrantFilter::All, None, 5000);
        assert!(seen.is_sorted_by(|a, b| a.id() < b.id()));
    });
    assert_eq!(store.len(), 500);
}
