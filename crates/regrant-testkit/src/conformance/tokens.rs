//! What a [`TokenStore`](regrant::TokenStore) owes. Each function is the case of the obligation of its name.

use regrant::{Change, CommitOutcome, EndReason, Grant, GrantId, Revision, Timestamp};

use super::failure::ensure;
use super::races;
pub use super::races::one_winner;
use super::records::{self, NOW, end, ended, plain, replace};
use super::shapes;
use super::{Bench, Failure};

/// `load-sees-commits`.
///
/// # Errors
/// A load gave back less than what had been acknowledged before it began.
pub fn load_sees_commits<B: Bench>(bench: &B) -> Result<(), Failure> {
    let handles = [bench.open(), bench.open()];
    let [first, second] = &handles;
    let mut grant = plain(1)?;
    first.must_lack(&grant.id())?;
    second.must_lack(&grant.id())?;
    first.insert(&grant)?;
    for (step, (writer, reader)) in (0..16).zip([(first, second), (second, first)].into_iter().cycle()) {
        // Both have read this version before the next one is written: whoever keeps a copy has one now.
        reader.must_hold(&grant)?;
        writer.must_hold(&grant)?;
        let next = records::next(&grant, step)?;
        writer.replace(&grant, &next)?;
        grant = next;
        writer.must_hold(&grant)?;
        races::elsewhere(|| reader.must_hold(&grant))?;
    }
    first.must_commit(end(&grant))?;
    second.must_hold(&ended(&grant))?;
    races::readers_keep_up(bench)
}

/// `insert-never-overwrites`.
///
/// # Errors
/// An insert took the place of a record.
pub fn insert_never_overwrites<B: Bench>(bench: &B) -> Result<(), Failure> {
    let (one, two) = (bench.open(), bench.open());
    let old = plain(1)?;
    let intruder = records::Draft { id: old.id(), ..records::Draft::new(2)? }.build()?;
    one.insert(&old)?;
    for store in [&one, &two] {
        store.must_conflict(Change::Insert(intruder.clone()))?;
        store.must_conflict(Change::Insert(old.clone()))?;
        store.must_hold(&old)?;
    }
    let next = records::next(&old, 0)?;
    one.replace(&old, &next)?;
    two.must_conflict(Change::Insert(intruder.clone()))?;
    two.must_hold(&next)?;
    one.must_commit(end(&next))?;
    two.must_conflict(Change::Insert(intruder))?;
    two.must_hold(&ended(&next))
}

/// `replace-needs-revision`.
///
/// # Errors
/// A replacement took place at another revision than the expected one, or without a record.
pub fn replace_needs_revision<B: Bench>(bench: &B) -> Result<(), Failure> {
    let (store, other) = (bench.open(), bench.open());
    let first = plain(1)?;
    let second = records::next(&first, 0)?;
    store.must_conflict(replace(&first, &second))?;
    store.must_lack(&first.id())?;
    store.insert(&first)?;
    store.replace(&first, &second)?;
    let third = records::next(&second, 1)?;
    for expected in [0, 1, 3, 4, 1 << 32 | 2, i64::MAX.unsigned_abs()].map(Revision::new) {
        other.must_conflict(Change::Replace { expected, grant: third.clone(), revocation: None })?;
        other.must_hold(&second)?;
    }
    // What counts is what is stored, not what the new version says of itself.
    let leap = records::Draft { revision: Revision::new(9), ..records::Draft::new(1)? }.build()?;
    other.must_conflict(Change::Replace { expected: first.revision(), grant: leap, revocation: None })?;
    other.replace(&second, &third)?;
    store.must_hold(&third)?;
    store.must_conflict(replace(&second, &third))
}

/// `end-ignores-revision`.
///
/// # Errors
/// An end was refused, changed more than it may, or made a record.
pub fn end_ignores_revision<B: Bench>(bench: &B) -> Result<(), Failure> {
    let (store, other) = (bench.open(), bench.open());
    for (number, reason) in (1..).zip(EndReason::ALL) {
        let mut grant = plain(number)?;
        store.must_conflict(end(&grant))?;
        store.must_lack(&grant.id())?;
        store.insert(&grant)?;
        for step in 0..number {
            let next = records::next(&grant, step)?;
            store.replace(&grant, &next)?;
            grant = next;
        }
        let at = Timestamp::from_unix_millis(NOW.unix_millis() + number);
        other.must_commit(Change::End { id: grant.id(), at, reason })?;
        let due = records::ended_by(&grant, at, reason);
        store.must_hold(&due)?;
        for later in EndReason::ALL {
            other.must_commit(Change::End { id: grant.id(), at: Timestamp::MAX, reason: later })?;
            other.must_commit(Change::End { id: grant.id(), at: Timestamp::EPOCH, reason: later })?;
            store.must_hold(&due)?;
        }
    }
    races::no_writer_starves_an_end(bench)
}

/// `end-is-final`.
///
/// # Errors
/// A write that had read the record before its end brought it back.
pub fn end_is_final<B: Bench>(bench: &B) -> Result<(), Failure> {
    let (late, store) = (bench.open(), bench.open());
    let first = plain(1)?;
    late.insert(&first)?;
    let second = records::next(&first, 0)?;
    late.replace(&first, &second)?;
    // A refresh has read the record, is decided, and comes late.
    let third = records::next(&late.must_load(&first.id())?, 1)?;
    store.must_commit(end(&first))?;
    late.must_conflict(replace(&second, &third))?;
    late.must_conflict(replace(&first, &second))?;
    late.must_conflict(Change::Insert(first))?;
    late.must_hold(&ended(&second))?;
    store.must_hold(&ended(&second))
}

