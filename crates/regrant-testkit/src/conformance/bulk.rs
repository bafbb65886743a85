//! The cases of management that need many records, or other writers beside them.

use std::time::Duration;

use regrant::{CommitOutcome, EndReason, Grant, GrantFilter, Revision, Timestamp};

use super::failure::ensure;
use super::management::{of, subject};
use super::races::crowd;
use super::records::{self, Draft, NOW, end, plain, replace};
use super::{Failure, Handle, ManagedBench};

const END: (Timestamp, EndReason) = (NOW, EndReason::EndedByHost);
/// More calls than any loop of these cases may need.
const MANY: usize = 1000;

/// `end-misses-none`.
///
/// # Errors
/// Calls were repeated until one answered 0, and a grant was still alive.
pub fn end_misses_none<B: ManagedBench>(bench: &B) -> Result<(), Failure> {
    let (store, other) = (bench.open(), bench.open());
    // More than one page of both, so mixed that a page of the store holds some of each.
    for number in 0..320 {
        store.insert(&of(number, &["app"], &["alice", "bob"])?)?;
    }
    let alice = subject("alice")?;
    let mut arrivals = 1000;
    let counted = until_none(|| {
        // Others go on meanwhile: new grants arrive, and those that are there are refreshed.
        if arrivals < 1008 {
            arrivals += 1;
            other.insert(&of(arrivals, &["app"], &["alice"])?)?;
            refresh_one(&other, &alice)?;
        }
        store.end(&alice, END, 7)
    })?;
    must_all_be_ended(&store, &alice)?;
    ensure(counted == 168, || format!("{counted} ends were counted of 168"))?;
    let bob = subject("bob")?;
    let counted = until_none(|| store.end(&bob, END, 256))?;
    must_all_be_ended(&store, &bob)?;
    ensure(counted == 160, || format!("{counted} ends were counted of 160"))?;
    beside_refreshes(&store)
}

/// Refreshes the last living grant of a filter.
fn refresh_one<B: ManagedBench>(store: &Handle<'_, B>, filter: &GrantFilter) -> Result<(), Failure> {
    let all = store.list(filter, None, usize::MAX)?;
    match all.iter().rfind(|grant| !grant.is_ended()) {
        Some(grant) => store.replace(grant, &records::next(grant, 0)?),
        None => Ok(()),
    }
}

fn must_all_be_ended<B: ManagedBench>(store: &Handle<'_, B>, filter: &GrantFilter) -> Result<(), Failure> {
    let all = store.list(filter, None, usize::MAX)?;
    let living = all.iter().find(|grant| !grant.is_ended());
    living.map_or(Ok(()), |grant| Err(Failure::new(format!("{} is still alive", grant.id()))))
}

/// Several threads refresh while one ends: it still comes to an end, and so does every grant.
fn beside_refreshes<B: ManagedBench>(store: &Handle<'_, B>) -> Result<(), Failure> {
    let carol = subject("carol")?;
    let grants = (2000..2008).map(|number| of(number, &["app"], &["carol"])).collect::<Result<Vec<_>, _>>()?;
    grants.iter().try_for_each(|grant| store.insert(grant))?;
    let results = crowd(|number| match number {
        0 => until_none(|| store.end(&carol, END, 3)).map(|_| ()),
        _ => grants.iter().try_for_each(|grant| refresh_until_ended(store, grant)),
    });
    results.into_iter().collect::<Result<(), _>>()?;
    must_all_be_ended(store, &carol)
}

/// `end-spares-the-ended`, where several end the same grants at once: each grant is counted once.
pub(super) fn none_is_ended_twice<B: ManagedBench>(store: &Handle<'_, B>) -> Result<(), Failure> {
    let filter = subject("erin")?;
    for round in 0..16 {
        for number in (6000 + round * 10..).take(4) {
            store.insert(&of(number, &["app"], &["erin"])?)?;
        }
        let counted = crowd(|_| store.end(&filter, END, usize::MAX)).into_iter().sum::<Result<usize, Failure>>()?;
        ensure(counted == 4, || format!("of 4 living grants, several callers at once ended {counted}"))?;
    }
    Ok(())
}

fn refresh_until_ended<B: ManagedBench>(store: &Handle<'_, B>, grant: &Grant) -> Result<(), Failure> {
    for seed in 0..20 {
        let read = store.must_load(&grant.id())?;
        if read.is_ended() {
            return Ok(());
        }
        let _ = store.commit(replace(&read, &records::next(&read, seed)?))?;
    }
    Ok(())
}

