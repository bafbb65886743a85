//! A write-ahead log whose bytes were changed, or whose end is missing.

use std::fs;
use std::path::{Path, PathBuf};

use regrant::{Grant, TokenStore};
use regrant_sqlite::{Error, Options, SqliteStore};

use crate::chance::Chance;
use crate::common::{Hands, Place, engine};
use crate::integrity;
use crate::line::Line;
use crate::report;

const GRANTS: usize = 6;

/// The header of a log, and that of each of its frames, which holds a page.
const HEADER: usize = 32;
const FRAME: usize = 24 + 4096;

/// A database with a log, and the records as they were after each commit.
struct Logged {
    database: Vec<u8>,
    log: Vec<u8>,
    lines: Vec<Line>,
    states: Vec<Vec<Option<Grant>>>,
    /// How long the log was after each commit.
    ends: Vec<usize>,
}

fn log(database: &Path) -> PathBuf {
    database.with_extension("db-wal")
}

fn state(store: &SqliteStore, lines: &[Line]) -> Vec<Option<Grant>> {
    lines.iter().map(|line| TokenStore::load(store, &line.id).unwrap()).collect()
}

impl Logged {
    /// Some commits that are in the database, and a hundred that are only in its log.
    fn new(chance: &mut Chance) -> Self {
        let (place, hands) = (Place::new(), Hands::new());
        let server = engine(place.open(), &hands);
        let mut lines: Vec<_> = (0..GRANTS).map(|_| Line::issue(&server)).collect();
        drop(server);
        let store = place.open();
        let server = engine(store.clone(), &hands);
        let (mut states, mut ends) = (vec![state(&store, &lines)], Vec::new());
        for _ in 0..100 {
            lines[chance.below(GRANTS)].refresh(&server);
            states.push(state(&store, &lines));
            ends.push(usize::try_from(fs::metadata(log(&place.path())).unwrap().len()).unwrap());
        }
        let (database, log) = (fs::read(place.path()).unwrap(), fs::read(log(&place.path())).unwrap());
        Self { database, log, lines, states, ends }
    }

    /// How many commits are whole in so many bytes of the log.
    fn within(&self, bytes: usize) -> usize {
        self.ends.iter().filter(|end| **end <= bytes).count()
    }

    /// How many commits are left where the log has become `bytes`.
    fn after(&self, bytes: &[u8]) -> usize {
        let place = Place::new();
        fs::write(place.path(), &self.database).unwrap();
        fs::write(log(&place.path()), bytes).unwrap();
        let store = place.open();
        let found = state(&store, &self.lines);
        let left = self.states.iter().position(|state| *state == found);
        assert!(left.is_some(), "a state that never was");
        // What is left works: the token that was the last one then rotates.
        let mut line = self.lines[0].clone();
        let rotations = found[0].as_ref().map(crate::line::rotations).unwrap();
        line.tokens.truncate(rotations + 1);
        line.refresh(&engine(store, &Hands::new()));
        assert_eq!(integrity(&place.path()), "ok");
        left.unwrap()
    }
}

/// The log has checksums: what is behind the first changed byte is not read.
#[test]
fn a_damaged_log_is_read_up_to_the_damage() {
    let mut chance = Chance::announced("flips in the log");
    let logged = Logged::new(&mut chance);
    assert_eq!(logged.after(&logged.log), 100);
    for _ in 0..60 {
        let mut bytes = logged.log.clone();
        let place = chance.below(bytes.len());
        bytes[place] ^= 1 << chance.below(8);
        let whole = place.checked_sub(HEADER).map_or(0, |place| HEADER + place / FRAME * FRAME);
        assert_eq!(logged.after(&bytes), logged.within(whole), "byte {place}");
    }
}

#[test]
fn a_log_that_is_cut_short_is_read_up_to_the_cut() {
    let mut chance = Chance::announced("cuts of the log");
    let logged = Logged::new(&mut chance);
    for cut in (0..30).map(|_| chance.below(logged.log.len())).chain([
        0,
        1,
        HEADER - 1,
        HEADER,
        HEADER + FRAME - 1,
        HEADER + FRAME,
    ]) {
        assert_eq!(logged.after(&logged.log[..cut]), logged.within(cut), "cut at {cut}");
    }
}

/// While a process has the file open, its log is read without the checksums of SQLite; those of the rows are left.
#[test]
fn a_log_that_is_damaged_while_it_is_in_use_gives_the_right_record_or_an_error() {
    let mut chance = Chance::announced("flips in a log in use");
    let (mut right, mut errors) = (0, 0);
    for _ in 0..30 {
        let (place, hands) = (Place::new(), Hands::new());
        let store = place.open();
        let server = engine(store.clone(), &hands);
        let mut lines: Vec<_> = (0..GRANTS).map(|_| Line::issue(&server)).collect();
        for _ in 0..20 {
            lines[chance.below(GRANTS)].refresh(&server);
        }
        let whole = state(&store, &lines);
        let mut bytes = fs::read(log(&place.path())).unwrap();
        for _ in 0..40 {
            let place = HEADER + chance.below(bytes.len() - HEADER);
            bytes[place] ^= 1 << chance.below(8);
        }
        overwrite(&log(&place.path()), &bytes);
        // Another handle, which has no page in its memory yet.
        let Ok(other) = SqliteStore::open(&Options::new(place.path())) else {
            errors += GRANTS;
            continue;
        };
        for (line, record) in lines.iter().zip(&whole) {
            match TokenStore::load(&other, &line.id) {
                Ok(found) => {
                    assert!(found.is_none() || found == *record, "another record than the one that was written");
                    right += usize::from(found.is_some());
                }
                Err(Error::CorruptRecord(_) | Error::Damaged(_) | Error::Io(_) | Error::Sqlite(_)) => errors += 1,
                Err(error) => panic!("{error:?}"),
            }
        }
    }
    report(&format!("flips in a log in use: {right} right, {errors} errors"));
    assert!(errors > 0 && right > 0);
}

/// Writes over a file, and leaves it the same file.
fn overwrite(path: &Path, bytes: &[u8]) {
    use std::io::Write as _;
    fs::OpenOptions::new().write(true).open(path).unwrap().write_all(bytes).unwrap();
}
