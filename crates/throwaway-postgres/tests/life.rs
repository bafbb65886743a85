//! Real servers: they start, they take over, and they leave nothing behind.
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use throwaway_postgres::{Fault, Server, fresh_database, shared};

/// Waits until `fact` is true, far longer than it should take.
fn eventually(what: &str, fact: impl Fn() -> bool) {
    let until = Instant::now() + Duration::from_mins(1);
    while !fact() {
        assert!(Instant::now() < until, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn each_database_is_new_and_on_the_one_server() {
    let (one, other) = (fresh_database(), fresh_database());
    assert_ne!(one, other);
    for url in [&one, &other] {
        assert!(url.starts_with(&format!("postgres://postgres@127.0.0.1:{}/t", shared().port())), "{url}");
        let (_, name) = url.rsplit_once('/').unwrap();
        assert_eq!(shared().sql(name, "CREATE TABLE t (); SELECT count(*) FROM t").unwrap(), "0");
    }
}

#[test]
fn what_the_server_says_of_a_mistake_is_one_line() {
    let fault = shared().sql("postgres", "SELECT nonsense").unwrap_err();
    assert!(matches!(fault, Fault::Failed { program: "psql", .. }), "{fault}");
    let said = format!("{fault:?}");
    assert!(said.contains("nonsense") && !said.contains('\n'), "{said}");
}

#[test]
fn a_setting_that_is_wrong_is_told() {
    let fault = Server::start(&[("work_mem", "nonsense")]).map(drop).unwrap_err();
    assert!(format!("{fault}").contains("work_mem"), "{fault}");
}

#[test]
fn a_standby_takes_over_from_a_primary_that_is_killed() {
    let primary = Server::start(&[]).unwrap();
    primary.sql("postgres", "CREATE TABLE t (n int)").unwrap();
    let standby = primary.standby("second", &[("synchronous_standby_names", "")]).unwrap();
    primary.configure(&[("synchronous_standby_names", "second")]).unwrap();
    let synchronous = "SELECT sync_state FROM pg_stat_replication WHERE application_name = 'second'";
    eventually("it is synchronous", || primary.sql("postgres", synchronous).unwrap() == "sync");
    primary.sql("postgres", "INSERT INTO t VALUES (7)").unwrap();
    primary.crash().unwrap();
    assert!(primary.sql("postgres", "SELECT 1").is_err());
    standby.promote().unwrap();
    assert_eq!(standby.sql("postgres", "INSERT INTO t VALUES (8); SELECT sum(n) FROM t").unwrap(), "15");
    let port = primary.port();
    let next = standby.standby_in_place_of(primary, "third", &[]).unwrap();
    assert_eq!(next.port(), port);
    assert_eq!(next.sql("postgres", "SELECT pg_is_in_recovery(), sum(n) FROM t").unwrap(), "t|15");
}

#[test]
fn nothing_is_left_of_a_server_that_is_dropped() {
    let server = Server::start(&[]).unwrap();
    let directory = server.socket_directory().to_owned();
    assert!(directory.join("data").is_dir());
    drop(server);
    assert!(!directory.exists());
}

/// Says where its server is, and waits.
#[test]
#[ignore = "started by the test below"]
fn lives_until_it_is_killed() {
    println!("say {}", shared().socket_directory().display());
    std::io::stdin().read_line(&mut String::new()).unwrap();
}

#[test]
fn nothing_is_left_of_the_server_of_a_process_that_is_killed() {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "lives_until_it_is_killed", "--ignored", "--nocapture"]);
    let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let directory = said(&mut process);
    let pid = std::fs::read_to_string(Path::new(&directory).join("data/postmaster.pid")).unwrap();
    let server = Path::new("/proc").join(pid.lines().next().unwrap());
    process.kill().unwrap();
    process.wait().unwrap();
    eventually("the directory is removed", || !Path::new(&directory).exists());
    eventually("the server has ended", || !server.exists());
}

fn said(process: &mut Child) -> String {
    let mut lines = BufReader::new(process.stdout.as_mut().unwrap()).lines();
    lines.find_map(|line| line.unwrap().split_once("say ").map(|(_, said)| said.to_owned())).unwrap()
}