/// `every-write-raises-revision`.
///
/// # Errors
/// A write left the revision, or an old revision was accepted again.
pub fn every_write_raises_revision<B: Bench>(bench: &B) -> Result<(), Failure> {
    let store = bench.open();
    let mut grant = plain(1)?;
    store.insert(&grant)?;
    must_be_at(&store.must_load(&grant.id())?, 1)?;
    for revision in 2..10 {
        let next = records::next(&grant, 0)?;
        store.replace(&grant, &next)?;
        must_be_at(&store.must_load(&grant.id())?, revision)?;
        store.must_conflict(replace(&grant, &records::next(&grant, 1)?))?;
        grant = next;
    }
    store.must_commit(end(&grant))?;
    must_be_at(&store.must_load(&grant.id())?, 10)?;
    store.must_conflict(replace(&grant, &records::next(&grant, 1)?))
}

fn must_be_at(grant: &Grant, revision: u64) -> Result<(), Failure> {
    let found = grant.revision().get();
    ensure(found == revision, || format!("{} is at revision {found} after write {revision}", grant.id()))
}

/// `outcome-is-true`.
///
/// # Errors
/// A change was written and answered as a conflict, or the other way round.
pub fn outcome_is_true<B: Bench>(bench: &B) -> Result<(), Failure> {
    let store = bench.open();
    let first = plain(1)?;
    let second = records::next(&first, 0)?;
    let stale = records::next(&first, 1)?;
    let (gone, absent) = (ended(&second), plain(2)?);
    let absent_next = records::next(&absent, 0)?;
    let script = [
        (Change::Insert(first.clone()), Some(&first), CommitOutcome::Committed),
        (Change::Insert(stale.clone()), Some(&first), CommitOutcome::Conflict),
        (replace(&first, &second), Some(&second), CommitOutcome::Committed),
        (replace(&first, &stale), Some(&second), CommitOutcome::Conflict),
        (replace(&absent, &absent_next), None, CommitOutcome::Conflict),
        (end(&absent), None, CommitOutcome::Conflict),
        (end(&first), Some(&gone), CommitOutcome::Committed),
        (end(&first), Some(&gone), CommitOutcome::Committed),
        (replace(&second, &stale), Some(&gone), CommitOutcome::Conflict),
    ];
    for (change, due, answer) in script {
        let id = change.grant_id();
        let outcome = store.commit(change)?;
        match due {
            Some(grant) => store.must_hold(grant)?,
            None => store.must_lack(&id)?,
        }
        ensure(outcome == answer, || {
            format!("a change of {id} was answered {outcome:?} where {answer:?} is the truth")
        })?;
    }
    Ok(())
}

/// `load-does-not-filter`.
///
/// # Errors
/// A record that has expired or ended was not loaded.
pub fn load_does_not_filter<B: Bench>(bench: &B) -> Result<(), Failure> {
    let store = bench.open();
    for grant in shapes::all()? {
        store.insert(&grant)?;
        store.must_hold(&grant)?;
    }
    for (number, reason) in (1..).zip(EndReason::ALL) {
        let grant = plain(number)?;
        store.insert(&grant)?;
        store.must_commit(Change::End { id: grant.id(), at: Timestamp::EPOCH, reason })?;
        store.must_hold(&records::ended_by(&grant, Timestamp::EPOCH, reason))?;
    }
    Ok(())
}

/// `whole-records`.
///
/// # Errors
/// A load gave back something else than what was committed, or half of it.
pub fn whole_records<B: Bench>(bench: &B) -> Result<(), Failure> {
    let (writer, reader) = (bench.open(), bench.open());
    for grant in shapes::all()? {
        writer.insert(&grant)?;
        reader.must_hold(&grant)?;
        // What the engine replaces has not ended.
        let mut last = grant;
        for step in 0..if last.is_ended() { 0 } else { 6 } {
            let next = records::next(&last, step)?;
            writer.replace(&last, &next)?;
            reader.must_hold(&next)?;
            last = next;
        }
        writer.must_commit(end(&last))?;
        reader.must_hold(&ended(&last))?;
    }
    races::no_half_is_seen(bench)
}

/// `one-record`.
///
/// # Errors
/// A change of one record changed another.
pub fn one_record<B: Bench>(bench: &B) -> Result<(), Failure> {
    let store = bench.open();
    let mut held = Vec::new();
    for (number, id) in (1..).zip(neighbours()) {
        let grant = records::Draft { id, ..records::Draft::new(number)? }.build()?;
        store.insert(&grant)?;
        held.push(grant);
        held.iter().try_for_each(|grant| store.must_hold(grant))?;
    }
    for number in 0..held.len() {
        for grant in held.iter_mut().skip(number).take(1) {
            let next = records::next(grant, 0)?;
            store.replace(grant, &next)?;
            *grant = next;
        }
        held.iter().try_for_each(|grant| store.must_hold(grant))?;
    }
    for number in 0..held.len() {
        for grant in held.iter_mut().skip(number).take(1) {
            store.must_commit(end(grant))?;
            *grant = ended(grant);
        }
        held.iter().try_for_each(|grant| store.must_hold(grant))?;
    }
    Ok(())
}

/// Ids that differ in one bit, and those at both ends.
fn neighbours() -> impl Iterator<Item = GrantId> {
    let bits = [0, 7, 8, 63, 64, 65, 120, 127];
    let one_bit = bits.into_iter().map(|bit| 1_u128 << bit);
    let all = one_bit.clone().chain(one_bit.map(|bits| !bits)).chain([0, u128::MAX]);
    all.map(|bits| GrantId::from_bytes(bits.to_be_bytes()))
}
