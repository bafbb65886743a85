//! What the server does when its store fails, and what it says of a file that it cannot use.

use std::fs;

use regrant_testkit::{Answer, Setup};

use crate::process::{Place, Running, eventually, member};

fn assert_unavailable(answer: &Answer) {
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert_eq!(answer.header_values("Retry-After").collect::<Vec<_>>(), ["1"]);
    assert!(answer.text().contains("temporarily_unavailable"), "{}", answer.text());
}

#[cfg(unix)]
#[test]
fn a_full_disk_is_503_and_nothing_is_lost() {
    let place = Place::new(&Setup::fixtures());
    let issued = place.issue(&["--client", "web", "--scope", "read"]);
    let mut token = issued["refresh_token"].as_str().unwrap().to_owned();
    // No file of this process may grow beyond 40 KiB, in blocks of 512 bytes: the log of SQLite soon would.
    let server = Running::start_limited(&place.config(), "trap '' XFSZ; ulimit -f 80").unwrap();
    let mut refused = 0;
    for _ in 0..200 {
        let answer = server.refresh(&token);
        if answer.status == 200 {
            token = member(&answer, "refresh_token");
        } else {
            assert_unavailable(&answer);
            refused += 1;
            if refused == 2 {
                break;
            }
        }
    }
    assert_eq!(refused, 2, "the disk was never full");
    eventually("the log tells the cause", || server.log().contains("the store failed"));
    drop(server);
    assert_eq!(place.serve().refresh(&token).status, 200, "the token of the last answer");
}

#[cfg(unix)]
#[test]
fn a_database_that_was_removed_is_503() {
    let place = Place::new(&Setup::fixtures());
    let issued = place.issue(&["--client", "web", "--scope", "read"]);
    let token = issued["refresh_token"].as_str().unwrap();
    let server = place.serve();
    fs::rename(place.path("grants.db"), place.path("moved.db")).unwrap();
    assert_unavailable(&server.refresh(token));
    assert_eq!(server.get("/healthz").status, 503);
    fs::rename(place.path("moved.db"), place.path("grants.db")).unwrap();
    assert_eq!(server.get("/healthz").status, 200);
    assert_eq!(server.refresh(token).status, 200, "nothing was lost");
}

#[test]
fn a_locked_database_is_503_for_all_and_nothing_is_lost() {
    let place = Place::new(&Setup::fixtures());
    let tokens: Vec<String> = (0..8)
        .map(|_| place.issue(&["--client", "web", "--scope", "read"])["refresh_token"].as_str().unwrap().to_owned())
        .collect();
    let server = place.serve();
    let other = rusqlite::Connection::open(place.path("grants.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    std::thread::scope(|scope| {
        for token in &tokens {
            scope.spawn(|| assert_unavailable(&server.refresh(token)));
        }
    });
    assert_eq!(server.get("/healthz").status, 200, "it can still be read");
    other.execute_batch("ROLLBACK").unwrap();
    for token in &tokens {
        assert_eq!(server.refresh(token).status, 200);
    }
}

/// What `serve` and `grant list` say of a database file with this content.
fn refusal(content: &[u8]) -> String {
    let place = Place::new(&Setup::fixtures());
    fs::write(place.path("grants.db"), content).unwrap();
    let done = Running::start(&place.config()).unwrap_err();
    assert_eq!((done.code, done.out.as_str()), (1, ""), "{done:?}");
    let listed = place.run(&["grant", "list"], &[]);
    assert_eq!((listed.code, listed.err.lines().count()), (1, 1), "{listed:?}");
    assert_eq!(fs::read(place.path("grants.db")).unwrap(), content, "the file was changed");
    listed.err
}

#[test]
fn a_file_that_is_no_database_is_left_alone() {
    let error = refusal(&b"these are the notes of somebody, and not a database at all\n".repeat(20));
    assert!(error.contains("grants.db") && error.contains("not an sqlite database"), "{error}");
}

