//! The parts of the cases that need several threads. None of them measures time.

use std::panic::resume_unwind;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use regrant::{Change, CommitOutcome, Grant};

use super::failure::ensure;
use super::handle::must_equal;
use super::records::{self, end, plain, replace};
use super::{Bench, Failure};

/// How many threads race.
const THREADS: u64 = 8;
/// How often a race is run. A store that loses one race in a few is found; one in a million is not.
const ROUNDS: u64 = 16;
/// The most writes of a busy writer: a store in which nothing ends stops here.
const MANY: u64 = 100_000;

/// Runs `work` on another thread.
pub(super) fn elsewhere<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| scope.spawn(work).join().unwrap_or_else(|panic| resume_unwind(panic)))
}

/// Runs `work` on several threads that begin at once; gives it the number of its thread.
pub(super) fn crowd<T: Send>(work: impl Fn(u64) -> T + Sync) -> Vec<T> {
    let start = Barrier::new(usize::try_from(THREADS).unwrap_or(1));
    let (start, work) = (&start, &work);
    thread::scope(|scope| {
        let begin = |number| {
            scope.spawn(move || {
                start.wait();
                work(number)
            })
        };
        let running: Vec<_> = (0..THREADS).map(begin).collect();
        running.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    })
}

/// `one-winner`.
///
/// # Errors
/// Of several changes that expect the same revision, or insert the same id, not exactly one was committed.
pub fn one_winner<B: Bench>(bench: &B) -> Result<(), Failure> {
    let handles = [bench.open(), bench.open()];
    let race = |changes: &[(Change, Grant)]| -> Result<Grant, Failure> {
        let outcomes = crowd(|number| {
            let mut entries = handles.iter().cycle().zip(changes).skip(usize::try_from(number).unwrap_or(0));
            let Some((store, (change, grant))) = entries.next() else {
                return Ok(None);
            };
            let won = store.commit(change.clone())? == CommitOutcome::Committed;
            Ok(won.then(|| grant.clone()))
        });
        let winners: Vec<Grant> =
            outcomes.into_iter().collect::<Result<Vec<_>, Failure>>()?.into_iter().flatten().collect();
        match winners.as_slice() {
            [winner] => {
                handles.iter().try_for_each(|store| store.must_hold(winner))?;
                Ok(winner.clone())
            }
            many => Err(Failure::new(format!("of {THREADS} writers at once, {} have won", many.len()))),
        }
    };
    for round in 0..ROUNDS {
        let id = records::id(round);
        let rival = |number| records::Draft { id, ..records::Draft::new(number)? }.build();
        let inserts = (0..THREADS).map(rival).map(|grant| grant.map(|grant| (Change::Insert(grant.clone()), grant)));
        let mut grant = race(&inserts.collect::<Result<Vec<_>, _>>()?)?;
        for _ in 0..4 {
            let versions = (0..THREADS).map(|number| records::next(&grant, number));
            let rivals = versions.map(|next| next.map(|next| (replace(&grant, &next), next)));
            grant = race(&rivals.collect::<Result<Vec<_>, _>>()?)?;
        }
    }
    Ok(())
}

/// Writes on this thread while two others read over and over, until the writer is done.
fn beside_readers(
    write: impl FnOnce() -> Result<(), Failure>,
    read_once: impl Fn() -> Result<(), Failure> + Sync,
) -> Result<(), Failure> {
    let stopped = AtomicBool::new(false);
    let read = || {
        while !stopped.load(Ordering::Acquire) {
            read_once()?;
        }
        // Once more, now that everything is written.
        read_once()
    };
    thread::scope(|scope| {
        let readers = [scope.spawn(read), scope.spawn(read)];
        let stop = Stop(&stopped);
        let written = write();
        drop(stop);
        readers.into_iter().try_for_each(|reader| reader.join().unwrap_or_else(|panic| resume_unwind(panic)))?;
        written
    })
}

/// Stops the readers, even where the writer panics.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// One thread writes, and tells what was acknowledged; others load and must see at least that.
pub(super) fn readers_keep_up<B: Bench>(bench: &B) -> Result<(), Failure> {
    let (writer, reader) = (bench.open(), bench.open());
    let mut grant = plain(7)?;
    writer.insert(&grant)?;
    let (id, acknowledged) = (grant.id(), AtomicU64::new(grant.revision().get()));
    let write = || {
        for seed in 0..64 {
            let next = records::next(&grant, seed)?;
            writer.replace(&grant, &next)?;
            acknowledged.store(next.revision().get(), Ordering::Release);
            grant = next;
        }
        Ok(())
    };
    beside_readers(write, || {
        let least = acknowledged.load(Ordering::Acquire);
        let found = reader.must_load(&id)?.revision().get();
        ensure(found >= least, || format!("revision {least} was acknowledged, then {found} was loaded"))
    })
}

/// One thread replaces a record as fast as it can; one end, asked for once, ends it.
pub(super) fn no_writer_starves_an_end<B: Bench>(bench: &B) -> Result<(), Failure> {
    let grant = plain(8)?;
    let id = grant.id();
    bench.open().insert(&grant)?;
    let started = Barrier::new(2);
    // Opened before the threads meet: a panic of the fixture must not leave one of them waiting.
    let (busy, store) = (bench.open(), bench.open());
    let write = || {
        started.wait();
        for seed in 0..MANY {
            let read = busy.must_load(&id)?;
            if read.is_ended() {
                return Ok(());
            }
            let _ = busy.commit(replace(&read, &records::next(&read, seed)?))?;
        }
        Err(Failure::new(format!("{id} goes on after its end")))
    };
    thread::scope(|scope| {
        let writer = scope.spawn(write);
        started.wait();
        let ended = store.must_commit(end(&grant));
        writer.join().unwrap_or_else(|panic| resume_unwind(panic))?;
        ended?;
        ensure(store.must_load(&id)?.is_ended(), || format!("{id} came back after its end"))
    })
}

/// Readers look at a record while it is replaced; what they see is always one of the versions.
pub(super) fn no_half_is_seen<B: Bench>(bench: &B) -> Result<(), Failure> {
    let (writer, reader) = (bench.open(), bench.open());
    let first = plain(9)?;
    let (id, mut versions) = (first.id(), vec![first.clone()]);
    let mut last = first.clone();
    for seed in 0..48 {
        last = records::next(&last, seed)?;
        versions.push(last.clone());
    }
    writer.insert(&first)?;
    let write = || versions.iter().zip(versions.iter().skip(1)).try_for_each(|(old, new)| writer.replace(old, new));
    beside_readers(write, || {
        let found = reader.must_load(&id)?;
        let due = versions.iter().find(|version| version.revision() == found.revision());
        must_equal(&found, due.ok_or_else(|| Failure::new(format!("{id} is at a revision that nobody wrote")))?)
    })
}
