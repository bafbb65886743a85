//! TLS with a real server: who is spoken to, and who is not.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

mod common;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use common::{NOW, client, engine, issue, options, refresh};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use regrant::Policy;
use regrant_postgres::{ClientRecord, Error, ListenerEvent, Options, PostgresStore};
use tempfile::TempDir;
use throwaway_postgres::Server;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// An authority, and the file that a node knows it by.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    place: TempDir,
}

impl Authority {
    fn new() -> Self {
        let mut parameters = CertificateParams::new([]).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap();
        let authority = Self { issuer, place: tempfile::tempdir().unwrap() };
        std::fs::write(authority.file(), authority.issuer.pem()).unwrap();
        authority
    }

    fn file(&self) -> PathBuf {
        self.place.path().join("authority.pem")
    }

    /// A server that shows a certificate of this authority for a name.
    fn server(&self, name: &str) -> Server {
        let server = Server::start(&[]).unwrap();
        let key = KeyPair::generate().unwrap();
        let parameters = CertificateParams::new([name.to_owned()]).unwrap();
        let certificate = parameters.signed_by(&key, &self.issuer).unwrap();
        server.speak_tls(&certificate.pem(), &key.serialize_pem()).unwrap();
        server
    }

    /// The address of a server for a node that trusts this authority.
    fn url(&self, server: &Server, host: &str, mode: &str) -> String {
        format!("{}&sslrootcert={}", url(server, host, mode), self.file().display())
    }
}

fn url(server: &Server, host: &str, mode: &str) -> String {
    format!("postgres://postgres@{host}:{}/postgres?sslmode={mode}", server.port())
}

/// Whether the sessions of stores are encrypted, as the server sees them: one letter for each.
fn encrypted(server: &Server) -> String {
    let question = "SELECT string_agg(DISTINCT ssl::text, ',') FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
                    WHERE application_name = 'regrant'";
    server.sql("postgres", question).unwrap()
}

/// Why a store does not open.
async fn refusal(url: &str) -> String {
    match PostgresStore::open(options(url)).await.unwrap_err() {
        Error::Unreachable(fault) => fault.to_string(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_server_of_the_right_authority_and_name_serves_a_refresh_over_tls() {
    let authority = Authority::new();
    let server = authority.server("localhost");
    for mode in ["verify-full", "verify-ca", "require", "prefer"] {
        let store = PostgresStore::open(options(&authority.url(&server, "localhost", mode))).await.unwrap();
        let clients = store.clients(Policy::default());
        if mode == "verify-full" {
            clients.add(&ClientRecord::new(client())).await.unwrap();
        }
        let engine = engine(&store);
        let token = issue(&engine).await;
        assert_ne!(refresh(&engine, &token).await, token);
        assert_eq!(encrypted(&server), "true", "{mode}");
    }
}

#[tokio::test]
async fn the_listener_hears_over_tls() {
    let authority = Authority::new();
    let server = authority.server("localhost");
    let options = Options::new(&authority.url(&server, "localhost", "verify-full")).unwrap();
    let store = PostgresStore::open(options).await.unwrap();
    let (events, mut heard) = mpsc::unbounded_channel();
    let tell = move |event: &ListenerEvent| events.send(format!("{event:?}")).unwrap_or_default();
    let _listener = store.listen(|| NOW, vec![Arc::new(store.clients(Policy::default()).cache().clone())], tell);
    assert_eq!(timeout(Duration::from_mins(1), heard.recv()).await.unwrap().unwrap(), "Connected");
    assert_eq!(encrypted(&server), "true");
}

/// Whatever the mode, but without TLS: no mode trusts a certificate that it cannot verify.
#[tokio::test]
async fn a_server_of_another_authority_is_refused() {
    let (authority, another) = (Authority::new(), Authority::new());
    let server = authority.server("localhost");
    for mode in ["verify-full", "verify-ca", "require", "prefer"] {
        let said = refusal(&another.url(&server, "localhost", mode)).await;
        assert!(said.contains("UnknownIssuer") || said.contains("BadSignature"), "{mode}: {said}");
        // Without a file it is the authorities of Mozilla that count.
        let said = refusal(&url(&server, "localhost", mode)).await;
        assert!(said.contains("UnknownIssuer"), "{mode}: {said}");
    }
    assert_eq!(encrypted(&server), "", "nobody has got in");
}

#[tokio::test]
async fn a_server_of_another_name_is_refused() {
    let authority = Authority::new();
    let server = authority.server("db.example");
    for mode in ["verify-full", "verify-ca", "require", "prefer"] {
        for host in ["localhost", "127.0.0.1"] {
            let said = refusal(&authority.url(&server, host, mode)).await;
            assert!(said.contains("not valid for name"), "{mode} {host}: {said}");
        }
    }
}

#[tokio::test]
async fn a_server_without_tls_is_refused_where_tls_is_required() {
    let (authority, server) = (Authority::new(), Server::start(&[]).unwrap());
    for mode in ["verify-full", "verify-ca", "require"] {
        let said = refusal(&authority.url(&server, "localhost", mode)).await;
        assert!(said.contains("server does not support TLS"), "{mode}: {said}");
    }
    for mode in ["prefer", "disable"] {
        PostgresStore::open(options(&authority.url(&server, "localhost", mode))).await.unwrap();
    }
}

/// A socket or loopback needs no TLS, and gets none unless the address says so.
#[tokio::test]
async fn where_it_is_switched_off_or_not_asked_for_nearby_nothing_is_encrypted() {
    let authority = Authority::new();
    let server = authority.server("localhost");
    for address in [authority.url(&server, "localhost", "disable"), server.url("postgres")] {
        let _store = PostgresStore::open(options(&address)).await.unwrap();
        assert_eq!(encrypted(&server), "false", "{address}");
    }
}

/// The driver would have to know the hash of the certificate.
#[tokio::test]
async fn a_binding_of_the_channel_is_refused_since_it_is_not_made() {
    let authority = Authority::new();
    let server = authority.server("localhost");
    let said = refusal(&(authority.url(&server, "localhost", "require") + "&channel_binding=require")).await;
    assert!(said.contains("channel binding"), "{said}");
}
