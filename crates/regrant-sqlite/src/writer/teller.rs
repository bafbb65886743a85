//! Giving the answers of a large group, while the next one is written.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SendError, Sender, channel};

use super::job::Job;

/// From so many answers on it is worth it to wake another thread.
const MANY: usize = 8;

/// Who hands over the answers.
pub(super) struct Teller {
    groups: Sender<Vec<Box<dyn Job>>>,
    /// The groups that were handed over, and whose answers are not all given.
    pending: Arc<AtomicUsize>,
}

/// The groups whose answers are to be given.
pub(super) struct Groups {
    groups: Receiver<Vec<Box<dyn Job>>>,
    pending: Arc<AtomicUsize>,
}

impl Teller {
    pub(super) fn new() -> (Self, Groups) {
        let ((sender, receiver), pending) = (channel(), Arc::new(AtomicUsize::new(0)));
        (Self { groups: sender, pending: Arc::clone(&pending) }, Groups { groups: receiver, pending })
    }

    /// Gives the answers of a group that was committed, or has them given. None overtakes one of an earlier group.
    pub(super) fn tell(&self, jobs: Vec<Box<dyn Job>>) {
        if jobs.len() < MANY && self.pending.load(Ordering::Acquire) == 0 {
            return jobs.into_iter().for_each(Job::answer);
        }
        self.pending.fetch_add(1, Ordering::Relaxed);
        // The thread outlives the one that writes. Were it gone, the answers would still be owed.
        if let Err(SendError(jobs)) = self.groups.send(jobs) {
            jobs.into_iter().for_each(Job::answer);
        }
    }
}

/// What the thread does until the writer has ended.
pub(super) fn serve(Groups { groups, pending }: &Groups) {
    for jobs in groups {
        jobs.into_iter().for_each(Job::answer);
        pending.fetch_sub(1, Ordering::Release);
    }
}
