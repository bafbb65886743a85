//! The servers that the tests of the Postgres store start: installed where they are missing, if that can be done.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::step;

/// Where Debian keeps the programs, in a directory for each version.
const DEBIAN: &str = "/usr/lib/postgresql";
/// Where Debian puts the pooler.
const POOLER: &str = "/usr/sbin/pgbouncer";

/// Installs Debian's `postgresql` and `pgbouncer` where they are not to be found, and this is root on a machine with
/// `apt-get`. Where it cannot be done, or fails, the other tests still run: those that need them fail, each with a line that
/// says what to install.
pub(crate) fn provide() {
    let path = env::var_os("PATH").unwrap_or_default();
    let server = has_server(Path::new(DEBIAN), env::split_paths(&path));
    let missing = [("postgresql", server), ("pgbouncer", Path::new(POOLER).is_file())];
    let missing: Vec<&str> = missing.into_iter().filter_map(|(package, there)| (!there).then_some(package)).collect();
    let on_path = |program: &str| env::split_paths(&path).any(|directory| directory.join(program).is_file());
    if missing.is_empty() || !on_path("apt-get") || !is_root() {
        return;
    }
    let updated = step::run("postgresql", apt().arg("update"));
    let install = ["install", "--yes", "--no-install-recommends"];
    if updated.and_then(|()| step::run("postgresql", apt().args(install).args(missing))).is_err() {
        println!("xtask: postgresql: not installed, so the tests that need it will fail");
    }
}

fn apt() -> Command {
    let mut apt = Command::new("apt-get");
    apt.arg("-qq").env("DEBIAN_FRONTEND", "noninteractive");
    apt
}

/// Whether the programs of a server, and the one that the tests speak to it with, are in one of the directories.
fn has_server(debian: &Path, path: impl Iterator<Item = PathBuf>) -> bool {
    let versions = fs::read_dir(debian).into_iter().flatten().flatten().map(|entry| entry.path().join("bin"));
    versions.chain(path).any(|bin| ["initdb", "postgres", "psql"].iter().all(|program| bin.join(program).is_file()))
}

/// Whether this process runs as root. The standard library cannot tell, so the system is asked.
fn is_root() -> bool {
    let answer = Command::new("id").arg("-u").output();
    answer.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_found_by_all_of_its_programs() {
        let root = env::temp_dir().join(format!("xtask-postgres-{}", std::process::id()));
        let bin = root.join("15").join("bin");
        fs::create_dir_all(&bin).unwrap();
        let found = || has_server(&root, std::iter::empty());
        assert!(!found());
        fs::write(bin.join("initdb"), "").unwrap();
        fs::write(bin.join("postgres"), "").unwrap();
        assert!(!found());
        fs::write(bin.join("psql"), "").unwrap();
        assert!(found() && has_server(Path::new("/nowhere"), [bin].into_iter()));
        fs::remove_dir_all(root).unwrap();
    }
}
