//! Files that are cut short, and files whose bytes were changed.

use std::fs;
use std::path::Path;

use regrant::{Grant, Reason, RevocationRequest, TokenStore};
use regrant_sqlite::{Error, Options, SqliteStore};

use crate::chance::Chance;
use crate::common::{Hands, Place, engine, refresh};
use crate::line::{Line, Server, texts};
use crate::report;

/// A database as it should be.
struct Whole {
    database: Vec<u8>,
    lines: Vec<Line>,
    records: Vec<Grant>,
}

impl Whole {
    /// Grants, each refreshed up to four times, and some of them ended, in a file without a log.
    fn of(chance: &mut Chance) -> Self {
        let (place, hands) = (Place::new(), Hands::new());
        let store = place.open();
        let server = engine(store.clone(), &hands);
        let mut lines: Vec<_> = (0..24).map(|_| Line::issue(&server)).collect();
        for line in lines.iter().step_by(5) {
            let (credentials, token) = (refresh("").credentials, Some(line.last()));
            server.revoke(RevocationRequest { credentials, token }).unwrap().success().unwrap();
        }
        for (_, line) in lines.iter_mut().enumerate().filter(|(place, _)| place % 5 != 0) {
            (0..chance.below(5)).for_each(|_| line.refresh(&server));
        }
        let records = lines.iter().map(|line| TokenStore::load(&store, &line.id).unwrap().unwrap()).collect();
        drop((server, store));
        Self { database: fs::read(place.path()).unwrap(), lines, records }
    }
}

/// What became of damaged files, and of loads from those that could be opened.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    files: usize,
    refused: usize,
    right: usize,
    errors: usize,
    hidden: usize,
    /// Right, but for the revision, or for when and why it ended.
    renumbered: usize,
}

/// Whether an error says that the file, or a row of it, is damaged.
#[expect(clippy::match_same_arms, reason = "each arm says why")]
fn is_clear(error: &Error) -> bool {
    match error {
        Error::Damaged(_) | Error::CorruptRecord(_) | Error::NotADatabase => true,
        // The header speaks of another program, of the future, or of a format that cannot be written.
        Error::Foreign { .. } | Error::NewerSchema { .. } | Error::ReadOnly => true,
        // A page, or a part of the schema, that is not there: SQLite says what it misses.
        Error::Io(_) | Error::Sqlite(_) => true,
        _ => false,
    }
}

/// Opens a damaged file: every load is right, or is an error, or finds nothing; and nobody gets two successors.
fn look(path: &Path, whole: &Whole, seen: &mut Seen, chance: &mut Chance) {
    seen.files += 1;
    let store = match SqliteStore::open(&Options::new(path).dangerous().synchronous_normal()) {
        Ok(store) => store,
        Err(error) => {
            assert!(is_clear(&error), "{error:?}");
            return seen.refused += 1;
        }
    };
    for record in &whole.records {
        match TokenStore::load(&store, &record.id()) {
            Ok(Some(loaded)) if loaded == *record => seen.right += 1,
            Ok(Some(loaded)) => {
                assert!(is_the_same(&loaded, record), "another record than the one that was written: {loaded:?}");
                seen.renumbered += 1;
            }
            Ok(None) => seen.hidden += 1,
            Err(error) => {
                assert!(is_clear(&error), "{error:?}");
                seen.errors += 1;
            }
        }
    }
    let server = engine(store, &Hands::new());
    for _ in 0..4 {
        one_successor(&server, &whole.lines[chance.below(whole.lines.len())]);
    }
}

/// Whether all is equal that a check number covers, and an end is an end.
fn is_the_same(one: &Grant, other: &Grant) -> bool {
    one.id() == other.id()
        && one.is_ended() == other.is_ended()
        && one.terms() == other.terms()
        && one.refresh() == other.refresh()
        && one.access() == other.access()
}

