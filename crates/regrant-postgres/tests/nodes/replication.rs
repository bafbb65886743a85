//! A standby that falls behind, and what a failover to it costs. Nothing here is left to chance.

use std::time::Duration;

use regrant::{Reason, Reply, TokenReply};
use regrant_postgres::PostgresStore;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use crate::common::{Hands, Node, node, patient, policy, refresh};
use crate::line::{Line, active, load, texts};
use crate::proxy::{Fault, Harm, Proxy, Way};
use crate::runtime;
use crate::servers::{Alone, Servers, eventually};

/// Two servers, the second of which hears of the first through a proxy, and a node that knows both.
struct Pair {
    servers: Servers,
    proxy: Proxy,
    node: Node,
}

impl Pair {
    async fn new(synchronous: bool) -> Self {
        let servers = spawn_blocking(move || Servers::start(synchronous)).await.unwrap();
        let proxy = Proxy::start(servers.primary.port()).await;
        let through = proxy.port();
        let follow = spawn_blocking(move || {
            servers.follow_through(through);
            servers
        });
        let servers = follow.await.unwrap();
        let mut options = patient(&servers.url());
        options.statement_timeout = Duration::from_secs(1);
        let store = PostgresStore::open(options).await.unwrap();
        Self { servers, proxy, node: node(store, Hands::new(), policy()) }
    }

    /// From now on the standby hears nothing. It has all that was written before.
    async fn stall(self) -> Self {
        let Self { servers, proxy, node } = self;
        let caught_up = spawn_blocking(move || {
            servers.catch_up();
            servers
        });
        let servers = caught_up.await.unwrap();
        proxy.arm(Some(Fault { way: Way::ToStore, after: 0, half: false, harm: Harm::Stall }));
        Self { servers, proxy, node }
    }

    /// Kills the primary and promotes the standby as it is.
    async fn fail_over(self) -> (Alone, Node) {
        let Self { servers, proxy, node } = self;
        let alone = spawn_blocking(move || servers.fail_over(|| ())).await.unwrap();
        drop(proxy);
        (alone, node)
    }
}

/// What a client comes to that tries until it is answered.
async fn insist(node: &Node, token: &str) -> Reply<TokenReply> {
    loop {
        match node.token(refresh(token)).await {
            Ok(reply) => return reply,
            Err(_) => sleep(Duration::from_millis(20)).await,
        }
    }
}

/// What was answered and did not get to the standby is lost. The client holds a token that the new primary cannot tell
/// from a spent one, so its grant ends: it must log in again, and nobody has two successors.
#[test]
fn behind_an_asynchronous_standby_an_answer_can_be_lost_and_its_grant_ends() {
    runtime().block_on(async {
        let pair = Pair::new(false).await;
        let (mut ahead, mut still) = (Line::issue(&pair.node).await, Line::issue(&pair.node).await);
        ahead.refresh(&pair.node).await;
        still.refresh(&pair.node).await;
        let pair = pair.stall().await;
        ahead.refresh(&pair.node).await;
        ahead.refresh(&pair.node).await;
        let (_alone, node) = pair.fail_over().await;
        let reply = insist(&node, ahead.last()).await;
        assert_eq!(reply.refusal().unwrap().reason, Reason::Replay);
        assert!(load(&node, &ahead.id).await.is_ended());
        for token in ahead.tokens.iter().chain([&ahead.access]) {
            assert!(!active(&node, token).await, "a token of a grant that has ended");
        }
        // Whoever was not answered meanwhile has lost nothing.
        still.hold(&node).await;
    });
}

/// Nothing is answered that the standby does not have. So nothing is lost, but nothing is answered while it is away.
#[test]
fn behind_a_synchronous_standby_that_stands_still_nothing_is_answered_and_nothing_lost() {
    runtime().block_on(async {
        let pair = Pair::new(true).await;
        let mut line = Line::issue(&pair.node).await;
        line.refresh(&pair.node).await;
        let pair = pair.stall().await;
        assert!(pair.node.token(refresh(line.last())).await.is_err(), "answered without the standby");
        // Loads go on, and see nothing that the standby does not have.
        assert!(active(&pair.node, line.last()).await);
        let (_alone, node) = pair.fail_over().await;
        let reply = insist(&node, line.last()).await.success().unwrap();
        line.answered(&reply);
        line.hold(&node).await;
    });
}

/// An operator who cancels the wait for the standby has the server show a commit that it alone has. It is not answered, and
/// neither is anything that rests on it.
#[test]
fn a_commit_whose_wait_for_the_standby_is_cancelled_is_not_answered() {
    runtime().block_on(async {
        let pair = Pair::new(true).await;
        let mut line = Line::issue(&pair.node).await;
        line.refresh(&pair.node).await;
        let pair = pair.stall().await;
        let Pair { servers, proxy, node } = pair;
        let cancel = spawn_blocking(move || {
            let waiting = "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
            eventually("a commit waits", || servers.primary.sql("postgres", waiting).unwrap() != "0");
            servers
        });
        let presented = line.last().to_owned();
        let (reply, servers) = tokio::join!(node.token(refresh(&presented)), cancel);
        let answered = reply.is_ok_and(|reply| reply.success().is_some());
        let pair = Pair { servers: servers.unwrap(), proxy, node };
        let (_alone, node) = pair.fail_over().await;
        assert!(!answered, "answered, and lost");
        let reply = insist(&node, &presented).await.success().unwrap();
        line.answered(&reply);
        assert_eq!(texts(&reply).0, line.last());
        line.hold(&node).await;
    });
}
