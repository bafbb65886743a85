//! The simplest store that keeps the promises of the port, with switches to break it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use regrant::{Change, CommitOutcome, Grant, GrantId, TokenStore};

/// All grants in one map. Clones of the map are snapshots.
#[derive(Default)]
pub(crate) struct Memory {
    grants: Mutex<HashMap<GrantId, Grant>>,
    /// Every call fails.
    pub(crate) down: AtomicBool,
    /// The next commit fails, and every call after it until somebody mends it.
    pub(crate) break_at_commit: AtomicBool,
    /// Every commit loses the race.
    pub(crate) contended: AtomicBool,
}

#[derive(Debug, thiserror::Error)]
#[error("the disk is on fire")]
pub(crate) struct Down;

impl Memory {
    pub(crate) fn snapshot(&self) -> HashMap<GrantId, Grant> {
        self.grants.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends a breakdown that a commit began.
    pub(crate) fn mend(&self) {
        if !self.break_at_commit.load(Ordering::SeqCst) {
            self.down.store(false, Ordering::SeqCst);
        }
    }

    fn check(&self) -> Result<(), Down> {
        if self.down.load(Ordering::SeqCst) { Err(Down) } else { Ok(()) }
    }
}

impl TokenStore for Memory {
    type Error = Down;

    fn load(&self, id: &GrantId) -> Result<Option<Grant>, Down> {
        self.check()?;
        Ok(self.grants.lock().unwrap().get(id).cloned())
    }

    fn commit(&self, change: Change) -> Result<CommitOutcome, Down> {
        if self.break_at_commit.swap(false, Ordering::SeqCst) {
            self.down.store(true, Ordering::SeqCst);
        }
        self.check()?;
        let mut grants = self.grants.lock().unwrap();
        let id = change.grant_id();
        let stored = grants.get(&id);
        let contended = self.contended.load(Ordering::SeqCst);
        let next = match (change, stored) {
            _ if contended => None,
            (Change::Insert(grant), None) => Some(grant),
            (Change::Replace { expected, grant, .. }, Some(stored)) if stored.revision() == expected => Some(grant),
            (Change::End { at, reason, .. }, Some(stored)) => {
                let mut grant = stored.clone();
                grant.end(at, reason);
                Some(grant)
            }
            _ => None,
        };
        match next {
            Some(grant) => {
                grants.insert(id, grant);
                Ok(CommitOutcome::Committed)
            }
            None => Ok(CommitOutcome::Conflict),
        }
    }
}
