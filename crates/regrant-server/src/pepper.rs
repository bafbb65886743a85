//! The pepper file: random bytes that the retry derivation needs, kept outside the store.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use regrant::Pepper;
use zeroize::Zeroizing;

use crate::config::{Config, StoreUrl, io_text};
use crate::fault::Fault;

/// The length of a pepper that is made here.
const LENGTH: usize = 32;
/// The longest pepper that is read. More is not a pepper but the wrong file.
const LONGEST: u64 = 4096;

/// The pepper of a configuration.
///
/// - The file that is named. Where there is none it is made, but only while the store holds no grant (`empty`): a
///   pepper that vanished must not be replaced in silence.
/// - With Postgres it is never made: what one node makes, the others do not have. It can be left out where no client of
///   the file ever retries.
/// - With SQLite, else: `NAME.pepper` beside the database, made at the first start.
/// - With the memory store, else: random bytes that live as long as the process, as the grants do.
///
/// # Errors
/// A file that cannot be read, made, or is too short.
pub fn load(config: &Config, empty: bool) -> Result<Pepper, Fault> {
    let current = match (&config.pepper_file, &config.store) {
        (Some(path), StoreUrl::Postgres(_)) => read("pepper_file", path)?,
        (Some(path), _) if empty => read_or_make(path).map_err(Fault::usage)?,
        (Some(path), _) => read("pepper_file", path)?,
        (None, StoreUrl::Sqlite(database)) => beside(database)?,
        (None, StoreUrl::Postgres(_)) if config.retries() => {
            return Err(Fault::usage(
                "pepper_file: missing, expected a file of 32 or more random bytes, the same on every node: with postgres \
                 a retry_window above 0 needs it",
            ));
        }
        (None, StoreUrl::Memory | StoreUrl::Postgres(_)) => fresh().map_err(Fault::running)?,
    };
    let pepper = Pepper::new(unwrapped(current)).map_err(Fault::usage)?;
    match &config.pepper_file_previous {
        None => Ok(pepper),
        Some(path) => pepper.with_previous(unwrapped(read("pepper_file_previous", path)?)).map_err(Fault::usage),
    }
}

/// Hands the bytes over to a type that wipes them itself.
fn unwrapped(mut bytes: Zeroizing<Vec<u8>>) -> Vec<u8> {
    std::mem::take(&mut *bytes)
}

/// Reads a pepper that somebody put there.
fn read(key: &str, path: &Path) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let refused = |what: &str| Fault::usage(format_args!("{key}: {}: {what}", path.display()));
    let file = File::open(path).map_err(|error| refused(&io_text(&error)))?;
    warn_if_open(&file, path);
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(|error| refused(&io_text(&error)))?;
    let longest = usize::try_from(LONGEST).unwrap_or(usize::MAX);
    if (Pepper::MIN_LENGTH..=longest).contains(&bytes.len()) {
        Ok(bytes)
    } else {
        Err(refused(&format!("expected {} to {LONGEST} random bytes", Pepper::MIN_LENGTH)))
    }
}

/// Where the pepper of a database stands.
fn path_beside(database: &Path) -> PathBuf {
    let mut name = database.file_name().unwrap_or_default().to_owned();
    name.push(".pepper");
    database.with_file_name(name)
}

/// Reads the pepper of a database, and makes it where there is none.
fn beside(database: &Path) -> Result<Zeroizing<Vec<u8>>, Fault> {
    read_or_make(&path_beside(database))
}

/// Reads a pepper, and makes it where there is none.
fn read_or_make(path: &Path) -> Result<Zeroizing<Vec<u8>>, Fault> {
    if !path.exists() {
        make(path).map_err(|error| {
            Fault::running(format_args!("the pepper {} cannot be made: {}", path.display(), io_text(&error)))
        })?;
        // At a first start this is how it should be. At any other, a file was lost, and retries under way will fail.
        tracing::info!(file = %path.display(), "there was no pepper, one was made");
    }
    read("pepper_file", path)
}

/// Makes a pepper that is whole from the moment it has its name.
///
/// The bytes are written and synced under a name of their own; a hard link then gives them the right one. It fails
/// where the name is taken, so of two processes that start at once one wins, and both read the winner's.
fn make(path: &Path) -> io::Result<()> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let bytes = fresh()?;
    let mut file = tempfile::Builder::new().prefix(".regrant-pepper-").tempfile_in(directory)?;
    file.write_all(&bytes)?;
    file.as_file().sync_all()?;
    match fs::hard_link(file.path(), path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    // The name must last as long as the grants that will need it.
    OpenOptions::new().read(true).open(directory)?.sync_all()
}

/// Fresh random bytes.
fn fresh() -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(vec![0; LENGTH]);
    getrandom::fill(&mut bytes).map_err(|_| io::Error::other("the random source failed"))?;
    Ok(bytes)
}

/// Says so where others than the owner may read the file.
#[cfg(unix)]
fn warn_if_open(file: &File, path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let open = file.metadata().is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0);
    if open {
        tracing::warn!(file = %path.display(), "others than its owner may read the pepper, expected mode 0600");
    }
}

#[cfg(not(unix))]
fn warn_if_open(_: &File, _: &Path) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processes_that_start_at_once_end_with_one_pepper() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("grants.db");
        let all: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..16).map(|_| scope.spawn(|| beside(&database).unwrap())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(all.iter().all(|bytes| bytes.len() == LENGTH && *bytes == all[0]));
        let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["grants.db.pepper"]);
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_read_what_is_made() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        beside(&folder.path().join("grants.db")).unwrap();
        let metadata = fs::metadata(folder.path().join("grants.db.pepper")).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn short_long_and_missing_files_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pepper");
        assert_eq!(read("pepper_file", &path).unwrap_err().exit_code(), 2);
        for (length, good) in [(0, false), (31, false), (32, true), (4096, true), (4097, false)] {
            fs::write(&path, vec![7; length]).unwrap();
            assert_eq!(read("pepper_file", &path).is_ok(), good, "{length}");
        }
    }
}
