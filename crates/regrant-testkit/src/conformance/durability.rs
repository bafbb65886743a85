//! What is left after a crash. A store that forgets is told so in the name of its case.

use regrant::{Change, EndReason, Grant, GrantFilter, Timestamp};

use super::failure::ensure;
use super::races;
use super::records::{self, NOW, end, ended, plain};
use super::{Bench, DurableBench, Failure, ManagedBench};

/// `committed-is-durable`.
///
/// # Errors
/// A crash took back what had been acknowledged.
pub fn committed_is_durable<B: DurableBench>(bench: &B) -> Result<(), Failure> {
    let mut store = bench.open();
    let first = plain(1)?;
    store.insert(&first)?;
    store = store.crash();
    store.must_hold(&first)?;
    let second = records::next(&first, 0)?;
    store.replace(&first, &second)?;
    store = store.crash();
    store.must_hold(&second)?;
    store.must_commit(end(&second))?;
    store = store.crash();
    store.must_hold(&ended(&second))?;
    store.must_conflict(Change::Insert(first))?;
    let committed = races::crowd(|number| write_some(&store, number));
    store = store.crash();
    for grant in committed {
        grant?.iter().try_for_each(|grant| store.must_hold(grant))?;
    }
    Ok(())
}

/// Writes a few records and answers what they are at last.
fn write_some<B: Bench>(store: &super::Handle<'_, B>, thread: u64) -> Result<Vec<Grant>, Failure> {
    let mut written = Vec::new();
    for number in (100 + thread * 10..).take(6) {
        let grant = plain(number)?;
        store.insert(&grant)?;
        let next = records::next(&grant, 0)?;
        store.replace(&grant, &next)?;
        written.push(next);
    }
    Ok(written)
}

/// What a volatile store can offer of `committed-is-durable`: no record is lost while the process lives.
///
/// # Errors
/// A record was gone although the process lives.
pub fn committed_is_durable_until_the_process_ends<B: Bench>(bench: &B) -> Result<(), Failure> {
    let held = bench.open();
    // The threads that wrote are gone, and so are their handles.
    let committed = races::crowd(|number| write_some(&bench.open(), number));
    for grant in committed {
        grant?.iter().try_for_each(|grant| held.must_hold(grant))?;
    }
    Ok(())
}

/// `counted-is-durable`.
///
/// # Errors
/// A crash took back what management had counted as done.
pub fn counted_is_durable<B: DurableBench + ManagedBench>(bench: &B) -> Result<(), Failure> {
    let mut store = bench.open();
    let grants = (0..10).map(plain).collect::<Result<Vec<_>, _>>()?;
    grants.iter().try_for_each(|grant| store.insert(grant))?;
    let counted = store.end(&GrantFilter::All, (NOW, EndReason::Revoked), usize::MAX)?;
    ensure(counted == grants.len(), || format!("{counted} of {} grants were ended", grants.len()))?;
    store = store.crash();
    grants.iter().try_for_each(|grant| store.must_hold(&ended(grant)))?;
    let counted = store.purge(Timestamp::MAX, usize::MAX)?;
    ensure(counted == grants.len(), || format!("{counted} of {} records were purged", grants.len()))?;
    store = store.crash();
    grants.iter().try_for_each(|grant| store.must_lack(&grant.id()))
}

/// What a volatile store can offer of `counted-is-durable`.
///
/// # Errors
/// What was counted as done was not done for another handle.
pub fn counted_is_durable_until_the_process_ends<B: ManagedBench>(bench: &B) -> Result<(), Failure> {
    let held = bench.open();
    let grants = (0..10).map(plain).collect::<Result<Vec<_>, _>>()?;
    grants.iter().try_for_each(|grant| held.insert(grant))?;
    bench.open().end(&GrantFilter::All, (NOW, EndReason::Revoked), usize::MAX)?;
    grants.iter().try_for_each(|grant| held.must_hold(&ended(grant)))?;
    bench.open().purge(Timestamp::MAX, usize::MAX)?;
    grants.iter().try_for_each(|grant| held.must_lack(&grant.id()))
}
