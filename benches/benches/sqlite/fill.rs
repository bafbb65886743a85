//! Many grants in a file, in little time: in the order of their keys, and in large groups.

use std::collections::VecDeque;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use regrant::{
    AsyncTokenStore, Change, ClientId, CommitOutcome, Grant, GrantFilter, GrantId, GrantManagement, Revision, Terms,
};
use regrant_benches::{Crowd, World};
use regrant_sqlite::{Error, Options, SqliteStore};

use crate::{CALLERS, Done};

/// Writes on their way.
const IN_FLIGHT: usize = 1_000;

/// Fills a file with `count` grants. Of these, `live` are issued by an engine, spread evenly over the file: they are
/// those of the callers. The others look the same, but nobody knows their tokens.
///
/// The disk is not waited for: this is not what is measured.
pub(crate) fn crowds(file: &Path, count: usize, live: usize) -> Done<Vec<Crowd>> {
    let mut options = Options::new(file);
    options.queue = 2 * IN_FLIGHT;
    let store = SqliteStore::open(&options.dangerous().synchronous_normal())?;
    let world = World::over(store.clone())?;
    let mut crowds: Vec<Crowd> = Vec::new();
    let every = count / live;
    let template = {
        crowds.extend((0..CALLERS).map(|seed| Crowd::issue(&world, 1, seed as u64)).collect::<Done<Vec<_>>>()?);
        GrantManagement::list(&store, &GrantFilter::All, None, 1)?.pop().ok_or("no grant")?
    };
    let mut filling = Filling::new(&store);
    for place in CALLERS..count {
        if place % every == 0 {
            let at = place / every % CALLERS;
            crowds.get_mut(at).ok_or("no caller")?.issue_one(&world)?;
        } else {
            filling.insert(numbered(&template, place, count)?)?;
        }
        if place % 500_000 == 0 {
            progress(place, count);
        }
    }
    filling.finish()?;
    Ok(crowds)
}

/// The client of the grants whose tokens nobody knows.
pub(crate) fn others() -> Done<ClientId> {
    Ok(ClientId::parse("app")?)
}

/// The same grant of another client under another id: ascending ones, evenly over all of them.
fn numbered(template: &Grant, place: usize, count: usize) -> Done<Grant> {
    let step = u128::MAX / count as u128;
    let id = GrantId::from_bytes((step * place as u128).to_be_bytes());
    let terms = Arc::new(Terms { client_id: others()?, ..Terms::clone(template.terms()) });
    let refresh = template.refresh().cloned();
    Ok(Grant::new(id, Revision::FIRST, template.state(), terms, refresh, template.access().to_vec())?)
}

type Write<'a> = Pin<Box<dyn Future<Output = Result<CommitOutcome, Error>> + 'a>>;

/// Inserts that are on their way.
struct Filling<'a> {
    store: &'a SqliteStore,
    writes: VecDeque<Write<'a>>,
}

impl<'a> Filling<'a> {
    fn new(store: &'a SqliteStore) -> Self {
        Self { store, writes: VecDeque::new() }
    }

    fn insert(&mut self, grant: Grant) -> Done {
        let mut write: Write<'a> = Box::pin(AsyncTokenStore::commit(self.store, Change::Insert(grant)));
        // It goes into the queue; its answer is looked for later.
        let polled = write.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        if polled.is_pending() {
            self.writes.push_back(write);
        }
        if self.writes.len() >= IN_FLIGHT { self.next() } else { Ok(()) }
    }

    fn next(&mut self) -> Done {
        let Some(write) = self.writes.pop_front() else { return Ok(()) };
        match regrant_testkit::race::block_on(write)? {
            CommitOutcome::Committed => Ok(()),
            CommitOutcome::Conflict => Err("an id twice".into()),
        }
    }

    fn finish(&mut self) -> Done {
        while !self.writes.is_empty() {
            self.next()?;
        }
        Ok(())
    }
}

#[expect(clippy::print_stderr, reason = "a long run shows how it goes")]
fn progress(place: usize, count: usize) {
    eprintln!("filled: {place} of {count} grants");
}
