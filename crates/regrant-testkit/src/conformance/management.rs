//! What a [`GrantManagement`](regrant::GrantManagement) owes. Each function is the case of the obligation of its name.

use std::collections::BTreeSet;

use regrant::{Change, ClientId, EndReason, Grant, GrantFilter, Subject, Timestamp};

use super::bulk::none_is_ended_twice;
pub use super::bulk::{end_misses_none, purge_misses_none, purge_spares_the_living};
use super::failure::ensure;
use super::handle::must_equal;
use super::records::{self, Draft, NOW, ended_by};
use super::shapes;
use super::{Failure, Handle, ManagedBench};

/// What ends grants in these cases: not what has ended some of them before.
const END: (Timestamp, EndReason) = (NOW, EndReason::EndedByHost);

/// `list-is-complete`.
///
/// # Errors
/// A grant was missing from the pages, or there twice, or out of order.
pub fn list_is_complete<B: ManagedBench>(bench: &B) -> Result<(), Failure> {
    let (store, other) = (bench.open(), bench.open());
    let mut grants = shapes::all()?;
    for number in 0..40 {
        grants.push(of(number, &["app", "web"], &["alice", "bob"])?);
    }
    grants.iter().try_for_each(|grant| store.insert(grant))?;
    grants.sort_by_key(Grant::id);
    let filters =
        [GrantFilter::All, client("app")?, client("web")?, subject("alice")?, subject("bob")?, client("none")?];
    for filter in &filters {
        let due: Vec<&Grant> = grants.iter().filter(|grant| filter.matches(grant)).collect();
        for limit in [1, 2, 7, due.len().max(1), due.len() + 1, usize::MAX] {
            let listed = pages(&store, filter, limit)?;
            ensure(listed.len() == due.len(), || format!("{} of {} grants were listed", listed.len(), due.len()))?;
            listed.iter().zip(&due).try_for_each(|(found, due)| must_equal(found, due))?;
        }
    }
    beside_writers(&store, &other, &grants)
}

/// All pages of a filter, one after the other.
fn pages<B: ManagedBench>(store: &Handle<'_, B>, filter: &GrantFilter, limit: usize) -> Result<Vec<Grant>, Failure> {
    let mut listed: Vec<Grant> = Vec::new();
    loop {
        let page = store.list(filter, listed.last().map(Grant::id), limit)?;
        if page.is_empty() {
            return Ok(listed);
        }
        for grant in page {
            let ascends = listed.last().is_none_or(|last| last.id() < grant.id());
            ensure(ascends, || format!("{} was listed again, or out of order", grant.id()))?;
            listed.push(grant);
        }
    }
}

/// Between two pages others insert, replace and end; what was there throughout is seen once all the same.
fn beside_writers<B: ManagedBench>(
    store: &Handle<'_, B>,
    other: &Handle<'_, B>,
    grants: &[Grant],
) -> Result<(), Failure> {
    let mut seen = BTreeSet::new();
    let (mut after, mut number) = (None, 1000);
    loop {
        let page = store.list(&GrantFilter::All, after, 5)?;
        let Some(last) = page.last() else {
            break;
        };
        after = Some(last.id());
        for grant in &page {
            ensure(seen.insert(grant.id()), || format!("{} was listed twice", grant.id()))?;
        }
        if number < 1010 {
            other.insert(&of(number, &["app"], &["carol"])?)?;
            other.must_commit(records::end(last))?;
        }
        number += 1;
    }
    let missed = grants.iter().find(|grant| !seen.contains(&grant.id()));
    missed.map_or(Ok(()), |grant| Err(Failure::new(format!("{} was never listed", grant.id()))))
}

/// `filter-is-exact`.
///
/// # Errors
/// A grant of another client or subject was listed or ended.
pub fn filter_is_exact<B: ManagedBench>(bench: &B) -> Result<(), Failure> {
    let store = bench.open();
    // Each is easily taken for another: by case, by a wildcard, by space, by Unicode's equivalence, as the other column.
    let names = ["app", "APP", "app ", " app", "ap", "appl", "a%", "a_p", "%", "*", "'app'", "app' or '1'='1"];
    let subjects: Vec<&str> = names.into_iter().chain(["caf\u{e9}", "cafe\u{301}", "CAF\u{c9}", "cafe"]).collect();
    let mut grants = Vec::new();
    for (number, name) in (0..).zip(names) {
        grants.push(of(number, &[name], &["somebody"])?);
    }
    for (number, name) in (100..).zip(&subjects) {
        grants.push(of(number, &["client"], &[*name])?);
    }
    let nobody = Draft::new(200)?;
    grants.push(Draft { terms: regrant::Terms { subject: None, ..nobody.terms.clone() }, ..nobody }.build()?);
    grants.iter().try_for_each(|grant| store.insert(grant))?;
    let filters = names.into_iter().map(client).chain(subjects.into_iter().map(subject));
    for filter in filters {
        let filter = filter?;
        let listed = store.list(&filter, None, usize::MAX)?;
        ensure(listed.iter().all(|grant| filter.matches(grant)), || "a filter listed what it does not mean".into())?;
        let due: Vec<_> = grants.iter().filter(|grant| filter.matches(grant) && !grant.is_ended()).collect();
        let counted = store.end(&filter, END, usize::MAX)?;
        ensure(counted == due.len(), || format!("a filter that means {} grants ended {counted}", due.len()))?;
        for grant in &mut grants {
            if filter.matches(grant) {
                grant.end(END.0, END.1);
            }
            store.must_hold(grant)?;
        }
    }
    Ok(())
}

