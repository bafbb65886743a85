//! Whom a server runs as.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use crate::fault::Fault;

/// The user that the programs of `PostgreSQL` run as.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Account {
    /// The one that runs the tests.
    Ours,
    /// Another one, since the tests run as root.
    Other { uid: u32, gid: u32 },
}

impl Account {
    /// Finds out who is to own `directory`, which this process has just made, and hands it over.
    pub(crate) fn owning(directory: &Path) -> Result<Self, Fault> {
        let ours = fs::metadata(directory).map_err(Fault::io(directory))?.uid();
        if ours != 0 {
            return Ok(Self::Ours);
        }
        let path = Path::new("/etc/passwd");
        let users = fs::read_to_string(path).map_err(Fault::io(path))?;
        let (uid, gid) = ids(&users, "postgres").or_else(|| ids(&users, "nobody")).ok_or(Fault::NoAccount)?;
        chown(directory, Some(uid), Some(gid)).map_err(Fault::io(directory))?;
        Ok(Self::Other { uid, gid })
    }

    /// Hands a file over that this process has written.
    pub(crate) fn take(self, file: &Path) -> Result<(), Fault> {
        match self {
            Self::Ours => Ok(()),
            Self::Other { uid, gid } => chown(file, Some(uid), Some(gid)).map_err(Fault::io(file)),
        }
    }

    /// Runs `command` as this user.
    pub(crate) fn assume(self, command: &mut Command) {
        if let Self::Other { uid, gid } = self {
            command.uid(uid).gid(gid);
        }
    }
}

/// The ids of a user in the form of passwd(5): `name:password:uid:gid:…`.
fn ids(users: &str, name: &str) -> Option<(u32, u32)> {
    let mut fields = users.lines().map(|line| line.split(':')).find(|line| line.clone().next() == Some(name))?.skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_the_whole_name() {
        let users = "root:x:0:0:root:/root:/bin/sh\npostgresql:x:7:7::/:\npostgres:x:101:104:,,,:/var/lib:/bin/sh\n";
        assert_eq!(ids(users, "postgres"), Some((101, 104)));
        assert_eq!(ids(users, "nobody"), None);
    }
}
