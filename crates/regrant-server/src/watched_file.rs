//! Whether the database is still the file of that name.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// A file that was opened under a name. If the name goes away or is given to another file, what is written to the open
/// one is lost with the process, although every write succeeds: an acknowledged commit would not be durable.
#[derive(Debug, Clone)]
pub(crate) struct WatchedFile {
    path: PathBuf,
    identity: Identity,
}

/// The name stands for another file, or for none.
#[derive(Debug, Error)]
#[error("the database file was removed or replaced while it was open")]
pub(crate) struct FileIsGone;

#[cfg(unix)]
type Identity = (u64, u64);
#[cfg(not(unix))]
type Identity = ();

impl WatchedFile {
    /// Takes note of the file that the name stands for now.
    pub(crate) fn new(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), identity: identity(path)? })
    }

    /// Checks that the name still stands for that file. One call of the system, and no wait for a disk.
    pub(crate) fn check(&self) -> Result<(), FileIsGone> {
        match identity(&self.path) {
            Ok(now) if now == self.identity => Ok(()),
            _ => Err(FileIsGone),
        }
    }
}

#[cfg(unix)]
fn identity(path: &Path) -> io::Result<Identity> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = std::fs::metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}

/// An open file cannot be removed on this system.
#[cfg(not(unix))]
fn identity(_: &Path) -> io::Result<Identity> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_removed_and_a_replaced_file_are_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("a"), folder.path().join("b"));
        std::fs::write(&path, "").unwrap();
        std::fs::write(&other, "").unwrap();
        let file = WatchedFile::new(&path).unwrap();
        assert!(file.check().is_ok());
        std::fs::rename(&other, &path).unwrap();
        assert!(file.check().is_err());
        std::fs::remove_file(&path).unwrap();
        assert!(file.check().is_err());
    }
}
