//! Files that may be read and not written.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::Command;

use regrant_sqlite::{Error, Options, SqliteStore};

use crate::common::{Hands, Place, engine};
use crate::line::Line;
use crate::{child, report};

/// The name of the test that is the child.
const IS_REFUSED: &str = "read_only::is_refused";

/// Opens what it may not write.
#[test]
#[ignore = "started by the tests below"]
fn is_refused() {
    let Some(file) = child::file() else { return };
    assert!(fs::File::create_new(file.with_extension("db-wal")).is_err(), "it may write after all");
    fs::read(&file).unwrap();
    match SqliteStore::open(&Options::new(file)) {
        Err(Error::ReadOnly) => child::say("refused"),
        other => panic!("{other:?}"),
    }
}

/// A database, what is in the file, and its one grant.
fn database() -> (Place, Vec<u8>, Line) {
    let place = Place::new();
    let mut line = Line::issue(&engine(place.open(), &Hands::new()));
    line.refresh(&engine(place.open(), &Hands::new()));
    let bytes = fs::read(place.path()).unwrap();
    (place, bytes, line)
}

/// Runs the child, which must be refused.
fn refused(mut child: Command) {
    let output = child.output().unwrap();
    let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("say refused"), "{said}{complained}");
}

fn nothing_happened(place: &Place, before: &[u8], line: &mut Line) {
    assert_eq!(fs::read(place.path()).unwrap(), before);
    let store = place.open();
    assert!(!line.hold(&engine(store.clone(), &Hands::new()), &store), "it works again, and nothing is lost");
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn works(command: &[&str]) -> bool {
    let (program, words) = command.split_first().unwrap();
    Command::new(program).args(words).output().is_ok_and(|output| output.status.success())
}

#[test]
fn a_read_only_file_is_refused_and_left_alone() {
    let (place, before, mut line) = database();
    let directory = place.path().parent().unwrap().to_owned();
    // The superuser may write to any file, so the child is somebody else then.
    let root = fs::metadata(&directory).unwrap().uid() == 0;
    let place_of_child = tempfile::tempdir().unwrap();
    mode(place_of_child.path(), 0o755);
    for (of_directory, of_file) in [(0o555, 0o444), (0o555, 0o666)] {
        mode(&directory, of_directory);
        mode(&place.path(), of_file);
        refused(if root {
            child::of_nobody(place_of_child.path(), IS_REFUSED, &place.path())
        } else {
            child::command(&[], IS_REFUSED, &place.path(), "")
        });
    }
    mode(&directory, 0o700);
    mode(&place.path(), 0o600);
    nothing_happened(&place, &before, &mut line);
}

#[test]
fn a_read_only_file_system_is_refused_and_left_alone() {
    let (place, before, mut line) = database();
    if !works(&["unshare", "-rm", "true"]) {
        return report("SKIPPED: a read-only file system: unshare -rm is not allowed here");
    }
    let directory = place.path().parent().unwrap().to_str().unwrap().to_owned();
    let script = "mount --bind \"$REGRANT_FIRE_EXTRA\" \"$REGRANT_FIRE_EXTRA\" && \
                  mount -o remount,bind,ro \"$REGRANT_FIRE_EXTRA\" && exec \"$0\" \"$@\"";
    refused(child::command(&["unshare", "-rm", "sh", "-c", script], IS_REFUSED, &place.path(), &directory));
    nothing_happened(&place, &before, &mut line);
}