/// Repeats a call until it answers 0; answers the sum.
fn until_none(mut call: impl FnMut() -> Result<usize, Failure>) -> Result<usize, Failure> {
    let mut sum = 0;
    for _ in 0..MANY {
        match call()? {
            0 => return Ok(sum),
            counted => sum += counted,
        }
    }
    Err(Failure::new(format!("a bulk operation did not come to an end in {MANY} calls")))
}

/// Records of every kind of life and death around the instant of the purge.
fn lives() -> Result<Vec<Grant>, Failure> {
    let before = Timestamp::from_unix_millis(NOW.unix_millis() - 1);
    let after = Timestamp::from_unix_millis(NOW.unix_millis() + 1);
    let times = [Timestamp::EPOCH, before, NOW, after, Timestamp::MAX];
    let mut grants = Vec::new();
    for (number, at) in (0..).step_by(100).zip(times) {
        for (offset, other) in (0..).step_by(10).zip(times) {
            grants.push(expiring(number + offset, Some(at), Some(other))?);
        }
        grants.push(expiring(number + 60, Some(at), None)?);
        grants.push(expiring(number + 70, None, Some(at))?);
        // Alive for long, and ended at `at`.
        let mut ended = expiring(number + 80, Some(Timestamp::MAX), Some(Timestamp::MAX))?;
        ended.end(at, EndReason::Revoked);
        grants.push(ended);
        let mut draft = Draft::new(number + 90)?;
        (draft.refresh, draft.terms.created_at, draft.terms.expires_at) = (None, at, None);
        draft.access.clear();
        grants.push(draft.build()?);
    }
    Ok(grants)
}

/// A grant whose refresh token and last access token expire as given; `None` for none at all.
fn expiring(number: u64, refresh: Option<Timestamp>, access: Option<Timestamp>) -> Result<Grant, Failure> {
    let mut draft = Draft::new(number)?;
    draft.terms.expires_at = None;
    draft.refresh = draft.refresh.zip(refresh).map(|(family, at)| regrant::RefreshFamily { expires_at: at, ..family });
    draft.access = match access {
        // The one that lives longest is neither the first nor the last.
        Some(at) => {
            [Timestamp::EPOCH, at, Timestamp::EPOCH].into_iter().zip(0..).map(|(at, n)| expires(n, at)).collect()
        }
        None => Vec::new(),
    };
    draft.build()
}

fn expires(number: u64, at: Timestamp) -> regrant::AccessEntry {
    regrant::AccessEntry { expires_at: at, ..records::access(number) }
}

/// `purge-spares-the-living`.
///
/// # Errors
/// A purge deleted what was not dead before the instant, or what had changed meanwhile.
pub fn purge_spares_the_living<B: ManagedBench>(bench: &B) -> Result<(), Failure> {
    let store = bench.open();
    let grants = lives()?;
    grants.iter().try_for_each(|grant| store.insert(grant))?;
    let counted = store.purge(NOW, usize::MAX)?;
    let living: Vec<_> = grants.iter().filter(|grant| grant.dead_from() >= NOW).collect();
    living.iter().try_for_each(|grant| store.must_hold(grant))?;
    let dead = grants.len() - living.len();
    ensure(counted == dead, || format!("a purge counted {counted} where {dead} records were dead"))?;
    let (dying, revived) = dying_and_revived(4000)?;
    store.insert(&dying)?;
    store.replace(&dying, &revived)?;
    store.purge(NOW, usize::MAX)?;
    store.must_hold(&revived)?;
    let spans = [0, 1, 1000, 3_600_000, 86_000_000, 90_000_000].map(Duration::from_millis);
    let prolonged = (4001..).zip(spans).map(|(number, span)| prolong(&store, number, span));
    let prolonged = prolonged.collect::<Result<Vec<_>, _>>()?;
    store.purge(NOW, usize::MAX)?;
    prolonged.iter().try_for_each(|grant| store.must_hold(grant))?;
    (0..32).try_for_each(|round| purge_beside_a_refresh(&store, 5000 + round))
}

