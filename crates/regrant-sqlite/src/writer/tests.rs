//! What the writer does with those that wait, seen from inside: a test takes the turn, and so decides who waits.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by a panic")]

use std::fs;
use std::path::Path;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::task::{Context, Wake, Waker};

use regrant_testkit::race::block_on;
use rusqlite::params;
use tempfile::TempDir;

use super::*;
use crate::SqliteStore;

mod answers;
mod moving;

/// A store with a table of its own for these tests.
struct Place {
    directory: TempDir,
    store: SqliteStore,
}

impl Place {
    fn new() -> Self {
        Self::with(|_| ())
    }

    fn with(set: impl FnOnce(&mut Options)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut options = Options::new(directory.path().join("grants.db"));
        set(&mut options);
        let store = SqliteStore::open(&options).unwrap();
        store.file().write(|connection| connection.execute_batch("CREATE TABLE seen (n INTEGER PRIMARY KEY)")).unwrap();
        Self { directory, store }
    }

    fn writer(&self) -> &Writer {
        self.store.writer()
    }

    /// The turn, so that everybody else waits.
    fn turn(&self) -> Turn<'_> {
        self.writer().counter.turn().unwrap()
    }

    fn seen(&self) -> Vec<i64> {
        seen(&self.directory.path().join("grants.db"))
    }

    /// Groups and writes so far.
    fn counted(&self) -> (u64, u64) {
        let Statistics { groups, writes, .. } = self.store.statistics();
        (groups, writes)
    }
}

/// What another connection finds in a file.
fn seen(file: &Path) -> Vec<i64> {
    let connection = Connection::open(file).unwrap();
    let mut statement = connection.prepare("SELECT n FROM seen ORDER BY n").unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

fn add(n: i64) -> impl Fn(&Connection) -> Result<i64, Error> + Send + 'static {
    move |connection| {
        connection.prepare_cached("INSERT INTO seen VALUES (?1)")?.execute(params![n])?;
        Ok(n)
    }
}

/// A write on its way, which has been polled once: it waits in the queue.
fn queued<'a, T: 'a>(
    write: impl Future<Output = Result<T, Error>> + 'a,
) -> Pin<Box<dyn Future<Output = Result<T, Error>> + 'a>> {
    let mut write = Box::pin(write);
    assert!(write.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    write
}

#[test]
fn writes_that_wait_together_are_one_group() {
    let place = Place::new();
    let turn = place.turn();
    let writes: Vec<_> = (0..50).map(|n| queued(place.writer().submit(add(n)))).collect();
    assert_eq!(place.store.statistics().waiting, 50);
    assert!(place.seen().is_empty());
    drop(turn);
    for (n, write) in (0..).zip(writes) {
        assert_eq!(block_on(write).unwrap(), n);
    }
    // One more for the turn of this test.
    assert_eq!((place.counted(), place.store.statistics().largest_group), ((2, 51), 50));
    assert_eq!(place.seen(), (0..50).collect::<Vec<_>>());
}

#[test]
fn callers_of_both_ports_share_a_group() {
    let place = Place::new();
    let turn = place.turn();
    let awaited = queued(place.writer().submit(add(100)));
    thread::scope(|scope| {
        let blocking: Vec<_> = (0..7)
            .map(|n| {
                scope.spawn({
                    let place = &place;
                    move || place.writer().write(add(n))
                })
            })
            .collect();
        while place.store.statistics().waiting < 8 {
            thread::yield_now();
        }
        drop(turn);
        for (n, caller) in (0..).zip(blocking) {
            assert_eq!(caller.join().unwrap().unwrap(), n);
        }
    });
    assert_eq!(block_on(awaited).unwrap(), 100);
    assert_eq!(place.counted(), (2, 9));
}

#[test]
fn a_lone_caller_waits_for_nobody() {
    let place = Place::new();
    let at = |_: &Connection| Ok(thread::current().id());
    for _ in 0..3 {
        assert_eq!(place.writer().write(at).unwrap(), thread::current().id());
    }
    // An awaited write never takes the thread that polls it.
    assert_ne!(block_on(place.writer().submit(at)).unwrap(), thread::current().id());
    assert_eq!(place.counted(), (4, 4));
}

