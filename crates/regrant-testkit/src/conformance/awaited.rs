//! What an [`AsyncTokenStore`] owes beside what a `TokenStore` owes. Each function is the case of the obligation of its
//! name.

use std::fs;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use regrant::{AsyncGrantManagement, AsyncTokenStore, Change, CommitOutcome, EndReason, Grant, GrantFilter, Timestamp};

use super::failure::ensure;
use super::records::{self, NOW, end, ended, plain, replace};
use super::{Awaited, Bench, Failure, Runtime};

/// How often each operation is watched. One wait may be the machine's; a store that blocks does so every time.
const WATCHED: u64 = 24;

/// `never-blocks-the-runtime`, for the two verbs of the engine.
///
/// It asks Linux how often the polling thread gave the processor away inside the polls of a future. Elsewhere nobody
/// tells, and the case fails.
///
/// # Errors
/// Most loads, or most commits, made the thread that polled them wait.
pub fn never_blocks_the_runtime<F: Runtime<Store: AsyncTokenStore>>(bench: &Awaited<F>) -> Result<(), Failure> {
    let store = bench.0.open();
    let mut versions = vec![plain(1)?];
    for seed in 0..WATCHED {
        let next = versions.last().map(|last| records::next(last, seed)).transpose()?;
        versions.extend(next);
    }
    let first = versions.first().map(|first| Change::Insert(first.clone()));
    let replacements = versions.iter().zip(versions.iter().skip(1)).map(|(old, new)| replace(old, new));
    let mut changes: Vec<Change> = first.into_iter().chain(replacements).collect();
    changes.extend(versions.last().map(end));
    let id = records::id(1);
    must_not_wait("a commit", changes.into_iter().map(|change| watch(&bench.0, store.commit(change))))?;
    must_not_wait("a load", (0..WATCHED).map(|_| watch(&bench.0, store.load(&id))))?;
    one_thread_serves_many(bench)
}

/// `management-never-blocks`, for the verbs of management.
///
/// # Errors
/// Most calls of one kind made the thread that polled them wait.
pub fn management_never_blocks<F>(bench: &Awaited<F>) -> Result<(), Failure>
where
    F: Runtime<Store: AsyncTokenStore + AsyncGrantManagement>,
{
    let store = bench.0.open();
    let handle = bench.open();
    (0..WATCHED).try_for_each(|number| handle.insert(&plain(number)?))?;
    let all = GrantFilter::All;
    must_not_wait("a list", (0..WATCHED).map(|_| watch(&bench.0, store.list(&all, None, 10))))?;
    must_not_wait("an end", (0..WATCHED).map(|_| watch(&bench.0, store.end(&all, NOW, EndReason::Revoked, 1))))?;
    must_not_wait("a purge", (0..WATCHED).map(|_| watch(&bench.0, store.purge(Timestamp::MAX, 1))))
}

/// Many commits to one record, all begun before any has ended, on one thread. A store that keeps a lock of threads while
/// it waits stands still here, and so does the test.
fn one_thread_serves_many<F: Runtime<Store: AsyncTokenStore>>(bench: &Awaited<F>) -> Result<(), Failure> {
    let (store, handle) = (bench.0.open(), bench.open());
    let old = plain(2)?;
    handle.insert(&old)?;
    let versions = (0..16).map(|seed| records::next(&old, seed)).collect::<Result<Vec<_>, _>>()?;
    let begun = versions.iter().map(|new| Box::pin(store.commit(replace(&old, new))));
    let outcomes = bench.0.run(together(begun.collect()));
    let outcomes = outcomes.into_iter().collect::<Result<Vec<_>, _>>();
    let outcomes = outcomes.map_err(|error| Failure::of_store("a commit beside others", &error))?;
    let won = outcomes.iter().filter(|outcome| **outcome == CommitOutcome::Committed).count();
    ensure(won == 1, || format!("of {} commits on one thread, {won} have won", outcomes.len()))
}

