//! The commands that end: what they print, and with which exit code.

use regrant_testkit::Setup;
use serde_json::Value;

use crate::process::{Done, Place, regrant};

fn place() -> Place {
    Place::new(&Setup::fixtures())
}

/// One line on standard error, lower case at its start, and nothing on standard output.
fn assert_error(done: &Done, code: i32, parts: &[&str]) {
    assert_eq!((done.code, done.out.as_str(), done.err.lines().count()), (code, "", 1), "{done:?}");
    assert!(done.err.starts_with("regrant: ") && parts.iter().all(|part| done.err.contains(part)), "{done:?}");
}

#[test]
fn the_demonstration_is_as_expected() {
    let done = regrant(&["demo"]);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.out.contains("$ curl -i -X POST") && !done.out.contains("WRONG"), "{}", done.out);
    assert!(done.out.lines().last().unwrap().starts_with("51 of 51 checks as expected"), "{}", done.out);
}

#[test]
fn bad_usage_is_one_line_and_two() {
    for (arguments, part) in [
        (&[][..], "a command is missing"),
        (&["fly"], "unrecognized subcommand"),
        (&["serve"], "--config"),
        (&["grant", "issue", "--config", "x"], "--client"),
        (&["grant", "revoke", "--config", "x"], "required"),
        (&["grant", "show", "--config", "x", "nope"], "32 lower-case hex digits"),
        (&["grant", "issue", "--config", "x", "--client", "web", "--scope", "a  b"], "--scope"),
        (&["grant", "issue", "--config", "x", "--client", "web", "--attribute", "k"], "KEY=VALUE"),
        (&["check", "--config", "no-such-file.toml"], "no-such-file.toml: no such file"),
    ] {
        assert_error(&regrant(arguments), 2, &[part]);
    }
    let help = regrant(&["--help"]);
    assert!(help.code == 0 && help.out.contains("Usage"), "{help:?}");
}

#[test]
fn bad_configurations_are_refused_by_check_and_serve() {
    let good = Setup::fixtures().to_config_toml("sqlite:grants.db").unwrap();
    for (bad, parts) in [
        (format!("surprise = 1\n{good}"), &["regrant.toml:1: ", "surprise"][..]),
        (good.replace("retry_window = \"0s\"", "retry_window = \"-1s\""), &["regrant.toml:", "retry_window"]),
        (format!("{good}\n[[client]]\nid = 'web'\nsecrets = ['hush']"), &["two clients have the id web"]),
        (format!("{good}\n[[client]]\nid = 'x'\nauthentication = ['none']\nsecrets = ['hush']"), &["public"]),
    ] {
        let place = Place::with(&bad);
        for words in [&["check"][..], &["serve"], &["grant", "list"]] {
            let done = place.run(words, &[]);
            assert_error(&done, 2, parts);
            assert!(!done.err.contains("hush"), "{done:?}");
        }
    }
    let checked = place().run(&["check"], &[]);
    assert_eq!(checked.code, 0, "{checked:?}");
    assert!(checked.out.contains("mount rfc6749 token /token revoke /revoke"), "{checked:?}");
}

#[test]
fn issuing_prints_one_line_with_the_members_in_order() {
    let place = place();
    let done = place.run(&["grant", "issue"], &["--client", "web", "--scope", "read write"]);
    let names = ["grant_id", "access_token", "token_type", "expires_in", "refresh_token", "scope"];
    let places: Vec<_> = names.iter().map(|name| done.out.find(&format!("\"{name}\":")).unwrap()).collect();
    assert!(places.is_sorted() && done.out.lines().count() == 1, "{done:?}");
    let issued: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!((issued["token_type"].as_str(), issued["expires_in"].as_u64()), (Some("Bearer"), Some(3600)));
    assert_eq!(issued["grant_id"].as_str().unwrap().len(), 32);
    // A client without the refresh grant gets an access token only; no scope asked for is the empty scope.
    let bare = place.issue(&["--client", "rs"]);
    assert_eq!((bare.get("refresh_token"), bare["scope"].as_str()), (None, Some("")));
}

#[test]
fn processes_that_start_at_once_make_one_database_and_one_pepper() {
    let place = place();
    let ids: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| place.issue(&["--client", "web"]))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()["grant_id"].to_string()).collect()
    });
    let listed = place.run(&["grant", "list"], &["--json"]).out;
    assert!(ids.iter().all(|id| listed.contains(id)), "{ids:?} {listed}");
    assert_eq!(std::fs::read(place.path("grants.db.pepper")).unwrap().len(), 32);
}

#[test]
fn what_cannot_be_issued_is_two() {
    let mut setup = Setup::fixtures();
    setup.clients[1].enabled = false;
    let place = Place::new(&setup);
    for (rest, part) in [
        (&["--client", "nobody"][..], "no client of that id"),
        (&["--client", "web2"], "disabled"),
        (&["--client", "web", "--scope", "everything"], "beyond the scope"),
    ] {
        assert_error(&place.run(&["grant", "issue"], rest), 2, &[part]);
    }
    assert_eq!(place.run(&["grant", "list"], &["--json"]).out, "[]\n");
}

