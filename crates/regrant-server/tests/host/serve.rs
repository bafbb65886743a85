//! `regrant serve` and the commands beside it.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use regrant_testkit::Setup;

use crate::process::{Place, eventually, form, member, refresh};

#[test]
fn grants_are_issued_beside_a_running_server() {
    let place = Place::new(&Setup::fixtures());
    let server = place.serve();
    let issued = place.issue(&["--client", "web", "--subject", "alice", "--scope", "read"]);
    let answer = server.refresh(issued["refresh_token"].as_str().unwrap());
    assert_eq!(answer.status, 200, "{}", answer.text());
    let bearer = |token: &str| {
        let mut request = form("/resource", "");
        (request.method, request.body) = ("GET".to_owned(), None);
        request.headers = vec![("Authorization".to_owned(), format!("Bearer {token}"))];
        request
    };
    let page = server.send(&bearer(&member(&answer, "access_token")));
    assert_eq!(page.text(), r#"{"sub":"alice","client_id":"web","scope":"read"}"#);
    let revoked = place.run(&["grant", "revoke"], &["--subject", "alice"]);
    assert_eq!((revoked.code, revoked.out.as_str()), (0, "{\"revoked\":1}\n"));
    assert_eq!(server.send(&bearer(&member(&answer, "access_token"))).status, 401);
}

#[test]
fn clients_of_the_table_are_served_and_the_file_comes_first() {
    let place = Place::new(&Setup::fixtures());
    let server = place.serve();
    let added = place.run(&["client", "add"], &["--id", "late", "--scope", "read", "--policy", "retry_window=30s"]);
    assert_eq!(added.code, 0, "{added:?}");
    let secret = serde_json::from_str::<serde_json::Value>(&added.out).unwrap()["client_secret"].clone();
    let issued = place.issue(&["--client", "late", "--scope", "read"]);
    let body = format!(
        "grant_type=refresh_token&refresh_token={}&client_id=late&client_secret={}",
        issued["refresh_token"].as_str().unwrap(),
        secret.as_str().unwrap()
    );
    let mut request = form("/token", &body);
    request.headers.truncate(1);
    let (first, again) = (server.send(&request), server.send(&request));
    assert_eq!((first.status, member(&first, "refresh_token")), (200, member(&again, "refresh_token")));
    assert_eq!(place.run(&["client", "disable"], &["--id", "late"]).code, 0);
    assert_eq!(server.send(&request).status, 401);
    assert_eq!(place.run(&["client", "disable"], &["--id", "web"]).code, 2, "a client of the file");
    assert_eq!(place.run(&["client", "disable"], &["--id", "nobody"]).code, 1);
}

#[test]
fn the_health_page_answers_get_alone() {
    let place = Place::new(&Setup::fixtures());
    let server = place.serve();
    let health = server.get("/healthz");
    assert_eq!((health.status, health.text().as_str()), (200, "ok\n"));
    assert_eq!(server.send(&form("/healthz", "")).status, 405);
    assert_eq!(server.get("/nowhere").status, 404);
}

#[test]
fn a_memory_store_serves_without_any_file_beside() {
    let place = Place::with(&Setup::fixtures().to_config_toml("memory:").unwrap());
    let server = place.serve();
    let answer = server.send(&form("/token", "grant_type=client_credentials"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(std::fs::read_dir(place.path(".")).unwrap().count(), 1);
}

/// Opens a connection and sends the head of a request and half of its body.
fn half_a_refresh(place: &Place, address: std::net::SocketAddr) -> (TcpStream, Vec<u8>) {
    let issued = place.issue(&["--client", "web", "--scope", "read"]);
    let request = refresh(issued["refresh_token"].as_str().unwrap());
    let body = request.body.unwrap();
    let mut head = String::from("POST /token HTTP/1.1\r\nHost: x\r\n");
    for (name, value) in &request.headers {
        head.push_str(name);
        head.push_str(": ");
        head.push_str(value);
        head.push_str("\r\n");
    }
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "{head}Content-Length: {}\r\n\r\n", body.len()).unwrap();
    let (half, rest) = body.split_at(body.len() / 2);
    stream.write_all(half).unwrap();
    (stream, rest.to_vec())
}

#[test]
fn a_request_in_flight_is_answered_before_the_server_stops() {
    for signal in ["TERM", "INT"] {
        let place = Place::new(&Setup::fixtures());
        let server = place.serve();
        let (mut stream, rest) = half_a_refresh(&place, server.address);
        // An answer on another connection shows that the server has seen what was sent before it.
        assert_eq!(server.get("/healthz").status, 200);
        server.signal(signal);
        eventually("no new connection is taken", || TcpStream::connect(server.address).is_err());
        stream.write_all(&rest).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        let (status, log) = server.wait();
        assert_eq!(status.code(), Some(0), "{log}");
        assert!(log.contains("stopped"), "{log}");
    }
}
