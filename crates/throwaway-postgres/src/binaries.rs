//! Where the programs of `PostgreSQL` are.

use std::cmp::Reverse;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::fault::Fault;

/// Where Debian and its kin keep the programs, in a directory for each version.
const DEBIAN: &str = "/usr/lib/postgresql";

/// The directory of the programs: the newest version of Debian's, or the first in `PATH`.
pub(crate) fn directory() -> Result<PathBuf, Fault> {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = debian(Path::new(DEBIAN)).into_iter().chain(env::split_paths(&path)).find(|bin| has_server(bin));
    found.ok_or(Fault::NoBinaries)
}

fn has_server(bin: &Path) -> bool {
    ["initdb", "postgres", "psql"].iter().all(|program| bin.join(program).is_file())
}

/// The directories of all versions, the newest first.
fn debian(root: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(root).into_iter().flatten().flatten();
    let mut versions: Vec<(u32, PathBuf)> = entries
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    versions.sort_by_key(|(version, _)| Reverse(*version));
    versions.into_iter().map(|(_, bin)| bin).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_comes_first() {
        let root = tempfile::tempdir().unwrap();
        for version in ["9", "15", "17", "common"] {
            fs::create_dir(root.path().join(version)).unwrap();
        }
        let expected: Vec<_> = ["17", "15", "9"].iter().map(|version| root.path().join(version).join("bin")).collect();
        assert_eq!(debian(root.path()), expected);
        assert_eq!(debian(&root.path().join("nowhere")), Vec::<PathBuf>::new());
    }
}
