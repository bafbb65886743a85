//! The ports over an SQLite file.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by a panic")]

mod common;

use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use common::{CLIENT, DAY, NOW, Place, family, full, id, next};
use proptest::prelude::*;
use regrant::{
    AccessEntry, AsyncGrantManagement, AsyncTokenStore, Attributes, Change, ClientId, CommitOutcome, Digest, EndReason,
    Grant, GrantFilter, GrantId, GrantManagement, GrantState, RefreshFamily, Retry, Revision, Scope, Spent, Subject,
    Terms, Timestamp, TokenStore, end_all,
};
use regrant_sqlite::{Error, SqliteStore};
use regrant_testkit::race::block_on;

fn commit(store: &SqliteStore, change: Change) -> CommitOutcome {
    TokenStore::commit(store, change).unwrap()
}

fn written(store: &SqliteStore, change: Change) {
    assert_eq!(commit(store, change), CommitOutcome::Committed);
}

fn load(store: &SqliteStore, id: GrantId) -> Option<Grant> {
    TokenStore::load(store, &id).unwrap()
}

fn ended(grant: &Grant, at: Timestamp, reason: EndReason) -> Grant {
    let mut grant = grant.clone();
    grant.end(at, reason);
    grant
}

fn time() -> impl Strategy<Value = Timestamp> {
    any::<u64>().prop_map(Timestamp::from_unix_millis)
}

prop_compose! {
    fn refresh()(
        digests in any::<[[u8; 32]; 3]>(), times in (time(), time(), time()), generation in 0..=i64::MAX.unsigned_abs(),
        salt in proptest::option::of(any::<([u8; 32], bool)>()), spent in 1_u8..=4,
    ) -> RefreshFamily {
        let [lineage, current, other] = digests.map(Digest::from_bytes);
        let retry = salt.map(|(salt, intact)| Retry { salt, intact });
        let spent = vec![Spent { digest: other, at: times.2 }; if retry.is_some() { spent.into() } else { 0 }].into();
        RefreshFamily { lineage, current, issued_at: times.0, expires_at: times.1, generation, retry, spent }
    }
}

prop_compose! {
    fn access()(digest in any::<[u8; 32]>(), times in (time(), time()), narrow in any::<bool>()) -> AccessEntry {
        let scope = narrow.then(|| Scope::parse("read").unwrap());
        AccessEntry { digest: Digest::from_bytes(digest), issued_at: times.0, expires_at: times.1, scope }
    }
}

prop_compose! {
    fn terms()(
        client in "[ -~]{1,255}", client_epoch in 0..=i64::MAX.unsigned_abs(),
        subject in proptest::option::of("[a-zé ]{1,60}"), scope in "[a-c]( [d-f])?", value in ".{0,20}",
        created_at in time(),
    ) -> Terms {
        let mut attributes = Attributes::new();
        attributes.insert("one", &value).unwrap();
        attributes.insert("a", "").unwrap();
        Terms {
            client_id: ClientId::parse(&client).unwrap(), client_epoch,
            subject: subject.map(|text| Subject::parse(&text).unwrap()), scope: Scope::parse(&scope).unwrap(),
            attributes, created_at, expires_at: None,
        }
    }
}

prop_compose! {
    fn grant()(
        id in any::<[u8; 16]>(), revision in 0..i64::MAX.unsigned_abs(), end in proptest::option::of((time(), 0_usize..3)),
        terms in terms(), refresh in proptest::option::of(refresh()),
        access in proptest::collection::vec(access(), 0..20),
    ) -> Grant {
        let end = end.map(|(at, reason)| GrantState::Ended { at, reason: EndReason::ALL[reason] });
        let state = end.unwrap_or(GrantState::Active);
        Grant::new(GrantId::from_bytes(id), Revision::new(revision), state, Arc::new(terms), refresh, access).unwrap()
    }
}

