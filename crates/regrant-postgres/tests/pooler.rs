//! The store behind Debian's `PgBouncer` in transaction mode, where each transaction may go over another connection.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

mod common;

use std::io::Write as _;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use common::{client, engine, issue, options, refresh};
use regrant::Policy;
use regrant_postgres::{ClientRecord, PostgresStore};
use throwaway_postgres::{Server, free_port, shared};

const PROGRAM: &str = "/usr/sbin/pgbouncer";

/// A running `PgBouncer`. It belongs to a shell that waits on a pipe, so it ends with the test binary, however that ends.
struct Pooler {
    keeper: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Pooler {
    fn start(server: &Server) -> Self {
        assert!(Path::new(PROGRAM).is_file(), "there is no {PROGRAM}: install Debian's package pgbouncer");
        let folder = tempfile::tempdir().unwrap();
        let port = free_port().unwrap();
        let file = folder.path().join("pgbouncer.ini");
        // Two connections for all: whatever belongs to a session gets into the hands of another client.
        let settings = format!(
            "[databases]\n* = host=127.0.0.1 port={} user=postgres\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {port}\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\ndefault_pool_size = 2\n",
            server.port()
        );
        std::fs::File::create(&file).unwrap().write_all(settings.as_bytes()).unwrap();
        open_to_all(folder.path(), &file);
        // It refuses to run as root.
        let script = "if [ \"$(id -u)\" = 0 ]; then set -- \"$1\" -u nobody \"$2\"; fi; \"$@\" & read _; kill $!";
        let keeper = Command::new("sh")
            .args(["-c", script, "sh", PROGRAM])
            .arg(&file)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let pooler = Self { keeper, port, _folder: folder };
        pooler.wait();
        pooler
    }

    fn wait(&self) {
        for _ in 0..1_000 {
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return;
            }
            sleep(Duration::from_millis(10));
        }
        panic!("pgbouncer does not answer");
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // It has ended, or ends now.
        let _ = self.keeper.wait();
    }
}

fn open_to_all(folder: &Path, file: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    for (path, mode) in [(folder, 0o755), (file, 0o644)] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
}

/// Two nodes of four connections each share two connections of the pooler; refreshes of both go on side by side.
#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_work_behind_a_pooler_in_transaction_mode() {
    let database = shared().database().unwrap();
    // Migrations need a session.
    let direct = PostgresStore::open(options(&shared().url(&database))).await.unwrap();
    direct.clients(Policy::default()).add(&ClientRecord::new(client())).await.unwrap();
    let pooler = Pooler::start(shared());
    let mut lines = Vec::new();
    for _ in 0..2 {
        let mut options = options(&pooler.url(&database));
        (options.connections, options.pooler) = (4, true);
        let node = Arc::new(engine(&PostgresStore::open(options).await.unwrap()));
        for _ in 0..16 {
            let node = Arc::clone(&node);
            lines.push(tokio::spawn(async move {
                let mut token = issue(&node).await;
                for _ in 0..20 {
                    token = refresh(&node, &token).await;
                }
            }));
        }
    }
    for line in lines {
        line.await.unwrap();
    }
}

/// What the option is for: named statements are lost there.
#[tokio::test(flavor = "multi_thread")]
async fn without_the_option_the_first_setting_is_refused_there() {
    let database = shared().database().unwrap();
    let pooler = Pooler::start(shared());
    let error = PostgresStore::open(options(&pooler.url(&database))).await.unwrap_err();
    assert!(error.to_string().contains("startup parameter"), "{error}");
}
