//! The write-ahead log: how long it is, and when it is moved into the file.
//!
//! SQLite would move it within the commit that made it long, and that commit's callers, and all behind them, would wait for
//! a thousand pages to reach the disk. Here a thread beside the writer does it.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use rusqlite::wal::CheckpointMode;
use rusqlite::{Connection, MAIN_DB};

use crate::error::Error;

/// How long the log is, as each commit of this process finds it.
#[derive(Debug)]
pub(crate) struct Log {
    length: Mutex<Length>,
    /// It is long, or the store is gone.
    called: Condvar,
}

#[derive(Debug)]
struct Length {
    frames: usize,
    /// The frames from which on it is moved.
    pages: usize,
    due: usize,
    closed: bool,
}

impl Log {
    /// One that is moved when it has so many pages.
    pub(crate) fn new(pages: usize) -> Self {
        let pages = pages.max(1);
        Self { length: Mutex::new(Length { frames: 0, pages, due: pages, closed: false }), called: Condvar::new() }
    }

    /// Counts what a commit found, and calls the thread if it is due. Answers whether the log is too long to wait for it.
    pub(crate) fn grown(&self, frames: usize) -> bool {
        let mut length = self.length();
        if frames < length.frames {
            // It has begun anew.
            length.due = length.pages;
        }
        length.frames = frames;
        if frames >= length.due {
            self.called.notify_one();
        }
        // So it is bounded where the thread cannot keep up.
        frames >= length.pages.saturating_mul(2)
    }

    /// Waits until the log is long. `false`: the store is gone.
    pub(crate) fn wait(&self) -> bool {
        let mut length = self.length();
        while length.frames < length.due && !length.closed {
            length = self.called.wait(length).unwrap_or_else(PoisonError::into_inner);
        }
        !length.closed
    }

    /// Moves what is in the log now, beside those who write; answers how many frames were added meanwhile, or could not be
    /// moved because somebody reads the state before them.
    pub(crate) fn pass(&self, connection: &Connection) -> Result<usize, Error> {
        let (_, moved) = connection.wal_checkpoint_v2(Some(MAIN_DB), CheckpointMode::PASSIVE)?;
        let frames = self.length().frames;
        Ok(frames.saturating_sub(usize::try_from(moved).unwrap_or_default()))
    }

    /// What was moved now is not due again before it has grown by an eighth, or begun anew: it cannot begin anew while
    /// somebody reads an old state of it.
    pub(crate) fn moved(&self) {
        let mut length = self.length();
        length.due = length.frames + length.pages.div_ceil(8);
    }

    /// The store is gone.
    pub(crate) fn close(&self) {
        self.length().closed = true;
        self.called.notify_one();
    }

    // INVARIANT: nothing that can panic happens while it is locked, so a poisoned lock is whole.
    fn length(&self) -> MutexGuard<'_, Length> {
        self.length.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

    use std::thread;
    use std::time::Duration;

    use super::*;

    /// Whether the thread would be called now.
    fn is_due(log: &Log) -> bool {
        let length = log.length();
        length.frames >= length.due
    }

    #[test]
    fn a_log_is_due_at_its_length_and_again_when_it_has_grown_or_begun_anew() {
        let log = Log::new(800);
        for (frames, due) in [(1, false), (799, false), (800, true), (809, true)] {
            assert!(!log.grown(frames));
            assert_eq!(is_due(&log), due, "{frames}");
        }
        log.moved();
        // Somebody reads an old state, so it goes on growing.
        for (frames, due) in [(810, false), (908, false), (909, true)] {
            assert!(!log.grown(frames));
            assert_eq!(is_due(&log), due, "{frames}");
        }
        log.moved();
        for (frames, due) in [(3, false), (799, false), (800, true)] {
            assert!(!log.grown(frames));
            assert_eq!(is_due(&log), due, "{frames}");
        }
    }

    #[test]
    fn who_commits_moves_a_log_that_has_outgrown_the_thread() {
        let log = Log::new(800);
        assert!(!log.grown(1_599));
        assert!(log.grown(1_600));
        log.moved();
        assert!(log.grown(1_601));
        assert!(!log.grown(1));
    }

    #[test]
    fn the_end_of_the_store_ends_the_wait() {
        let log = Log::new(800);
        thread::scope(|scope| {
            let waiting = scope.spawn(|| log.wait());
            thread::sleep(Duration::from_millis(20));
            log.close();
            assert!(!waiting.join().unwrap());
        });
        log.grown(800);
        assert!(!log.wait());
    }
}
