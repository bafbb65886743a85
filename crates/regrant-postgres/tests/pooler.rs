//! The store behind Debian's `PgBouncer` in transaction mode, where each transaction may go over another connection.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

mod common;

use std::io::Write as _;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::Duration;

use common::{SECRET, client, engine, issue, options, refresh, web};
use regrant::{
    AsyncClientStore as _, AsyncEngine, ClientId, Credentials, IssueRequest, Policy, Revocation, RevocationRequest,
    RevocationSink, Scope, Timestamp, TokenEncoding,
};
use regrant_postgres::{ClientRecord, PostgresClients, PostgresStore};
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

/// What a node was told of the others.
#[derive(Debug, Default)]
struct Told(Mutex<Vec<String>>);

impl Told {
    fn tell(&self, what: String) {
        self.0.lock().unwrap().push(what);
    }

    /// Forgets everything but whether there is a connection.
    fn clear(&self) {
        self.0.lock().unwrap().clear();
    }

    /// Waits until one of these was told.
    async fn until(&self, wanted: &[&str]) -> bool {
        for _ in 0..3_000 {
            if self.0.lock().unwrap().iter().any(|told| wanted.contains(&told.as_str())) {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        false
    }

    fn has(&self, what: &str) -> bool {
        self.0.lock().unwrap().iter().any(|told| told == what)
    }
}

impl RevocationSink for Told {
    fn connected(&self, _: Timestamp) {
        self.tell("connected".to_owned());
    }

    fn current(&self, _: Timestamp) {}

    fn disconnected(&self) {
        self.tell("disconnected".to_owned());
    }

    fn revoked(&self, revocation: Revocation) {
        self.tell(format!("revoked {}", revocation.grant_id()));
    }

    fn client_changed(&self, client: &ClientId) {
        self.tell(format!("changed {client}"));
    }
}

/// The store of a node whose requests go through the pooler, and whose news comes by another way, if there is one.
async fn pooled(pooler: &Pooler, database: &str, direct: bool) -> PostgresStore {
    let mut options = options(&pooler.url(database));
    options.pooler = true;
    if direct {
        options = options.with_listener(&shared().url(database)).unwrap();
    }
    PostgresStore::open(options).await.unwrap()
}

/// The time of this machine: the cache counts by it.
fn wall() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap();
    Timestamp::from_unix_millis(u64::try_from(since.as_millis()).unwrap())
}

/// Everything that one node writes goes through the pooler; the caches of the other hear of it over its direct address.
#[tokio::test(flavor = "multi_thread")]
async fn what_one_node_writes_through_the_pooler_the_other_hears_beside_it() {
    let database = shared().database().unwrap();
    let direct = PostgresStore::open(options(&shared().url(&database))).await.unwrap();
    direct.clients(Policy::default()).add(&ClientRecord::new(client())).await.unwrap();
    let pooler = Pooler::start(shared());
    let (here, there) = (pooled(&pooler, &database, true).await, pooled(&pooler, &database, true).await);
    let (clients, cached) = (here.clients(Policy::default()), there.clients(Policy::default()));
    let told = Arc::new(Told::default());
    let _listener = there.listen(wall, vec![Arc::clone(&told) as _, Arc::new(cached.cache().clone())], |_| {}).unwrap();
    let node = engine(&here);
    // A slow machine may have the listener connect anew meanwhile, and miss it rightly: then it is done again.
    for _ in 0..40 {
        assert!(told.until(&["connected"]).await);
        told.clear();
        clients.set_enabled(&web(), true).await.unwrap();
        let enabled = async || cached.client(&web()).await.unwrap().is_some_and(|client| client.enabled);
        let before = enabled().await;
        let answer = node.issue(IssueRequest::new(web(), Scope::parse("read").unwrap())).await.unwrap();
        let access = answer.success().unwrap().access_token;
        let grant = access.grant_id();
        revoke(&node, &access.expose(TokenEncoding::Base64Url)).await;
        clients.set_enabled(&web(), false).await.unwrap();
        let (revoked, changed) = (format!("revoked {grant}"), format!("changed {}", web()));
        assert!(told.until(&[&revoked, "disconnected"]).await && told.until(&[&changed, "disconnected"]).await);
        assert!(before);
        if told.has("disconnected") {
            continue;
        }
        // The sinks are told one after the other.
        for _ in 0..3_000 {
            if !enabled().await {
                return;
            }
        }
        panic!("the cache keeps a client that was switched off");
    }
    panic!("the connection was given up each time");
}

async fn revoke(node: &AsyncEngine<PostgresStore, PostgresClients>, token: &str) {
    let credentials = Credentials { client_id: Some("web"), client_secret: Some(SECRET), ..Credentials::default() };
    node.revoke(RevocationRequest { credentials, token: Some(token) }).await.unwrap().success().unwrap();
}

/// There a session says that it listens, and hears nothing: its notifications go to whoever has the connection, or to nobody.
#[tokio::test(flavor = "multi_thread")]
async fn without_a_way_around_the_pooler_nobody_listens_and_nothing_is_kept() {
    let database = shared().database().unwrap();
    let direct = PostgresStore::open(options(&shared().url(&database))).await.unwrap();
    let clients = direct.clients(Policy::default());
    clients.add(&ClientRecord::new(client())).await.unwrap();
    let pooler = Pooler::start(shared());
    let node = pooled(&pooler, &database, false).await;
    let read = node.clients(Policy::default());
    assert!(node.listen(wall, vec![Arc::new(read.cache().clone())], |_| {}).is_none());
    for enabled in [false, true, false] {
        clients.set_enabled(&web(), enabled).await.unwrap();
        assert_eq!(read.client(&web()).await.unwrap().unwrap().enabled, enabled, "read again each time");
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