#[test]
fn every_field_survives_on_both_ports() {
    let place = Place::new();
    let store = SqliteStore::open(&place.options().dangerous().synchronous_normal()).unwrap();
    let config = ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(first in grant(), other in grant())| {
        prop_assert_eq!(commit(&store, Change::Insert(first.clone())), CommitOutcome::Committed);
        prop_assert_eq!(load(&store, first.id()), Some(first.clone()));
        let (terms, refresh) = (Arc::clone(first.terms()), other.refresh().cloned());
        let next =
            Grant::new(first.id(), first.revision().next(), other.state(), terms, refresh, other.access().to_vec());
        let next = next.unwrap();
        let change = Change::Replace { expected: first.revision(), grant: next.clone(), revocation: None };
        prop_assert_eq!(block_on(AsyncTokenStore::commit(&store, change)).unwrap(), CommitOutcome::Committed);
        prop_assert_eq!(block_on(AsyncTokenStore::load(&store, &first.id())).unwrap(), Some(next));
    });
}

#[test]
fn what_lost_the_race_or_is_missing_is_a_conflict_and_writes_nothing() {
    let store = Place::new();
    let store = store.open();
    let grant = full(id(1), CLIENT, NOW.after(DAY));
    let replace = |grant: &Grant| Change::Replace {
        expected: grant.revision(),
        grant: next(grant, NOW.after(DAY)),
        revocation: None,
    };
    assert_eq!(commit(&store, replace(&grant)), CommitOutcome::Conflict);
    assert_eq!(commit(&store, Change::End { id: id(1), at: NOW, reason: EndReason::Revoked }), CommitOutcome::Conflict);
    assert_eq!(load(&store, id(1)), None);
    assert_eq!(commit(&store, Change::Insert(grant.clone())), CommitOutcome::Committed);
    assert_eq!(commit(&store, Change::Insert(full(id(1), "other", NOW))), CommitOutcome::Conflict);
    assert_eq!(load(&store, id(1)), Some(grant.clone()));
    assert_eq!(commit(&store, replace(&grant)), CommitOutcome::Committed);
    assert_eq!(commit(&store, replace(&grant)), CommitOutcome::Conflict);
    assert_eq!(load(&store, id(1)), Some(next(&grant, NOW.after(DAY))));
}

#[test]
fn an_end_asks_for_no_revision_raises_it_and_is_the_first_one() {
    let place = Place::new();
    let store = place.open();
    let grant = full(id(1), CLIENT, NOW.after(DAY));
    written(&store, Change::Insert(grant.clone()));
    let end = |at, reason| commit(&store, Change::End { id: id(1), at, reason });
    assert_eq!(end(NOW, EndReason::Replayed), CommitOutcome::Committed);
    assert_eq!(end(NOW.after(DAY), EndReason::Revoked), CommitOutcome::Committed);
    assert_eq!(load(&store, id(1)), Some(ended(&grant, NOW, EndReason::Replayed)));
    let late = Change::Replace { expected: grant.revision(), grant: next(&grant, NOW.after(DAY)), revocation: None };
    assert_eq!(commit(&store, late), CommitOutcome::Conflict, "a late refresh cannot bring the grant back");
}

#[test]
fn pages_show_every_grant_once_in_order_whether_ended_or_not() {
    let place = Place::new();
    let store = place.open();
    for n in 0..100 {
        written(&store, Change::Insert(full(id(n), if n % 2 == 0 { CLIENT } else { "other" }, NOW.after(DAY))));
    }
    for n in (0..100).step_by(3) {
        written(&store, Change::End { id: id(n), at: NOW, reason: EndReason::Revoked });
    }
    let alice = Subject::parse("alice").unwrap();
    let even: Vec<_> = (0..100).filter(|n| n % 2 == 0).map(id).collect();
    let all: Vec<_> = (0..100).map(id).collect();
    let filters = [
        (GrantFilter::All, all.clone()),
        (GrantFilter::Client(ClientId::parse(CLIENT).unwrap()), even),
        (GrantFilter::Subject(alice), all),
        (GrantFilter::Client(ClientId::parse("nobody").unwrap()), Vec::new()),
    ];
    for (filter, expected) in filters {
        let mut seen: Vec<GrantId> = Vec::new();
        loop {
            let page = block_on(AsyncGrantManagement::list(&store, &filter, seen.last().copied(), 7)).unwrap();
            if page.is_empty() {
                break;
            }
            seen.extend(page.iter().map(Grant::id));
        }
        assert_eq!(seen, expected, "{filter:?}");
    }
}