/// `end-spares-the-ended`.
///
/// # Errors
/// An end of management changed what had ended, counted it, or left a revision.
pub fn end_spares_the_ended<B: ManagedBench>(bench: &B) -> Result<(), Failure> {
    let (store, other) = (bench.open(), bench.open());
    let living = (0..10).map(records::plain).collect::<Result<Vec<_>, _>>()?;
    living.iter().try_for_each(|grant| store.insert(grant))?;
    let mut gone = Vec::new();
    for (number, reason) in (100..).zip(EndReason::ALL.into_iter().cycle()).take(9) {
        let (grant, at) = (records::plain(number)?, Timestamp::from_unix_millis(number));
        store.insert(&grant)?;
        store.must_commit(Change::End { id: grant.id(), at, reason })?;
        gone.push(ended_by(&grant, at, reason));
    }
    let counted = other.end(&GrantFilter::All, END, usize::MAX)?;
    ensure(counted == living.len(), || format!("of {} living grants {counted} were ended", living.len()))?;
    gone.iter().try_for_each(|grant| store.must_hold(grant))?;
    for grant in &living {
        store.must_hold(&ended_by(grant, END.0, END.1))?;
        // A refresh that read the record before comes late.
        store.must_conflict(records::replace(grant, &records::next(grant, 0)?))?;
    }
    let counted = other.end(&GrantFilter::All, END, usize::MAX)?;
    ensure(counted == 0, || format!("{counted} grants were ended a second time"))?;
    none_is_ended_twice(&store)
}

/// `limit-holds`.
///
/// # Errors
/// A call touched more records than it was asked to.
pub fn limit_holds<B: ManagedBench>(bench: &B) -> Result<(), Failure> {
    // Enough for all limits of all rounds.
    const GRANTS: u64 = 60;
    const LIMITS: [usize; 5] = [0, 1, 3, 5, 7];
    let store = bench.open();
    for number in 0..GRANTS {
        store.insert(&of(number, &["app"], &["alice"])?)?;
    }
    let count = |meant: fn(&Grant) -> bool| -> Result<usize, Failure> {
        let all = store.list(&GrantFilter::All, None, usize::MAX)?;
        Ok(all.iter().filter(|grant| meant(grant)).count())
    };
    for filter in [GrantFilter::All, client("app")?, subject("alice")?] {
        for limit in 0..usize::try_from(GRANTS)? {
            let listed = store.list(&filter, None, limit)?.len();
            ensure(listed == limit, || format!("a page of {limit} had {listed} grants"))?;
        }
        for limit in LIMITS {
            let before = count(|grant| !grant.is_ended())?;
            let counted = store.end(&filter, END, limit)?;
            let ended = before - count(|grant| !grant.is_ended())?;
            ensure(counted == limit && ended == limit, || format!("an end of up to {limit} ended {ended}"))?;
        }
    }
    store.end(&GrantFilter::All, END, usize::MAX)?;
    for limit in LIMITS {
        let before = count(|_| true)?;
        let counted = store.purge(Timestamp::MAX, limit)?;
        let deleted = before - count(|_| true)?;
        ensure(counted == limit && deleted == limit, || format!("a purge of up to {limit} deleted {deleted}"))?;
    }
    Ok(())
}

/// A living grant of the client and the subject that its number chooses.
pub(super) fn of(number: u64, clients: &[&str], subjects: &[&str]) -> Result<Grant, Failure> {
    let at = usize::try_from(number)?;
    let mut draft = Draft::new(number)?;
    draft.terms.client_id = ClientId::parse(clients.iter().cycle().nth(at).unwrap_or(&"app"))?;
    draft.terms.subject = Some(Subject::parse(subjects.iter().cycle().nth(at / 2).unwrap_or(&"alice"))?);
    draft.build()
}

/// The grants of one client.
fn client(id: &str) -> Result<GrantFilter, Failure> {
    Ok(GrantFilter::Client(ClientId::parse(id)?))
}

/// The grants of one subject.
pub(super) fn subject(text: &str) -> Result<GrantFilter, Failure> {
    Ok(GrantFilter::Subject(Subject::parse(text)?))
}