#[test]
fn a_write_that_fails_or_panics_fails_no_other() {
    let place = Place::new();
    let turn = place.turn();
    let fails = |connection: &Connection| -> Result<i64, Error> {
        add(1000)(connection)?;
        Err(Error::OutOfRange { column: "n" })
    };
    let panics = |connection: &Connection| -> Result<i64, Error> {
        add(2000)(connection)?;
        panic!("a write that panics");
    };
    let first = queued(place.writer().submit(add(1)));
    let failing = queued(place.writer().submit(fails));
    let second = queued(place.writer().submit(add(2)));
    let panicking = queued(place.writer().submit(panics));
    let twice = queued(place.writer().submit(add(1)));
    let third = queued(place.writer().submit(add(3)));
    drop(turn);
    assert_eq!([block_on(first), block_on(second), block_on(third)].map(Result::unwrap), [1, 2, 3]);
    assert!(matches!(block_on(failing), Err(Error::OutOfRange { column: "n" })));
    assert!(matches!(block_on(panicking), Err(Error::NoAnswer)));
    assert!(matches!(block_on(twice), Err(Error::Sqlite(_))), "a constraint is its own caller's fault");
    assert_eq!(place.seen(), [1, 2, 3], "nothing of what failed is written");
    assert_eq!(place.writer().write(add(4)).unwrap(), 4, "and nothing is poisoned");
}

#[test]
fn a_panic_on_the_thread_of_a_caller_gives_the_turn_back_and_writes_nothing() {
    let place = Place::new();
    let panics = |connection: &Connection| -> Result<i64, Error> {
        add(1)(connection)?;
        panic!("a write that panics");
    };
    thread::scope(|scope| assert!(scope.spawn(|| place.writer().write(panics)).join().is_err()));
    assert!(place.seen().is_empty());
    assert_eq!(place.writer().write(add(2)).unwrap(), 2);
    assert_eq!(block_on(place.writer().submit(add(3))).unwrap(), 3);
    assert_eq!(place.seen(), [2, 3]);
}

#[test]
fn a_write_whose_caller_has_gone_is_not_done_and_holds_up_no_other() {
    let place = Place::new();
    let turn = place.turn();
    let gone = queued(place.writer().submit(add(1)));
    let stays = queued(place.writer().submit(add(2)));
    drop(gone);
    drop(turn);
    assert_eq!(block_on(stays).unwrap(), 2);
    assert_eq!(place.seen(), [2]);
}

#[test]
fn a_full_queue_is_an_error_at_once_on_both_ports() {
    let place = Place::with(|options| options.queue = 3);
    let turn = place.turn();
    let waiting: Vec<_> = (0..3).map(|n| queued(place.writer().submit(add(n)))).collect();
    assert!(matches!(block_on(place.writer().submit(add(3))), Err(Error::Overloaded)));
    assert!(matches!(place.writer().write(add(4)), Err(Error::Overloaded)));
    assert_eq!((place.store.statistics().overloaded, place.store.statistics().waiting), (2, 3));
    drop(turn);
    for write in waiting {
        assert!(block_on(write).is_ok());
    }
    assert_eq!(place.seen(), [0, 1, 2]);
}

#[test]
fn a_group_is_bounded_and_the_rest_is_the_next_one() {
    let place = Place::new();
    let turn = place.turn();
    let waiting: Vec<_> = (0..300).map(|n| queued(place.writer().submit(add(n)))).collect();
    drop(turn);
    for write in waiting {
        assert!(block_on(write).is_ok());
    }
    assert_eq!((place.counted(), place.store.statistics().largest_group), ((3, 301), GROUP));
}

#[test]
fn a_turn_that_comes_too_late_is_an_error_and_writes_nothing() {
    let place = Place::with(|options| options.busy_timeout = Duration::from_nanos(1));
    let turn = place.turn();
    let late = queued(place.writer().submit(add(1)));
    drop(turn);
    assert!(matches!(block_on(late), Err(Error::Overloaded)));
    assert_eq!((place.seen(), place.store.statistics().overloaded), (vec![], 1));
    // The thread gives the turn back some time after its answer.
    while place.writer().hold().is_none() {
        thread::yield_now();
    }
    assert_eq!(place.writer().write(add(2)).unwrap(), 2, "who does not wait is not late");
}