/// A record that is dead, and its next version, which lives. A write of the second may come late, never too late.
fn dying_and_revived(number: u64) -> Result<(Grant, Grant), Failure> {
    let dying = expiring(number, Some(Timestamp::EPOCH), None)?;
    let (revision, terms) = (dying.revision().next(), (**dying.terms()).clone());
    let revived = Draft { revision, terms, ..Draft::new(number)? }.build()?;
    Ok((dying, revived))
}

/// A record that was to die before the purge, and by a later write lives until `span` after: an index of the store that
/// lags behind must not decide.
fn prolong<B: ManagedBench>(store: &Handle<'_, B>, number: u64, span: Duration) -> Result<Grant, Failure> {
    let short = expiring(number, Some(Timestamp::from_unix_millis(NOW.unix_millis() - 1)), None)?;
    let mut draft = Draft { revision: short.revision().next(), ..Draft::of(&short) };
    draft.refresh = draft.refresh.map(|family| regrant::RefreshFamily { expires_at: NOW.after(span), ..family });
    let long = draft.build()?;
    store.insert(&short)?;
    store.replace(&short, &long)?;
    Ok(long)
}

/// A purge, and beside it a write that makes the record live on. Whoever comes second does nothing.
fn purge_beside_a_refresh<B: ManagedBench>(store: &Handle<'_, B>, number: u64) -> Result<(), Failure> {
    let (dying, revived) = dying_and_revived(number)?;
    store.insert(&dying)?;
    let results = crowd(|thread| match thread {
        0 => store.commit(replace(&dying, &revived)).map(|outcome| outcome == CommitOutcome::Committed),
        1 => store.purge(NOW, usize::MAX).map(|_| false),
        _ => store.load(&dying.id()).map(|_| false),
    });
    let committed = results.into_iter().collect::<Result<Vec<_>, _>>()?.contains(&true);
    if committed { store.must_hold(&revived) } else { store.must_lack(&dying.id()) }
}

/// Records that are dead only since a later write: an index of the store must have followed.
fn died_since<B: ManagedBench>(store: &Handle<'_, B>, number: u64) -> Result<[Grant; 3], Failure> {
    let ended = plain(number)?;
    store.insert(&ended)?;
    store.must_commit(end(&ended))?;
    let managed = of(number + 10, &["app"], &["dave"])?;
    store.insert(&managed)?;
    store.end(&subject("dave")?, END, 1)?;
    let (dying, living) = dying_and_revived(number + 20)?;
    let shortened = Draft { revision: Revision::FIRST, ..Draft::of(&living) }.build()?;
    store.insert(&shortened)?;
    store.replace(&shortened, &Draft { revision: living.revision(), ..Draft::of(&dying) }.build()?)?;
    Ok([ended, managed, shortened])
}

/// `purge-misses-none`.
///
/// # Errors
/// Calls were repeated until one answered 0, and a dead record was still there, or came back.
pub fn purge_misses_none<B: ManagedBench>(bench: &B) -> Result<(), Failure> {
    let (store, other) = (bench.open(), bench.open());
    let grants = lives()?;
    grants.iter().try_for_each(|grant| store.insert(grant))?;
    let since = (9000..9003).map(|number| died_since(&store, number)).collect::<Result<Vec<_>, _>>()?;
    let hour = Duration::from_hours(1);
    let prolonged = (9100..9116).map(|number| prolong(&store, number, hour)).collect::<Result<Vec<_>, _>>()?;
    let before = Timestamp::from_unix_millis(NOW.unix_millis() + 1);
    let counted = until_none(|| store.purge(before, 7))?;
    let mut dead: Vec<&Grant> = grants.iter().filter(|grant| grant.dead_from() < before).collect();
    dead.extend(since.iter().flatten());
    dead.iter().try_for_each(|grant| other.must_lack(&grant.id()))?;
    ensure(counted == dead.len(), || format!("purges counted {counted} where {} records were dead", dead.len()))?;
    prolonged.iter().try_for_each(|grant| other.must_hold(grant))?;
    // What is purged stays purged: a write that had read the record before is a conflict.
    for grant in dead {
        other.must_conflict(end(grant))?;
        other.must_conflict(replace(grant, &records::next(grant, 0)?))?;
        store.must_lack(&grant.id())?;
    }
    // What lived then is dead later, and found then.
    until_none(|| store.purge(Timestamp::MAX, 7))?;
    let left = store.list(&GrantFilter::All, None, usize::MAX)?;
    ensure(left.iter().all(|grant| grant.dead_from() == Timestamp::MAX), || "a later purge missed a record".into())
}
