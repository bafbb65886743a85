//! How a file is opened.

use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where the database is, and how it is used.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    path: PathBuf,
    synchronous: Synchronous,
    /// For how long a call waits for another process that holds the lock of the file, before it fails with
    /// [`Error::Busy`](crate::Error::Busy); and for how long it waits for its turn, before it fails with
    /// [`Error::Overloaded`](crate::Error::Overloaded). The engine tries a commit three times, so keep it shorter than a
    /// sixth of the retry window of the clients where their answer matters. Default: 5 seconds.
    pub busy_timeout: Duration,
    /// How many connections read beside the one that writes; at least 1. Default: 4.
    pub readers: usize,
    /// How many calls may wait for the writer, and how many awaited ones for a reader, before the next one fails with
    /// [`Error::Overloaded`](crate::Error::Overloaded). Default: 1024.
    pub queue: usize,
    /// How many pages the write-ahead log holds before it is moved into the file, by a thread of the store. Twice as many
    /// are its bound, at which a commit moves it; the log goes beyond it only for as long as somebody reads an old state,
    /// a backup for instance. A short log is moved more often, and a page that was written again meanwhile is moved once.
    /// Default: 8000, which are 32 MiB.
    pub log_pages: usize,
}

impl Options {
    /// The file at `path`, made if it is not there; its directory must exist. Commits are durable: WAL with
    /// `synchronous=FULL`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            synchronous: Synchronous::Full,
            busy_timeout: Duration::from_secs(5),
            readers: 4,
            queue: 1024,
            log_pages: 8_000,
        }
    }

    /// Choices that break a promise of the store.
    pub const fn dangerous(self) -> Dangerous {
        Dangerous(self)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) const fn synchronous(&self) -> Synchronous {
        self.synchronous
    }
}

/// How hard a commit is pressed to the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Synchronous {
    Full,
    Normal,
}

impl Synchronous {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "FULL",
            Self::Normal => "NORMAL",
        }
    }
}

/// The choices behind [`Options::dangerous`].
#[derive(Clone, Debug)]
pub struct Dangerous(Options);

impl Dangerous {
    /// `synchronous=NORMAL`: a commit is acknowledged before it is on the disk.
    ///
    /// A crash of the process loses nothing. **A loss of power takes back commits that were acknowledged:** a client
    /// holds a refresh token that the store has forgotten, and a token that was spent or revoked is alive again. For
    /// tests and for machines whose loss of power ends the tokens anyway.
    #[must_use]
    pub fn synchronous_normal(mut self) -> Options {
        self.0.synchronous = Synchronous::Normal;
        self.0
    }
}
