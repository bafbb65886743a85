//! A copy that is made while refreshes run, and what it is worth when it is restored.

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use regrant::{Reason, TokenStore};
use regrant_sqlite::{Options, SqliteStore};
use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use crate::chance::Chance;
use crate::common::{Hands, Place, engine, refresh};
use crate::line::{Line, Server, active, rotations};
use crate::{integrity, report};

const GRANTS: usize = 8;

/// A copy, and how many answers each client had when it was begun.
struct Copied {
    path: PathBuf,
    before: Vec<usize>,
}

/// Copies the file by the online backup of SQLite, so many pages at a time; a negative number takes all at once.
fn copy(place: &Place, number: usize, pages: i32, lines: &[Mutex<Line>]) -> Copied {
    let before = lines.iter().map(|line| line.lock().unwrap().tokens.len()).collect();
    let path = place.path().with_extension(format!("{number}.copy"));
    let (source, mut target) = (Connection::open(place.path()).unwrap(), Connection::open(&path).unwrap());
    let backup = Backup::new(&source, &mut target).unwrap();
    // A commit between two steps begins the copy again, so steps are given up after some.
    for step in 0.. {
        match backup.step(if step < 200 { pages } else { -1 }).unwrap() {
            StepResult::Done => break,
            _ => thread::yield_now(),
        }
    }
    drop(backup);
    Copied { path, before }
}

fn refresh_until(stop: &AtomicBool, server: &Server, lines: &[Mutex<Line>], mut chance: Chance) {
    while !stop.load(Ordering::SeqCst) {
        lines[chance.below(lines.len())].lock().unwrap().refresh(server);
    }
}

/// The copy is a state that was: all that was answered before it is in it, and nothing half.
fn is_whole(copied: &Copied, lines: &[Line], hands: &Hands) -> usize {
    assert_eq!(integrity(&copied.path), "ok");
    let store = SqliteStore::open(&Options::new(&copied.path)).unwrap();
    let server = engine(store.clone(), hands);
    let mut later = 0;
    for (line, before) in lines.iter().zip(&copied.before) {
        let grant = TokenStore::load(&store, &line.id).unwrap().unwrap();
        let answers = rotations(&grant) + 1;
        assert!(answers >= *before, "{before} answers were given before the copy, which knows {answers}");
        let (known, unknown) = line.tokens.split_at(answers);
        let (last, spent) = known.split_last().unwrap();
        assert!(active(&server, last) && !spent.iter().chain(unknown).any(|token| active(&server, token)));
        later += usize::from(!unknown.is_empty());
        restored(&server, last, unknown);
    }
    later
}

/// What a client meets whose token is that of the copy, and one that was answered since.
fn restored(server: &Server, last: &str, unknown: &[String]) {
    match unknown.last() {
        None => assert!(server.token(refresh(last)).unwrap().success().is_some()),
        // Genuine, and not the current one: the copy cannot tell it from one that was spent. The grant ends, so the
        // token that came to life again with the copy is of no use to anybody either.
        Some(newest) => {
            assert_eq!(server.token(refresh(newest)).unwrap().refusal().unwrap().reason, Reason::Replay);
            assert_eq!(server.token(refresh(last)).unwrap().refusal().unwrap().reason, Reason::GrantEnded);
        }
    }
}

#[test]
fn a_copy_that_is_made_while_refreshes_run_is_a_state_that_was() {
    let (place, hands, mut chance) = (Place::new(), Hands::new(), Chance::announced("backup"));
    let server = engine(place.open(), &hands);
    let lines: Vec<_> = (0..GRANTS).map(|_| Mutex::new(Line::issue(&server))).collect();
    let stop = AtomicBool::new(false);
    let copies: Vec<_> = thread::scope(|scope| {
        for lines in lines.chunks(GRANTS / 2) {
            let (stop, server, chance) = (&stop, &server, Chance::new(chance.draw()));
            scope.spawn(move || refresh_until(stop, server, lines, chance));
        }
        let copies = (0..10).map(|number| copy(&place, number, [1, 3, -1][number % 3], &lines)).collect();
        stop.store(true, Ordering::SeqCst);
        copies
    });
    let mut lines: Vec<_> = lines.into_iter().map(|line| line.into_inner().unwrap()).collect();
    // Whatever the threads came to, some clients are ahead of every copy.
    lines.iter_mut().step_by(2).for_each(|line| line.refresh(&server));
    let later: usize = copies.iter().map(|copied| is_whole(copied, &lines, &hands)).sum();
    // The file that was copied has noticed nothing.
    assert_eq!(integrity(&place.path()), "ok");
    for line in &lines {
        assert!(active(&server, line.last()) && active(&server, &line.access));
    }
    let answers: usize = lines.iter().map(|line| line.tokens.len()).sum();
    report(&format!("backup: {} copies beside {answers} answers, {later} clients ahead of their copy", copies.len()));
    assert!(later >= copies.len() * GRANTS / 2);
}
