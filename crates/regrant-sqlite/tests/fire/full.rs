//! No room: a disk that is full, and files that may not grow.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;

use regrant_sqlite::{Options, SqliteStore};

use crate::child::Talking;
use crate::common::{Hands, Place, engine, refresh};
use crate::line::{Line, Server, active, store_fault, texts};
use crate::{child, integrity, report};

/// How many refresh at the same time where commits are to share a transaction.
const CALLERS: usize = 32;

/// Refreshes until nothing can be written any more. Everything that was answered can still be read.
fn fill(server: &Server, lines: &mut [Line]) {
    for turn in 0.. {
        let count = lines.len();
        let line = &mut lines[turn % count];
        match server.token(refresh(line.last())) {
            Ok(reply) => {
                let presented = line.last().to_owned();
                let (token, access) = texts(&reply.success().unwrap());
                line.answered(&presented, &token, &access);
                child::say(&format!("{} {presented} {token} {access}", turn % count));
            }
            Err(error) => {
                let fault = store_fault(&error);
                child::say(&fault);
                break;
            }
        }
    }
    for line in lines {
        assert!(server.token(refresh(line.last())).is_err(), "there is no room yet");
        assert!(active(server, line.last()) && active(server, &line.access), "readers go on");
    }
}

/// Fills the disk, makes room, and goes on. On a file system of its own, so that all of it happens in this process.
#[test]
#[ignore = "started by a_full_disk_loses_nothing"]
fn fills_a_disk() {
    let Some(file) = child::file() else { return };
    let ballast = file.with_file_name("ballast");
    fs::write(&ballast, vec![1; 200_000]).unwrap();
    let (store, hands) = (SqliteStore::open(&Options::new(&file)).unwrap(), Hands::new());
    let server = engine(store.clone(), &hands);
    let mut lines: Vec<_> = (0..4).map(|_| Line::issue(&server)).collect();
    fill(&server, &mut lines);
    fs::remove_file(ballast).unwrap();
    for line in &mut lines {
        assert!(!line.hold(&server, &store), "what failed was not written");
    }
    drop((server, store));
    assert_eq!(integrity(&file), "ok");
    let store = SqliteStore::open(&Options::new(&file)).unwrap();
    for line in &mut lines {
        assert!(!line.hold(&engine(store.clone(), &hands), &store), "nothing is lost in another process");
    }
    child::say("done");
}

#[test]
fn a_full_disk_loses_nothing() {
    let place = Place::new();
    let allowed = Command::new("unshare").args(["-rm", "true"]).output().is_ok_and(|output| output.status.success());
    if !allowed {
        return report("SKIPPED: a full disk: unshare -rm is not allowed here (a limit on files follows)");
    }
    let directory = place.path().parent().unwrap().to_str().unwrap().to_owned();
    let script = "mount -t tmpfs -o size=1m none \"$REGRANT_FIRE_EXTRA\" && exec \"$0\" \"$@\"";
    let wrapper = ["unshare", "-rm", "sh", "-c", script];
    let output = child::command(&wrapper, "full::fills_a_disk", &place.path(), &directory).output().unwrap();
    let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains("say done"), "{said}{complained}");
    assert!(said.contains("say the disk is full"), "{said}");
    report(&format!("full disk: {} answers before it", said.matches("say ").count() - 2));
}

/// Refreshes until the limit, and says every answer.
#[test]
#[ignore = "started by a_limit_on_the_size_of_files_loses_nothing"]
fn meets_a_limit() {
    let Some(file) = child::file() else { return };
    let server = engine(SqliteStore::open(&Options::new(&file)).unwrap(), &Hands::new());
    let mut lines: Vec<_> = (0..4).map(|_| Line::issue(&server)).collect();
    for line in &lines {
        child::say(&format!("new {} {}", line.last(), line.access));
    }
    fill(&server, &mut lines);
}

/// As many callers at once, each until it meets the limit or is told that another one spoiled its group.
#[test]
#[ignore = "started by a_limit_on_the_size_of_files_tells_every_caller_of_a_group_the_truth"]
fn meets_a_limit_in_groups() {
    let Some(file) = child::file() else { return };
    let store = SqliteStore::open(&Options::new(file)).unwrap();
    let server = engine(store.clone(), &Hands::new());
    let lines: Vec<_> = (0..CALLERS).map(|_| Line::issue(&server)).collect();
    for line in &lines {
        child::say(&format!("new {} {}", line.last(), line.access));
    }
    thread::scope(|scope| {
        for (place, mut line) in lines.into_iter().enumerate() {
            let server = &server;
            scope.spawn(move || until_refused(server, place, &mut line));
        }
    });
    assert!(store.statistics().largest_group > 4, "{:?}", store.statistics());
}

/// Refreshes one grant until it cannot be written. What was answered can still be read.
fn until_refused(server: &Server, place: usize, line: &mut Line) {
    let error = loop {
        match server.token(refresh(line.last())) {
            Ok(reply) => {
                let presented = line.last().to_owned();
                let (token, access) = texts(&reply.success().unwrap());
                line.answered(&presented, &token, &access);
                child::say(&format!("{place} {presented} {token} {access}"));
            }
            Err(error) => break error,
        }
    };
    child::say(&store_fault(&error));
    assert!(active(server, line.last()) && active(server, &line.access), "readers go on");
}

/// What a child said: its lines, and the fault that ended them.
fn heard(child: &mut Talking, file: &Path) -> (Vec<Line>, String) {
    let (mut lines, mut fault) = (Vec::new(), String::new());
    while let Some(said) = child.hear() {
        let words: Vec<_> = said.split(' ').collect();
        match (words[0], words[0].parse::<usize>()) {
            ("new", _) => lines.push(Line::known(words[1], words[2])),
            (_, Ok(place)) => Line::answered(&mut lines[place], words[1], words[2], words[3]),
            _ => fault = said,
        }
    }
    assert!(child.process.wait().unwrap().success(), "{}", file.display());
    (lines, fault)
}

#[test]
fn a_limit_on_the_size_of_files_loses_nothing() {
    // In units of 512 bytes: in the middle of the log, and near the border of one of its pages.
    limited("full::meets_a_limit", [500, 512, 555, 1000]);
}

#[test]
fn a_limit_on_the_size_of_files_tells_every_caller_of_a_group_the_truth() {
    limited("full::meets_a_limit_in_groups", [1800, 1804, 2011, 3000]);
}

fn limited(test: &str, limits: [u32; 4]) {
    for limit in limits {
        let (place, hands) = (Place::new(), Hands::new());
        // With the signal ignored, a write beyond the limit fails as it does on a full disk.
        let script = format!("trap '' XFSZ; ulimit -f {limit}; exec \"$0\" \"$@\"");
        let mut command = child::command(&["sh", "-c", &script], test, &place.path(), "");
        let (mut lines, fault) = heard(&mut Talking::start(&mut command), &place.path());
        // SQLite tells a full disk from a file that may not grow.
        assert_eq!(fault, "reading or writing the database failed", "limit {limit}");
        let answers: usize = lines.iter().map(|line| line.tokens.len()).sum();
        assert!(answers > 10, "limit {limit}: {answers} answers");
        let store = place.open();
        let server = engine(store.clone(), &hands);
        for line in &mut lines {
            assert!(!line.hold(&server, &store), "what failed was not written");
        }
        assert_eq!(integrity(&place.path()), "ok");
    }
}
