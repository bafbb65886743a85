//! A dump that is restored into a new database: what it knows goes on, and what came after it is forgotten.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by a panic")]

mod common;

use std::path::Path;
use std::process::Command;

use common::{SECRET, client, engine, issue, options, refresh, web};
use regrant::{
    AsyncEngine, Credentials, Introspection, IntrospectionRequest, IssueRequest, Policy, PolicyOverrides, Reason,
    RevocationRequest, Rotation, Scope, TokenEncoding, TokenReply, TokenRequest,
};
use regrant_postgres::{ClientRecord, PostgresClients, PostgresStore};
use throwaway_postgres::shared;

type Node = AsyncEngine<PostgresStore, PostgresClients>;

/// Runs a program of the server as the document says, on one of its databases.
fn tool(name: &str, database: &str, arguments: &[&str]) {
    let mut command = Command::new(shared().binaries().join(name));
    command.args(["--host=127.0.0.1", "--username=postgres", &format!("--port={}", shared().port())]);
    let output = command.args(arguments).arg(format!("--dbname={database}")).output().unwrap();
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
}

fn dump(database: &str, file: &Path) {
    let file = format!("--file={}", file.display());
    tool("pg_dump", database, &["--format=custom", "--schema=regrant", &file]);
}

/// A node over what a dump holds, in a database of its own.
async fn restored(file: &Path) -> Node {
    let database = shared().database().unwrap();
    tool("pg_restore", &database, &["--exit-on-error", &file.display().to_string()]);
    engine(&PostgresStore::open(options(&shared().url(&database))).await.unwrap())
}

/// The tokens that a client holds.
struct Held {
    refresh: String,
    access: String,
}

impl Held {
    fn of(reply: &TokenReply) -> Self {
        let refresh = reply.refresh_token.as_ref().unwrap().expose(TokenEncoding::Base64Url).to_string();
        Self { refresh, access: reply.access_token.expose(TokenEncoding::Base64Url).to_string() }
    }

    async fn issue(node: &Node) -> Self {
        let order = IssueRequest::new(web(), Scope::parse("read").unwrap());
        Self::of(&node.issue(order).await.unwrap().success().unwrap())
    }

    /// What the client holds after a refresh.
    async fn refreshed(&self, node: &Node) -> Self {
        Self::of(&node.token(request(&self.refresh)).await.unwrap().success().unwrap())
    }
}

fn credentials() -> Credentials<'static> {
    Credentials { client_id: Some("web"), client_secret: Some(SECRET), ..Credentials::default() }
}

fn request(token: &str) -> TokenRequest<'_> {
    let grant_type = Some("refresh_token");
    TokenRequest { credentials: credentials(), grant_type, refresh_token: Some(token), scope: None }
}

/// Why a refresh is refused.
async fn refusal(node: &Node, token: &str) -> Reason {
    node.token(request(token)).await.unwrap().refusal().unwrap().reason
}

async fn active(node: &Node, token: &str) -> bool {
    let request = IntrospectionRequest { credentials: credentials(), token: Some(token) };
    matches!(node.introspect(request).await.unwrap().success().unwrap(), Introspection::Active(_))
}

async fn revoke(node: &Node, token: &str) {
    let request = RevocationRequest { credentials: credentials(), token: Some(token) };
    node.revoke(request).await.unwrap().success().unwrap();
}

/// A node over a new database, whose client has this rotation.
async fn node(rotation: Rotation) -> (String, Node) {
    let database = shared().database().unwrap();
    let store = PostgresStore::open(options(&shared().url(&database))).await.unwrap();
    let overrides = PolicyOverrides { rotation: Some(rotation), ..PolicyOverrides::default() };
    store.clients(Policy::default()).add(&ClientRecord { client: client(), overrides }).await.unwrap();
    (database, engine(&store))
}

#[tokio::test]
async fn a_restored_dump_goes_on_from_what_it_knows_and_has_forgotten_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("regrant.dump");
    let (database, before) = node(Rotation::Always).await;
    let (still, ahead, revoked) = (Held::issue(&before).await, Held::issue(&before).await, Held::issue(&before).await);
    dump(&database, &file);
    // Since then: one client has refreshed twice, a grant has begun, and one was revoked.
    let since = ahead.refreshed(&before).await.refreshed(&before).await;
    let begun = Held::issue(&before).await;
    revoke(&before, &revoked.refresh).await;
    let after = restored(&file).await;
    // What the copy knows goes on as if nothing had been.
    assert!(active(&after, &still.access).await);
    still.refreshed(&after).await.refreshed(&after).await;
    // What was revoked since is alive again.
    assert!(active(&after, &revoked.refresh).await && active(&after, &revoked.access).await);
    // What was answered since is unknown, and a refresh token looks like a spent one.
    assert!(!active(&after, &since.access).await && active(&after, &ahead.access).await);
    assert_eq!(refusal(&after, &since.refresh).await, Reason::Replay);
    assert!(!active(&after, &ahead.access).await, "its grant has ended by that");
    // A grant that began since is unknown.
    assert!(!active(&after, &begun.access).await);
    assert_eq!(refusal(&after, &begun.refresh).await, Reason::UnknownGrant);
}

#[tokio::test]
async fn a_refresh_token_that_never_rotates_is_the_same_before_and_after() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("regrant.dump");
    let (database, before) = node(Rotation::Never).await;
    let held = Held::issue(&before).await;
    dump(&database, &file);
    let since = held.refreshed(&before).await;
    let after = restored(&file).await;
    assert_eq!(since.refreshed(&after).await.refresh, held.refresh);
    assert!(!active(&after, &since.access).await);
}

/// What the document advises where nothing may come back.
#[tokio::test]
async fn an_epoch_that_is_raised_after_the_restore_ends_every_older_grant() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("regrant.dump");
    let (database, before) = node(Rotation::Always).await;
    let held = Held::issue(&before).await;
    dump(&database, &file);
    revoke(&before, &held.refresh).await;
    let after = restored(&file).await;
    assert!(active(&after, &held.access).await);
    after.clients().raise_epoch(&web()).await.unwrap();
    assert!(!active(&after, &held.access).await && !active(&after, &held.refresh).await);
    let fresh = issue(&after).await;
    refresh(&after, &fresh).await;
}