#[test]
fn a_newer_database_is_left_alone() {
    let place = Place::new(&Setup::fixtures());
    place.issue(&["--client", "web"]);
    let mut content = fs::read(place.path("grants.db")).unwrap();
    // The user version stands at offset 60, big-endian.
    content[60..64].copy_from_slice(&999_u32.to_be_bytes());
    let error = refusal(&content);
    assert!(error.contains("999") && error.contains("newer release"), "{error}");
}

#[test]
fn one_corrupt_record_harms_no_other() {
    let place = Place::new(&Setup::fixtures());
    let issued: Vec<_> = (0..3).map(|_| place.issue(&["--client", "web", "--scope", "read"])).collect();
    let text = |n: usize, name: &str| issued[n][name].as_str().unwrap();
    let damage = format!("UPDATE grants SET tokens = x'ff' WHERE id = x'{}'", text(1, "grant_id"));
    rusqlite::Connection::open(place.path("grants.db")).unwrap().execute_batch(&damage).unwrap();
    let listed = place.run(&["grant", "list"], &["--json"]);
    let grants: Vec<serde_json::Value> = serde_json::from_str(&listed.out).unwrap();
    assert_eq!((listed.code, grants.len()), (1, 2), "{listed:?}");
    assert!(listed.err.contains("tokens") && listed.err.contains(text(1, "grant_id")), "{listed:?}");
    let server = place.serve();
    assert_eq!(server.refresh(text(0, "refresh_token")).status, 200);
    assert_unavailable(&server.refresh(text(1, "refresh_token")));
    assert_eq!(server.refresh(text(2, "refresh_token")).status, 200);
    // An operator must be able to end even what nobody can read.
    let ended = place.run(&["grant", "revoke"], &["--id", text(1, "grant_id")]);
    assert_eq!((ended.code, ended.out.trim()), (0, r#"{"revoked":1}"#), "{ended:?}");
}

#[test]
fn a_folder_that_is_missing_and_a_port_that_is_taken_are_faults() {
    let place = Place::with(&Setup::fixtures().to_config_toml("sqlite:missing/grants.db").unwrap());
    let listed = place.run(&["grant", "list"], &[]);
    assert_eq!((listed.code, listed.err.lines().count()), (1, 1), "{listed:?}");
    assert!(listed.err.contains("missing/grants.db: cannot open the database file: no such"), "{listed:?}");
    let place = Place::new(&Setup::fixtures());
    let server = place.serve();
    let taken = place.run(&["serve"], &["--listen", &server.address.to_string()]);
    assert_eq!(taken.code, 1, "{taken:?}");
    assert!(taken.err.lines().last().unwrap().contains("address already in use"), "{taken:?}");
}

#[test]
fn a_pepper_that_is_named_is_made_once_and_a_lost_or_short_one_is_refused() {
    let config = Setup::fixtures().to_config_toml("sqlite:grants.db").unwrap();
    let place = Place::with(&format!("pepper_file = 'pepper'\n{config}"));
    let issue = || place.run(&["grant", "issue"], &["--client", "web"]);
    // The first grant: there is nothing yet that the pepper could have been lost for.
    assert_eq!(issue().code, 0);
    assert_eq!(fs::read(place.path("pepper")).unwrap().len(), 32);
    assert!(!place.path("grants.db.pepper").exists());
    fs::remove_file(place.path("pepper")).unwrap();
    let lost = issue();
    assert!(lost.code == 2 && lost.err.contains("no such file"), "{lost:?}");
    assert_eq!(Running::start(&place.config()).unwrap_err().code, 2);
    fs::write(place.path("pepper"), [7; 31]).unwrap();
    let short = issue();
    assert!(short.code == 2 && short.err.contains("32 to 4096 random bytes"), "{short:?}");
    fs::write(place.path("pepper"), [7; 32]).unwrap();
    assert_eq!(issue().code, 0);
}

#[test]
fn the_example_runs_as_it_stands() {
    let example = include_str!("../../src/config/example.toml");
    let place = Place::with(&example.replace("127.0.0.1:8080", "127.0.0.1:0").replace("issuer", "# issuer"));
    place.issue(&["--client", "web", "--scope", "read"]);
    assert_eq!(place.serve().get("/healthz").status, 200);
}