#[test]
fn a_lock_of_another_process_fails_all_of_a_group_alike() {
    let place = Place::with(|options| options.busy_timeout = Duration::ZERO);
    let other = Connection::open(place.directory.path().join("grants.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let turn = place.turn();
    let waiting: Vec<_> = (0..5).map(|n| queued(place.writer().submit(add(n)))).collect();
    drop(turn);
    for write in waiting {
        assert!(matches!(block_on(write), Err(Error::Busy)));
    }
    other.execute_batch("COMMIT").unwrap();
    assert_eq!(place.writer().write(add(9)).unwrap(), 9);
    assert_eq!(place.seen(), [9]);
}

/// Looks at the file whenever an answer comes.
struct Witness {
    file: std::path::PathBuf,
    expected: Vec<i64>,
    heard: AtomicUsize,
}

impl Wake for Witness {
    fn wake(self: Arc<Self>) {
        assert_eq!(seen(&self.file), self.expected, "an answer came before its group was committed");
        // What a crash would leave at this moment: the file and its log, without the memory that is shared over them.
        let after = tempfile::tempdir().unwrap();
        for end in ["db", "db-wal"] {
            fs::copy(self.file.with_extension(end), after.path().join("grants").with_extension(end)).unwrap();
        }
        assert_eq!(seen(&after.path().join("grants.db")), self.expected, "an answer came before its group was written");
        self.heard.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn nobody_is_answered_before_the_whole_group_is_committed() {
    let place = Place::new();
    let file = place.directory.path().join("grants.db");
    let witness = Arc::new(Witness { file, expected: (0..20).collect(), heard: AtomicUsize::new(0) });
    let waker = Waker::from(Arc::clone(&witness));
    let turn = place.turn();
    let mut waiting: Vec<_> = (0..20).map(|n| Box::pin(place.writer().submit(add(n)))).collect();
    for write in &mut waiting {
        assert!(write.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    }
    drop(turn);
    // The thread has given all answers when it gives the next one, which would be one of a later group.
    assert_eq!(block_on(place.writer().submit(|_| Ok(7))).unwrap(), 7);
    assert_eq!(witness.heard.load(Ordering::SeqCst), 20);
    for write in waiting {
        assert!(block_on(write).is_ok());
    }
}

#[test]
fn the_last_handle_may_go_with_an_answer() {
    struct Last(Mutex<Option<SqliteStore>>, std::sync::mpsc::Sender<thread::ThreadId>);
    impl Wake for Last {
        fn wake(self: Arc<Self>) {
            drop(self.0.lock().unwrap().take());
            self.1.send(thread::current().id()).unwrap();
        }
    }
    let Place { directory, store } = Place::new();
    let ((gone, heard), (release, released)) = (channel(), channel::<()>());
    let waker = Waker::from(Arc::new(Last(Mutex::new(Some(store.clone())), gone)));
    let (answer, mut answered) = oneshot::channel();
    let turn = store.writer().counter.turn().unwrap();
    let work = move |connection: &Connection| {
        released.recv().unwrap();
        add(1)(connection)
    };
    let job = Waiting { job: Box::new(Write::new(work, answer)), since: Instant::now() };
    assert!(!store.writer().counter.desk().queue(job).unwrap());
    assert!(Pin::new(&mut answered).poll(&mut Context::from_waker(&waker)).is_pending());
    drop(turn);
    drop(store);
    // The handle that is left is the last one, and goes with the answer, on the thread of the writer.
    release.send(()).unwrap();
    assert_ne!(heard.recv().unwrap(), thread::current().id());
    assert_eq!(block_on(answered).unwrap().unwrap(), 1);
    assert_eq!(seen(&directory.path().join("grants.db")), [1]);
}

/// Does something whenever an answer comes, on the thread that gives it.
struct Then<F>(F);

impl<F: Fn() + Send + Sync + 'static> Wake for Then<F> {
    fn wake(self: Arc<Self>) {
        (self.0)();
    }
}

/// A write that waits in the queue, and what is done when its answer comes.
fn queued_then<'a, T: 'a>(
    write: impl Future<Output = Result<T, Error>> + 'a,
    then: impl Fn() + Send + Sync + 'static,
) -> Pin<Box<dyn Future<Output = Result<T, Error>> + 'a>> {
    let mut write = Box::pin(write);
    let waker = Waker::from(Arc::new(Then(then)));
    assert!(write.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    write
}

#[test]
fn a_panic_of_what_wakes_a_caller_harms_nobody_else() {
    let place = Place::new();
    let turn = place.turn();
    let first = queued_then(place.writer().submit(add(0)), || panic!("this is a test"));
    let second = queued(place.writer().submit(add(1)));
    drop(turn);
    assert_eq!(block_on(second).unwrap(), 1);
    assert_eq!(block_on(first).unwrap(), 0);
    assert_eq!(block_on(place.writer().submit(add(2))).unwrap(), 2, "the thread lives");
    assert_eq!(place.seen(), [0, 1, 2]);
}

#[test]
fn a_panic_of_what_wakes_a_refused_caller_does_not_end_the_thread() {
    let place = Place::with(|options| options.busy_timeout = Duration::from_nanos(1));
    let turn = place.turn();
    let late: Vec<_> =
        (0..2).map(|n| queued_then(place.writer().submit(add(n)), || panic!("this is a test"))).collect();
    drop(turn);
    // Every awaited write is late here, and only the thread tells it so.
    assert!(matches!(block_on(place.writer().submit(add(3))), Err(Error::Overloaded)));
    for write in late {
        assert!(matches!(block_on(write), Err(Error::Overloaded)));
    }
}

#[test]
fn behind_the_lock_of_another_process_one_by_one_is_given_up_at_once() {
    let place = Place::with(|options| options.busy_timeout = Duration::ZERO);
    let other = Arc::new(Mutex::new(Connection::open(place.directory.path().join("grants.db")).unwrap()));
    let run = |sql: &'static str| {
        let other = Arc::clone(&other);
        move || other.lock().unwrap().execute_batch(sql).unwrap()
    };
    let turn = place.turn();
    // The second of the same number undoes the group, and each is tried by itself.
    let first = queued_then(place.writer().submit(add(0)), run("BEGIN IMMEDIATE"));
    let second = queued_then(place.writer().submit(add(0)), run("COMMIT"));
    let rest: Vec<_> = (1..5).map(|n| queued(place.writer().submit(add(n)))).collect();
    drop(turn);
    // The lock is free again: they would have been written, had they been tried. The last one is waited for first: to
    // wait for one of the first two would be to wake somebody else.
    for write in rest.into_iter().rev() {
        assert!(matches!(block_on(write), Err(Error::Busy)));
    }
    assert!(matches!(block_on(second), Err(Error::Busy)));
    assert_eq!(block_on(first).unwrap(), 0);
    assert_eq!(place.seen(), [0]);
}

#[test]
fn one_by_one_ends_when_the_time_of_the_group_is_over() {
    let place = Place::new();
    let (jobs, answers): (Vec<Box<dyn Job>>, Vec<_>) = [0, 0, 1, 2]
        .map(|n| {
            let (answer, answered) = oneshot::channel::<Result<i64, Error>>();
            (Box::new(Write::new(add(n), answer)) as Box<dyn Job>, answered)
        })
        .into_iter()
        .unzip();
    let asked = AtomicUsize::new(0);
    let over = || (asked.fetch_add(1, Ordering::SeqCst) >= 3).then_some(Error::Overloaded);
    place
        .store
        .file()
        .write(|connection| group::together(connection, jobs, over, |_| panic!("no group was committed")));
    let answers: Vec<_> = answers.into_iter().map(|answer| block_on(answer).unwrap()).collect();
    assert!(matches!(answers[..], [Ok(0), Err(Error::Sqlite(_)), Ok(1), Err(Error::Overloaded)]), "{answers:?}");
    assert_eq!(place.seen(), [0, 1]);
}
