//! A Postgres that is full, seen over HTTP: what does not fit is refused at once, and may come again.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use regrant_testkit::{Answer, Setup};
use throwaway_postgres::Server;

use crate::postgres::{base, server};
use crate::process::{Place, eventually, member};

/// A session that has the table to itself for as long as it is kept.
struct Lock(Child);

impl Lock {
    fn take(server: &Server, database: &str) -> Self {
        let port = server.port().to_string();
        let mut psql = Command::new(server.binaries().join("psql"));
        psql.args(["-XAtq", "-h", "127.0.0.1", "-p", &port, "-U", "postgres", "-d", database]);
        let mut session = psql.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let lock = b"BEGIN; LOCK TABLE regrant.grants; SELECT 'locked';\n";
        session.stdin.as_mut().unwrap().write_all(lock).unwrap();
        let mut line = String::new();
        BufReader::new(session.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line.trim(), "locked");
        Self(session)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // At the end of its input it hangs up, and the lock is gone.
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// How many refresh at once.
const CALLERS: usize = 16;
/// Of these one waits for the table, and two in the queue.
const FIT: usize = 3;

#[test]
fn whoever_does_not_fit_is_503_at_once_and_200_when_there_is_room_again() {
    let database = server().database().unwrap();
    let url = server().url(&database);
    // With `pooler` the node sends no limit for locks, so a statement waits for the table until it is free.
    let keys = "connections = 1\nbatch = 1\nqueue = 2\npooler = true\n";
    let config = format!("{}\n[postgres]\n{keys}", base(&Setup::fixtures(), &url));
    let roomy = Place::with(&format!("{}\n[postgres]\n", base(&Setup::fixtures(), &url)));
    let full = Place::with(&config);
    for place in [&roomy, &full] {
        std::fs::write(place.path("pepper"), [7; 32]).unwrap();
    }
    let issue = |_| roomy.issue(&["--client", "web", "--scope", "read"])["refresh_token"].as_str().unwrap().to_owned();
    let tokens: Vec<String> = (0..CALLERS).map(issue).collect();
    let node = full.serve();
    let lock = Lock::take(server(), &database);
    let mut answers: Vec<(usize, Answer)> = Vec::new();
    thread::scope(|scope| {
        let (answered, waiting) = mpsc::channel();
        for (n, token) in tokens.iter().enumerate() {
            let (node, answered) = (&node, answered.clone());
            scope.spawn(move || answered.send((n, node.refresh(token))).unwrap());
        }
        let next = || waiting.recv_timeout(Duration::from_mins(1)).unwrap();
        for _ in FIT..CALLERS {
            let (n, answer) = next();
            assert_eq!(answer.status, 503, "{}", answer.text());
            assert_eq!(answer.header_values("Retry-After").collect::<Vec<_>>(), ["1"]);
            answers.push((n, answer));
        }
        drop(lock);
        answers.extend((0..FIT).map(|_| next()));
    });
    eventually("the log tells the cause", || node.log().contains("too many calls wait for the database"));
    for (n, answer) in answers {
        let token = if answer.status == 200 { member(&answer, "refresh_token") } else { tokens[n].clone() };
        assert_eq!(node.refresh(&token).status, 200, "caller {n}: what was refused can be asked again");
    }
    let living = "SELECT count(*) FROM regrant.grants WHERE ended_at IS NULL AND generation > 0";
    assert_eq!(server().sql(&database, living).unwrap(), CALLERS.to_string(), "nothing was lost");
}