#[test]
fn ending_by_a_filter_spares_the_ended_and_the_others() {
    let place = Place::new();
    let store = place.open();
    for n in 0..20 {
        written(&store, Change::Insert(full(id(n), if n < 15 { CLIENT } else { "other" }, NOW.after(DAY))));
    }
    written(&store, Change::End { id: id(0), at: NOW, reason: EndReason::Replayed });
    let filter = GrantFilter::Client(ClientId::parse(CLIENT).unwrap());
    let later = NOW.after(DAY);
    assert_eq!(GrantManagement::end(&store, &filter, later, EndReason::EndedByHost, 4).unwrap(), 4);
    assert_eq!(end_all(&store, &filter, later, EndReason::EndedByHost).unwrap(), 10);
    let first = load(&store, id(0)).unwrap();
    assert_eq!(first.state(), GrantState::Ended { at: NOW, reason: EndReason::Replayed });
    let second = load(&store, id(1)).unwrap();
    assert_eq!((second.is_ended(), second.revision()), (true, Revision::FIRST.next()));
    assert!(!load(&store, id(19)).unwrap().is_ended());
    assert_eq!(end_all(&store, &GrantFilter::All, later, EndReason::EndedByHost).unwrap(), 5);
}

#[test]
fn a_purge_takes_the_dead_and_spares_the_living() {
    let place = Place::new();
    let store = place.open();
    let purge = |before, limit| GrantManagement::purge(&store, before, limit).unwrap();
    // Two that expire, one that lives on, one that is refreshed within the day in which it would have expired.
    for (n, expiry) in [(1, DAY), (2, DAY), (3, DAY * 30), (4, DAY)] {
        written(&store, Change::Insert(full(id(n), CLIENT, NOW.after(expiry))));
    }
    let fourth = load(&store, id(4)).unwrap();
    let refreshed = next(&fourth, NOW.after(DAY + Duration::from_hours(5)));
    written(&store, Change::Replace { expected: fourth.revision(), grant: refreshed.clone(), revocation: None });
    assert_eq!(purge(NOW.after(DAY), 10), 0, "dead from that very instant is not dead before it");
    assert_eq!(purge(NOW.after(DAY + Duration::from_millis(1)), 1), 1);
    assert_eq!(purge(NOW.after(DAY + Duration::from_hours(5)), 10), 1);
    assert_eq!((load(&store, id(1)), load(&store, id(2))), (None, None));
    assert_eq!(load(&store, id(4)), Some(refreshed));
    assert_eq!(purge(NOW.after(DAY * 2), 10), 1);
    written(&store, Change::End { id: id(3), at: NOW, reason: EndReason::Revoked });
    assert_eq!(block_on(AsyncGrantManagement::purge(&store, NOW.after(DAY), 10)).unwrap(), 1);
    assert_eq!(GrantManagement::list(&store, &GrantFilter::All, None, 10).unwrap(), []);
}