#[test]
fn grants_are_listed_shown_revoked_and_purged() {
    let place = place();
    let rest = ["--client", "web", "--subject", "alice", "--scope", "read", "--attribute", "user_uuid=u-1"];
    let id = place.issue(&rest)["grant_id"].as_str().unwrap().to_owned();
    place.issue(&["--client", "app", "--subject", "bob"]);
    let list = |rest: &[&str]| -> Vec<Value> {
        serde_json::from_str(&place.run(&["grant", "list"], &[&["--json"], rest].concat()).out).unwrap()
    };
    assert_eq!((list(&[]).len(), list(&["--client", "web"]).len(), list(&["--subject", "bob"]).len()), (2, 1, 1));
    assert_eq!(list(&["--client", "web", "--subject", "bob"]).len(), 0);
    let shown: Value = serde_json::from_str(&place.run(&["grant", "show"], &[&id, "--json"]).out).unwrap();
    assert_eq!((shown["id"].as_str(), shown["state"].as_str()), (Some(id.as_str()), Some("active")));
    assert_eq!(shown["attributes"]["user_uuid"].as_str(), Some("u-1"));
    for (out, expected) in [
        (place.run(&["grant", "revoke"], &["--id", &id]), "{\"revoked\":1}\n"),
        (place.run(&["grant", "revoke"], &["--id", &id]), "{\"revoked\":0}\n"),
        (place.run(&["purge"], &["--margin", "1d"]), "{\"purged\":0}\n"),
        (place.run(&["grant", "revoke"], &["--client", "app"]), "{\"revoked\":1}\n"),
    ] {
        assert_eq!((out.code, out.out.as_str()), (0, expected), "{out:?}");
    }
    let ended: Value = serde_json::from_str(&place.run(&["grant", "show"], &[&id]).out).unwrap();
    assert_eq!((ended["state"].as_str(), ended["end_reason"].as_str()), (Some("ended"), Some("ended_by_host")));
    assert_eq!(place.run(&["grant", "list"], &[]).out.lines().count(), 2);
}

#[test]
fn a_grant_that_is_not_there_is_one() {
    let place = place();
    let nobody = "00".repeat(16);
    assert_error(&place.run(&["grant", "show"], &[&nobody]), 1, &["no grant"]);
    assert_error(&place.run(&["grant", "revoke"], &["--id", &nobody]), 1, &["no grant"]);
}

#[test]
fn commands_on_a_memory_store_are_two() {
    let place = Place::with(&Setup::fixtures().to_config_toml("memory:").unwrap());
    for words in [&["grant", "list"][..], &["purge"], &["client", "list"]] {
        assert_error(&place.run(words, &[]), 2, &["memory:"]);
    }
    assert_error(&place.run(&["grant", "issue"], &["--client", "web"]), 2, &["memory:"]);
}

#[test]
fn a_client_of_the_table_has_a_life_of_its_own() {
    let place = place();
    let add = |rest: &[&str]| place.run(&["client", "add"], &[&["--id", "late"], rest].concat());
    assert_error(&add(&["--policy", "retry=1s"]), 2, &["--policy", "retry"]);
    assert_error(&add(&["--public", "--policy", "rotation=never"]), 2, &["--policy", "rotat"]);
    assert_error(&add(&["--grant", "password"]), 2, &["--grant"]);
    assert_eq!(add(&["--scope", "read"]).code, 0);
    assert_error(&add(&[]), 1, &["exists"]);
    assert_eq!(place.run(&["client", "rotate-secret"], &["--id", "late"]).code, 0);
    let raised = place.run(&["client", "raise-epoch"], &["--id", "late"]);
    assert_eq!(raised.out, "{\"client_id\":\"late\",\"grant_epoch\":1}\n");
    let listed: Vec<Value> = serde_json::from_str(&place.run(&["client", "list"], &["--json"]).out).unwrap();
    assert_eq!((listed.len(), listed[0]["live_secrets"].as_u64()), (1, Some(2)));
    assert_eq!(place.run(&["client", "list"], &[]).out.lines().count(), 1);
}

#[test]
fn a_fresh_secret_fits_the_line_that_is_printed_with_it() {
    let done = regrant(&["secret"]);
    let (secret, line) = done.out.trim_end().split_once('\n').unwrap();
    assert_eq!((done.code, secret.len()), (0, 43));
    let digest = regrant::ClientSecretDigest::of(secret);
    assert!(line.contains(&hex::encode(digest.digest.as_bytes())), "{line}");
    let place = Place::with(&format!(
        "store = 'memory:'\n[[mount]]\ndialect = 'payu'\ntoken = '/t'\n[[client]]\nid = 'x'\n{line}"
    ));
    assert_eq!(place.run(&["check"], &[]).code, 0);
}