/// Polls futures one after the other, over and over, until all have ended.
async fn together<F: Future>(begun: Vec<Pin<Box<F>>>) -> Vec<F::Output> {
    let (mut begun, mut ended): (Vec<_>, Vec<_>) = (begun.into_iter().map(Some).collect(), Vec::new());
    poll_fn(|context| {
        for slot in &mut begun {
            if let Some(Poll::Ready(output)) = slot.as_mut().map(|future| future.as_mut().poll(context)) {
                ended.push(output);
                *slot = None;
            }
        }
        if begun.iter().all(Option::is_none) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    ended
}

fn must_not_wait(verb: &str, waited: impl Iterator<Item = Result<bool, Failure>>) -> Result<(), Failure> {
    let waited = waited.collect::<Result<Vec<_>, _>>()?;
    let count = waited.iter().filter(|waited| **waited).count();
    ensure(count * 2 <= waited.len(), || {
        format!("{verb} blocked the thread that polled it {count} times of {}", waited.len())
    })
}

/// Runs a future to its end. Whether a poll of it made its thread wait.
fn watch<F: Runtime, T: Send, E: std::error::Error + Send>(
    fixture: &F,
    future: impl Future<Output = Result<T, E>> + Send,
) -> Result<bool, Failure> {
    let waited = AtomicBool::new(false);
    let watched = Watched { future: Box::pin(future), waited: &waited };
    fixture.run(watched)?.map_err(|error| Failure::of_store("a watched call", &error))?;
    Ok(waited.load(Ordering::Relaxed))
}

/// A future of which every poll is watched.
struct Watched<'a, F> {
    future: Pin<Box<F>>,
    waited: &'a AtomicBool,
}

impl<F: Future> Future for Watched<'_, F> {
    type Output = Result<F::Output, Failure>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let before = waits();
        let polled = self.future.as_mut().poll(context);
        match (before, waits()) {
            (Ok(before), Ok(after)) => {
                self.waited.fetch_or(after > before, Ordering::Relaxed);
                polled.map(Ok)
            }
            (Err(failure), _) | (_, Err(failure)) => Poll::Ready(Err(failure)),
        }
    }
}

/// How often this thread has given the processor away of its own accord: for a lock, a file, a socket, a sleep.
fn waits() -> Result<u64, Failure> {
    let status = fs::read_to_string("/proc/thread-self/status")?;
    let count = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
    Ok(count.ok_or_else(|| Failure::new("the system does not count the waits of a thread"))?.trim().parse()?)
}

/// `dropping-is-harmless`.
///
/// # Errors
/// A future that was dropped left half a record, a change that came later than others, or a store that stands still.
pub fn dropping_is_harmless<F: Runtime<Store: AsyncTokenStore>>(bench: &Awaited<F>) -> Result<(), Failure> {
    let (store, handle) = (bench.0.open(), bench.open());
    for (number, polls) in (1..).zip([0, 1, 2, 3, 4, 8]) {
        let old = plain(number)?;
        drop_after(&bench.0, polls, store.commit(Change::Insert(old.clone())));
        // Whether that insert took place is unknown. This one makes sure, and loses to it if it did.
        let _ = handle.commit(Change::Insert(old.clone()))?;
        handle.must_hold(&old)?;

        let (dropped, other) = (records::next(&old, 1)?, records::next(&old, 2)?);
        drop_after(&bench.0, polls, store.commit(replace(&old, &dropped)));
        let mut last = settle(&handle, &old, &dropped, &other)?;
        handle.must_hold(&last)?;

        drop_after(&bench.0, polls, store.load(&old.id()));
        drop_after(&bench.0, polls, store.commit(end(&last)));
        handle.must_commit(end(&last))?;
        last = ended(&last);
        handle.must_hold(&last)?;
    }
    Ok(())
}

/// Which of two replacements is there: the one whose future was dropped, or the one that follows it here.
fn settle<B: Bench>(
    handle: &super::Handle<'_, B>,
    old: &Grant,
    dropped: &Grant,
    other: &Grant,
) -> Result<Grant, Failure> {
    let outcome = handle.commit(replace(old, other))?;
    Ok(if outcome == CommitOutcome::Committed { other } else { dropped }.clone())
}

/// Polls a future so many times at most, then drops it.
fn drop_after<F: Runtime, T: Send>(fixture: &F, polls: usize, future: impl Future<Output = T> + Send) {
    fixture.run(Impatient { future: Box::pin(future), left: polls });
}

struct Impatient<F> {
    future: Pin<Box<F>>,
    left: usize,
}

impl<F: Future> Future for Impatient<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let Some(left) = self.left.checked_sub(1) else {
            return Poll::Ready(());
        };
        self.left = left;
        if self.future.as_mut().poll(context).is_ready() {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}
