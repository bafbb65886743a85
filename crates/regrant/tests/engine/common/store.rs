//! A store of grants in memory, whose mishaps a test writes down beforehand.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use regrant::{Change, CommitOutcome, EndReason, Grant, GrantId, Timestamp, TokenStore};

/// What becomes of one commit, other than what should.
pub(crate) struct Mishap {
    before: Option<Box<dyn FnOnce() + Send>>,
    writes: bool,
    says: Says,
}

/// What the store says, other than the truth.
enum Says {
    Truth,
    Conflict,
    Nothing,
}

impl Mishap {
    /// The store fails, and nothing was written.
    pub(crate) const fn fail_before() -> Self {
        Self { before: None, writes: false, says: Says::Nothing }
    }

    /// The store fails, and yet the change was written: the connection broke before the answer came.
    pub(crate) const fn fail_after() -> Self {
        Self { before: None, writes: true, says: Says::Nothing }
    }

    /// The store says "conflict", and yet the change was written: it repeated the commit by itself, and the repetition
    /// found the first. An end that is repeated is no conflict, so this does not happen to one.
    pub(crate) const fn false_conflict() -> Self {
        Self { before: None, writes: true, says: Says::Conflict }
    }

    /// Something else happens to the store first; then the commit takes place as it should.
    pub(crate) fn meanwhile(happens: impl FnOnce() + Send + 'static) -> Self {
        Self { before: Some(Box::new(happens)), writes: true, says: Says::Truth }
    }

    /// The same mishap, just before which something else happens to the store.
    pub(crate) fn and_before(self, happens: impl FnOnce() + Send + 'static) -> Self {
        Self { before: Some(Box::new(happens)), ..self }
    }
}

/// The store is not there.
#[derive(Debug, thiserror::Error)]
#[error("the test store is down")]
pub(crate) struct StoreDown;

/// Grants in a map.
#[derive(Default)]
pub(crate) struct TestStore {
    grants: Mutex<BTreeMap<GrantId, Grant>>,
    script: Mutex<VecDeque<Mishap>>,
    always: Mutex<Option<Box<dyn Fn() -> Mishap + Send>>>,
    before_load: Mutex<Option<Box<dyn FnOnce() + Send>>>,
    failing_loads: AtomicU32,
    loads: AtomicU32,
    commits: AtomicU32,
}

impl TestStore {
    /// The coming commits meet these mishaps, one each.
    pub(crate) fn script(&self, mishaps: impl IntoIterator<Item = Mishap>) {
        self.script.lock().unwrap().extend(mishaps);
    }

    /// Every commit from now on meets this mishap, until [`TestStore::recover`].
    pub(crate) fn always(&self, mishap: impl Fn() -> Mishap + Send + 'static) {
        *self.always.lock().unwrap() = Some(Box::new(mishap));
    }

    /// The store works again.
    pub(crate) fn recover(&self) {
        *self.always.lock().unwrap() = None;
        self.script.lock().unwrap().clear();
        self.fail_loads(0);
    }

    /// Something happens to the store just before the next load.
    pub(crate) fn before_load(&self, happens: impl FnOnce() + Send + 'static) {
        *self.before_load.lock().unwrap() = Some(Box::new(happens));
    }

    /// The host ends every grant.
    pub(crate) fn end_all(&self, at: Timestamp) {
        self.grants.lock().unwrap().values_mut().for_each(|grant| grant.end(at, EndReason::EndedByHost));
    }

    /// The next loads fail.
    pub(crate) fn fail_loads(&self, count: u32) {
        self.failing_loads.store(count, Ordering::SeqCst);
    }

    /// How many commits were asked for so far.
    pub(crate) fn commits(&self) -> u32 {
        self.commits.load(Ordering::SeqCst)
    }

    /// How many loads were asked for so far.
    pub(crate) fn loads(&self) -> u32 {
        self.loads.load(Ordering::SeqCst)
    }

    /// Every record as it is.
    pub(crate) fn snapshot(&self) -> BTreeMap<GrantId, Grant> {
        self.grants.lock().unwrap().clone()
    }

    /// One record as it is.
    pub(crate) fn grant(&self, id: GrantId) -> Grant {
        self.grants.lock().unwrap().get(&id).cloned().expect("the record exists")
    }

    /// Takes a record away, as a purge does.
    pub(crate) fn remove(&self, id: GrantId) {
        self.grants.lock().unwrap().remove(&id);
    }

    /// Another writer touches a record: nothing but the revision differs.
    pub(crate) fn touch(&self, id: GrantId) {
        let mut grants = self.grants.lock().unwrap();
        let Some(old) = grants.get(&id) else { return };
        let (refresh, access) = (old.refresh().cloned(), old.access().to_vec());
        let touched = Grant::new(id, old.revision().next(), old.state(), old.terms().clone(), refresh, access);
        grants.insert(id, touched.unwrap());
    }

    fn apply(&self, change: Change) -> CommitOutcome {
        let mut grants = self.grants.lock().unwrap();
        match change {
            Change::Insert(grant) if grants.contains_key(&grant.id()) => CommitOutcome::Conflict,
            Change::Insert(grant) => {
                grants.insert(grant.id(), grant);
                CommitOutcome::Committed
            }
            Change::Replace { expected, grant, .. } => match grants.get_mut(&grant.id()) {
                Some(stored) if stored.revision() == expected => {
                    assert!(grant.revision() > expected, "every write raises the revision");
                    *stored = grant;
                    CommitOutcome::Committed
                }
                _ => CommitOutcome::Conflict,
            },
            Change::End { id, at, reason } => grants.get_mut(&id).map_or(CommitOutcome::Conflict, |stored| {
                stored.end(at, reason);
                CommitOutcome::Committed
            }),
        }
    }

    fn next_mishap(&self) -> Option<Mishap> {
        let scripted = self.script.lock().unwrap().pop_front();
        scripted.or_else(|| self.always.lock().unwrap().as_ref().map(|make| make()))
    }
}

impl TokenStore for TestStore {
    type Error = StoreDown;

    fn load(&self, id: &GrantId) -> Result<Option<Grant>, StoreDown> {
        self.loads.fetch_add(1, Ordering::SeqCst);
        let before = self.before_load.lock().unwrap().take();
        if let Some(happens) = before {
            happens();
        }
        let fails = self.failing_loads.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if fails.is_ok() { Err(StoreDown) } else { Ok(self.grants.lock().unwrap().get(id).cloned()) }
    }

    fn commit(&self, change: Change) -> Result<CommitOutcome, StoreDown> {
        self.commits.fetch_add(1, Ordering::SeqCst);
        let Some(Mishap { before, writes, says }) = self.next_mishap() else {
            return Ok(self.apply(change));
        };
        if let Some(happens) = before {
            happens();
        }
        let is_end = matches!(change, Change::End { .. });
        let truth = if writes { self.apply(change) } else { CommitOutcome::Conflict };
        match says {
            Says::Truth => Ok(truth),
            Says::Conflict if is_end => Ok(truth),
            Says::Conflict => Ok(CommitOutcome::Conflict),
            Says::Nothing => Err(StoreDown),
        }
    }
}
