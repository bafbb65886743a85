//! The log is moved into the file beside those who write.

use super::*;

#[test]
fn the_turn_goes_to_the_one_for_whom_it_is_kept_before_those_who_wait() {
    let place = Place::new();
    let counter = &place.writer().counter;
    let turn = place.turn();
    let first = queued(place.writer().submit(add(1)));
    thread::scope(|scope| {
        let (has, had) = channel();
        let (release, released) = channel::<()>();
        scope.spawn(move || {
            let turn = counter.reserved();
            has.send(()).unwrap();
            released.recv().unwrap();
            drop(turn);
        });
        while !counter.desk().is_reserved() {
            thread::yield_now();
        }
        drop(turn);
        had.recv().unwrap();
        assert!(place.writer().hold().is_none(), "nobody else has it");
        assert_eq!((place.seen(), place.store.statistics().waiting), (vec![], 1));
        release.send(()).unwrap();
    });
    assert_eq!(block_on(first).unwrap(), 1);
    assert_eq!(place.counted(), (2, 2), "it is no write");
    // Where it is free, it is taken at once, and given back to whoever comes.
    drop(counter.reserved());
    assert_eq!(place.writer().write(add(2)).unwrap(), 2);
}

/// Work that makes the log so long that it is due.
fn much(connection: &Connection) -> Result<(), Error> {
    connection
        .execute_batch("CREATE TABLE IF NOT EXISTS much (bytes BLOB); INSERT INTO much VALUES (zeroblob(36000000))")?;
    Ok(())
}

impl Place {
    fn length(&self, end: &str) -> u64 {
        fs::metadata(self.directory.path().join("grants").with_extension(end)).unwrap().len()
    }

    fn wait_until_moved(&self) {
        while self.length("db") < 36_000_000 {
            thread::sleep(Duration::from_millis(5));
        }
    }
}

#[test]
fn a_long_log_is_moved_beside_the_writer_and_begins_anew() {
    let place = Place::new();
    place.writer().write(much).unwrap();
    place.wait_until_moved();
    let length = place.length("db-wal");
    assert!(length > 36_000_000);
    // Refreshes go on meanwhile; once all is moved, they are written over the beginning of the log.
    for n in 0..1_000 {
        place.writer().write(add(n)).unwrap();
    }
    assert!(place.length("db-wal") <= length + 100 * 4_200, "the log has grown by {}", place.length("db-wal") - length);
    assert_eq!(place.seen().len(), 1_000);
}

#[test]
fn a_log_that_somebody_reads_is_moved_when_they_have_gone_and_nothing_is_lost() {
    let place = Place::new();
    let reader = Connection::open(place.directory.path().join("grants.db")).unwrap();
    place.writer().write(add(0)).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM seen").unwrap();
    place.writer().write(much).unwrap();
    for n in 1..50 {
        place.writer().write(add(n)).unwrap();
    }
    assert!(place.length("db") < 36_000_000, "what somebody reads is not written over");
    let old: i64 = reader.query_row("SELECT count(*) FROM seen", [], |row| row.get(0)).unwrap();
    assert_eq!(old, 1);
    reader.execute_batch("COMMIT").unwrap();
    place.writer().write(much).unwrap();
    place.wait_until_moved();
    assert_eq!(place.seen().len(), 50);
}

#[test]
fn a_store_may_be_dropped_while_its_log_is_moved() {
    for _ in 0..3 {
        let Place { directory, store } = Place::new();
        store.writer().write(much).unwrap();
        store.writer().write(add(1)).unwrap();
        drop(store);
        // The last connection has moved the rest and removed the log.
        assert!(!directory.path().join("grants.db-wal").exists());
        assert_eq!(seen(&directory.path().join("grants.db")), [1]);
    }
}