#[test]
fn a_purge_works_through_more_than_one_batch_of_the_living() {
    let place = Place::new();
    let store = SqliteStore::open(&place.options().dangerous().synchronous_normal()).unwrap();
    let grant_id = |n: u16| GrantId::from_bytes([[n.to_be_bytes(); 8]].concat().concat().try_into().unwrap());
    for n in 0..600 {
        let grant = full(grant_id(n), CLIENT, NOW.after(DAY));
        written(&store, Change::Insert(grant.clone()));
        if n < 599 {
            let refreshed = next(&grant, NOW.after(DAY + Duration::from_hours(1)));
            written(&store, Change::Replace { expected: grant.revision(), grant: refreshed, revocation: None });
        }
    }
    let before = NOW.after(DAY + Duration::from_millis(1));
    assert_eq!(GrantManagement::purge(&store, before, 300).unwrap(), 1, "the dead one is behind 599 living ones");
    assert_eq!(GrantManagement::purge(&store, NOW.after(DAY * 2), 1000).unwrap(), 599);
}

#[test]
fn a_refresh_writes_one_row_and_no_index() {
    let place = Place::new();
    let store = place.open();
    let grant = full(id(1), CLIENT, NOW.after(DAY));
    written(&store, Change::Insert(grant.clone()));
    let wal = || std::fs::metadata(place.path().with_extension("db-wal")).unwrap().len();
    let before = wal();
    let refreshed = next(&grant, NOW.after(DAY + Duration::from_hours(1)));
    written(&store, Change::Replace { expected: grant.revision(), grant: refreshed, revocation: None });
    // One frame: 24 bytes of header and the page of 4096 bytes with the row.
    assert_eq!(wal() - before, 24 + 4096);
}

#[test]
fn a_number_beyond_the_column_is_refused_by_name() {
    let place = Place::new();
    let store = place.open();
    let grant = full(id(1), CLIENT, NOW.after(DAY));
    let refresh = Some(RefreshFamily { generation: u64::MAX, ..family(NOW) });
    let beyond =
        Grant::new(id(1), Revision::FIRST, GrantState::Active, Arc::clone(grant.terms()), refresh, vec![]).unwrap();
    let error = TokenStore::commit(&store, Change::Insert(beyond)).unwrap_err();
    assert_eq!(error.to_string(), "generation is above 2^63 - 1");
}

#[test]
fn what_a_grant_was_made_with_is_not_changed_by_a_replace() {
    let place = Place::new();
    let store = place.open();
    let (grant, other) = (full(id(1), CLIENT, NOW.after(DAY)), full(id(1), "other", NOW.after(DAY)));
    written(&store, Change::Insert(grant.clone()));
    written(
        &store,
        Change::Replace { expected: grant.revision(), grant: next(&other, NOW.after(DAY)), revocation: None },
    );
    assert_eq!(load(&store, id(1)), Some(next(&grant, NOW.after(DAY))), "the tokens are new, the terms are not");
}

#[test]
fn a_full_queue_is_overload_at_once_and_the_call_wrote_nothing() {
    let place = Place::new();
    let mut options = place.options();
    options.queue = 1;
    let store = SqliteStore::open(&options).unwrap();
    let other = place.raw();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut calls: Vec<_> = (0..10)
        .map(|n| Box::pin(AsyncTokenStore::commit(&store, Change::Insert(full(id(n), CLIENT, NOW.after(DAY))))))
        .collect();
    let mut context = Context::from_waker(Waker::noop());
    let (mut refused, mut waiting) = (Vec::new(), Vec::new());
    for (n, mut call) in (0_u8..).zip(calls.drain(..)) {
        match call.as_mut().poll(&mut context) {
            Poll::Ready(Err(Error::Overloaded)) => refused.push(n),
            Poll::Ready(other) => panic!("{other:?}"),
            Poll::Pending => waiting.push((n, call)),
        }
    }
    // One is in the hands of the thread, if it was quick enough, and one in the queue.
    assert!((1..=2).contains(&waiting.len()), "{}", waiting.len());
    other.execute_batch("COMMIT").unwrap();
    for (n, call) in waiting {
        assert_eq!(block_on(call).unwrap(), CommitOutcome::Committed);
        assert!(load(&store, id(n)).is_some());
    }
    assert!(refused.into_iter().all(|n| load(&store, id(n)).is_none()));
}