/// However often the last token is presented, there is one successor, and no older token gives another.
fn one_successor(server: &Server, line: &Line) {
    let mut successors: Vec<String> = Vec::new();
    let again = std::iter::once(line.last());
    for token in again.chain(line.tokens.iter().rev().map(String::as_str)) {
        if let Ok(Some(reply)) = server.token(refresh(token)).map(regrant::Reply::success) {
            successors.push(texts(&reply).0);
        }
    }
    successors.dedup();
    assert!(successors.len() <= 1, "two successors");
}

fn flip(bytes: &mut [u8], chance: &mut Chance) {
    for _ in 0..=chance.below(4) {
        let place = chance.below(bytes.len());
        bytes[place] ^= 1 << chance.below(8);
    }
}

/// Damages the file so often, each time from the whole one.
fn damaged(name: &str, files: usize, damage: impl Fn(&mut [u8], &mut Chance)) {
    let mut chance = Chance::announced(name);
    let whole = Whole::of(&mut chance);
    let directory = tempfile::tempdir().unwrap();
    let mut seen = Seen::default();
    for number in 0..files {
        let path = directory.path().join(format!("{number}.db"));
        let mut bytes = whole.database.clone();
        damage(&mut bytes, &mut chance);
        fs::write(&path, bytes).unwrap();
        look(&path, &whole, &mut seen, &mut chance);
        fs::remove_file(path).unwrap();
    }
    report(&format!("{name}: {seen:?}"));
    assert!(seen.errors + seen.refused > 0, "no damage was ever seen");
}

fn flipped_database(files: usize) {
    damaged("flips in the database", files, flip);
}

#[test]
fn a_flipped_bit_gives_the_right_record_or_an_error() {
    flipped_database(100);
}

#[test]
#[ignore = "long: 3,000 damaged files"]
fn flipped_bits_give_the_right_record_or_an_error_3000_times() {
    flipped_database(3_000);
}

/// Noise over a part of a page, over a page, or over more.
#[test]
fn overwritten_bytes_give_the_right_record_or_an_error() {
    damaged("overwritten bytes", 60, |bytes, chance| {
        let (start, length) = (chance.below(bytes.len()), 1 + chance.below(6_000));
        for byte in bytes.iter_mut().skip(start).take(length) {
            *byte = u8::try_from(chance.below(256)).unwrap();
        }
    });
}

#[test]
fn a_file_that_is_cut_short_is_refused() {
    let mut chance = Chance::announced("cut short");
    let whole = Whole::of(&mut chance);
    let (length, mut seen) = (whole.database.len(), Seen::default());
    let pages = (1..length / 4096).map(|page| page * 4096);
    // SQLite takes a file of one byte for an empty one.
    let odd = [2, 16, 99, 100, 101, 511, 512, 4095, 4097, length - 1];
    let any: Vec<_> = (0..20).map(|_| 2 + chance.below(length - 2)).collect();
    for cut in pages.chain(odd).chain(any) {
        let place = Place::new();
        fs::write(place.path(), &whole.database[..cut]).unwrap();
        if cut > length - 4096 {
            // SQLite fills the rest of the last page with zeros. Whoever had a row there gets an error.
            look(&place.path(), &whole, &mut seen, &mut chance);
            continue;
        }
        let error = SqliteStore::open(&place.options()).map(drop);
        assert!(matches!(error, Err(Error::NotADatabase | Error::Damaged(_))), "{cut} of {length}: {error:?}");
        assert_eq!(fs::read(place.path()).unwrap(), &whole.database[..cut], "it is left as it was");
    }
}

/// An empty file is what a new one begins as; nothing in it says that it was more.
#[test]
fn a_file_that_is_cut_to_nothing_is_a_new_one() {
    let place = Place::new();
    let line = Line::issue(&engine(place.open(), &Hands::new()));
    fs::write(place.path(), b"").unwrap();
    let server = engine(place.open(), &Hands::new());
    assert_eq!(server.token(refresh(line.last())).unwrap().refusal().unwrap().reason, Reason::UnknownGrant);
}
