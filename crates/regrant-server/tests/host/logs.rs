//! Nothing secret in sight: what was logged, printed and stored after a busy run.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use regrant_testkit::Setup;

use crate::process::{Place, form, member};

/// Every form in which a token could be written down: as sent, in hex, and its bytes.
fn forms(token: &str) -> Vec<Vec<u8>> {
    let mut forms = vec![token.as_bytes().to_vec()];
    if let Ok(bytes) = URL_SAFE_NO_PAD.decode(token) {
        // The first 16 bytes are the public id of the grant; what is behind them is secret, each part by itself.
        for part in bytes[16..].chunks(16) {
            forms.push(part.to_vec());
            forms.push(hex::encode(part).into_bytes());
        }
    }
    forms
}

fn assert_absent(what: &str, held: &[u8], tokens: &[String]) {
    for token in tokens {
        for form in forms(token) {
            assert!(!held.windows(form.len()).any(|window| window == form), "a token stands in {what}");
        }
    }
}

/// Issues, refreshes, replays, revokes, introspects and fails; answers every token and secret that was about.
fn busy(place: &Place, server: &crate::process::Running) -> Vec<String> {
    let mut tokens = vec!["web-secret".to_owned(), "d2ViOndlYi1zZWNyZXQ=".to_owned(), "wrong-secret-17".to_owned()];
    for _ in 0..5 {
        let issued = place.issue(&["--client", "web", "--subject", "alice", "--scope", "read"]);
        let first = issued["refresh_token"].as_str().unwrap().to_owned();
        let answer = server.refresh(&first);
        let (access, second) = (member(&answer, "access_token"), member(&answer, "refresh_token"));
        assert_eq!(server.send(&form("/introspect", &format!("token={access}"))).status, 200);
        assert_eq!(server.send(&form("/revoke", &format!("token={access}"))).status, 200);
        assert_eq!(server.refresh(&first).status, 400, "a replay");
        assert_eq!(server.send(&form(&format!("/token?refresh_token={second}"), "a=%zz")).status, 400);
        assert_eq!(server.send(&form(&format!("/nowhere/{second}"), "")).status, 404);
        let mut wrong = form("/token", &format!("grant_type=refresh_token&refresh_token={second}&client_id=web"));
        wrong.headers.truncate(1);
        wrong.body.as_mut().unwrap().extend(b"&client_secret=wrong-secret-17");
        assert_eq!(server.send(&wrong).status, 401);
        tokens.extend([first, second, access, issued["access_token"].as_str().unwrap().to_owned()]);
    }
    tokens
}

#[test]
fn after_a_busy_run_no_token_and_no_secret_is_to_be_found() {
    let place = Place::new(&Setup::fixtures());
    let server = place.serve();
    let tokens = busy(&place, &server);
    // While the server runs, so that the log of SQLite is searched as well.
    for entry in std::fs::read_dir(place.path(".")).unwrap() {
        let entry = entry.unwrap();
        if entry.file_name() != "regrant.toml" {
            assert_absent(&format!("{:?}", entry.file_name()), &std::fs::read(entry.path()).unwrap(), &tokens);
        }
    }
    let listed = place.run(&["grant", "list"], &["--json"]);
    assert_absent("the list", listed.out.as_bytes(), &tokens);
    server.signal("TERM");
    let (_, log) = server.wait();
    assert!(log.contains("replay") && log.contains("client authentication refused"), "{log}");
    assert_absent("the log", log.as_bytes(), &tokens);
}
