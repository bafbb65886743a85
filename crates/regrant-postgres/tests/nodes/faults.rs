//! Connections that are cut, stand still or are closed by half, after every single message of a refresh.
//!
//! Whatever happens to the connection: a request is answered or fails, and is never refused; an answer holds; and the
//! client that tries again has one successor, whether the first try was written or not. A commit that stood still
//! and arrives after all that changes nothing.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::{join, join_all};
use futures_util::stream::iter;
use regrant_postgres::PostgresStore;
use tokio::time::timeout;

use crate::common::{Hands, Node, node, open, patient, policy, refresh};
use crate::line::{Line, load, rotations, texts};
use crate::proxy::{Fault, HARMS, Harm, Passed, Proxy, WAYS, Way};
use crate::{report, runtime};

/// How many cases run at once. Each has a connection or two.
const AT_ONCE: usize = 24;

/// A database without faults, and what the cases have in common.
struct Place {
    database: String,
    hands: Hands,
    /// How many rows were locked by a connection that stood still.
    locked: AtomicUsize,
}

impl Place {
    fn new() -> Self {
        let database = throwaway_postgres::shared().database().unwrap();
        Self { database, hands: Hands::new(), locked: AtomicUsize::new(0) }
    }

    /// A node with a connection that nobody disturbs.
    async fn sound(&self) -> Node {
        let store = open(&throwaway_postgres::shared().url(&self.database)).await;
        node(store, self.hands.clone(), policy())
    }

    /// A node behind a proxy of its own, which gives up soon.
    async fn behind_a_proxy(&self) -> (Proxy, Node) {
        let proxy = Proxy::start(throwaway_postgres::shared().port()).await;
        let mut options = patient(&proxy.url(&self.database));
        options.statement_timeout = Duration::from_secs(1);
        options.connect_timeout = Duration::from_secs(1);
        let store = PostgresStore::open(options).await.unwrap();
        (proxy, node(store, self.hands.clone(), policy()))
    }
}

/// What the node has done before the fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    /// A refresh: the statements are prepared.
    Warm,
    /// It has lost its connection, and must make another one.
    Cold,
}

impl Before {
    async fn prepare(self, proxy: &Proxy, node: &Node, line: &mut Line) {
        line.refresh(node).await;
        if self == Self::Cold {
            proxy.cut();
            proxy.drained().await;
        }
    }
}

/// How many messages go each way in a refresh that nobody disturbs.
async fn count(place: &Place, before: Before) -> Passed {
    let (proxy, node) = place.behind_a_proxy().await;
    let mut line = Line::issue(&node).await;
    before.prepare(&proxy, &node, &mut line).await;
    proxy.arm(None);
    line.refresh(&node).await;
    proxy.passed()
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// The fault was not done.
    Untouched,
    Answered,
    /// It failed, and nothing was written.
    NotWritten,
    /// It failed, and it was written nevertheless.
    Written,
}

/// One refresh with one fault, and then its client's second try.
async fn one(place: &Place, before: Before, fault: Fault) -> Ended {
    let ((proxy, node), sound) = (place.behind_a_proxy().await, place.sound().await);
    let mut line = Line::issue(&sound).await;
    before.prepare(&proxy, &node, &mut line).await;
    let (presented, known) = (line.last().to_owned(), line.tokens.len());
    proxy.arm(Some(fault));
    let outcome = timeout(Duration::from_mins(1), node.token(refresh(&presented))).await;
    let outcome = outcome.unwrap_or_else(|_| panic!("{before:?} {fault:?}: no answer, and no error"));
    let written = rotations(&load(&sound, &line.id).await) == known;
    let ended = match outcome {
        Ok(reply) => {
            line.answered(&reply.success().unwrap_or_else(|| panic!("{before:?} {fault:?}: refused")));
            if proxy.fired() { Ended::Answered } else { Ended::Untouched }
        }
        Err(error) => {
            assert!(proxy.fired(), "{before:?} {fault:?}: {error:?}");
            if written { Ended::Written } else { Ended::NotWritten }
        }
    };
    proxy.heal();
    // The client tries again, here and elsewhere, and is told the same.
    let elsewhere = match sound.token(refresh(&presented)).await {
        Ok(reply) => reply.success().unwrap(),
        Err(error) => {
            // The server has done the write, and waits for the end of it from a node that it takes to be there still. It keeps
            // the row to itself until it learns better, by the keepalives of its socket; here, by the cut.
            assert!(fault.harm == Harm::Stall && fault.way == Way::ToServer, "{before:?} {fault:?}: {error:?}");
            place.locked.fetch_add(1, Ordering::SeqCst);
            proxy.cut();
            proxy.drained().await;
            sound.token(refresh(&presented)).await.unwrap().success().unwrap()
        }
    };
    let here = node.token(refresh(&presented)).await.unwrap().success().unwrap();
    assert_eq!(texts(&here), texts(&elsewhere), "{before:?} {fault:?}");
    if line.tokens.len() == known {
        line.answered(&here);
    }
    assert_eq!(texts(&here).0, line.last(), "{before:?} {fault:?}: another successor");
    // What stood still arrives late, and the server has done with it, before the end is looked at.
    drop(node);
    proxy.release();
    proxy.drained().await;
    line.hold(&sound).await;
    ended
}

/// Every fault at every point, each with a grant and a node of its own.
fn everywhere(name: &str, before: Before, halves: &'static [bool]) {
    runtime().block_on(async {
        let place = Place::new();
        let passed = count(&place, before).await;
        let faults = WAYS.into_iter().flat_map(|way| {
            let messages = 0..=passed.that_way(way);
            messages.flat_map(move |after| halves.iter().flat_map(move |half| HARMS.map(|harm| Fault { way, after, half: *half, harm })))
        });
        let cases = iter(faults.map(|fault| {
            let place = &place;
            async move { (fault, one(place, before, fault).await) }
        }));
        let ended: Vec<(Fault, Ended)> = cases.buffer_unordered(AT_ONCE).collect().await;
        for (fault, ended) in &ended {
            // The last point of each way is behind the refresh: the fault waits there in vain.
            let behind = fault.after == passed.that_way(fault.way);
            assert_eq!(*ended == Ended::Untouched, behind, "{fault:?} of {passed:?}");
        }
        let count = |wanted| ended.iter().filter(|(_, ended)| *ended == wanted).count();
        report(&format!(
            "{name}: {passed:?}, {} faults: {} answered, {} failed unwritten, {} failed written, {} untouched; {} rows locked",
            ended.len(), count(Ended::Answered), count(Ended::NotWritten), count(Ended::Written), count(Ended::Untouched), place.locked.load(Ordering::SeqCst),
        ));
        assert!(count(Ended::Answered) > 0 && count(Ended::NotWritten) > 0 && count(Ended::Written) > 0);
    });
}

#[test]
fn a_fault_after_any_message_of_a_refresh_forks_nothing_and_loses_nothing() {
    everywhere("faults of a warm connection", Before::Warm, &[false, true]);
}

#[test]
fn a_fault_after_any_message_of_a_new_connection_forks_nothing_and_loses_nothing() {
    everywhere("faults of a new connection", Before::Cold, &[false]);
}

/// The most messages of a refresh that a warm connection sends before the one that ends the transaction of its commit.
const BEFORE_THE_END: usize = 5;

/// A node that falls silent in the middle of a commit holds up its own grant, and no other, however many wait together.
#[test]
fn a_row_that_a_silent_node_has_locked_holds_up_no_other() {
    runtime().block_on(async {
        let place = Place::new();
        let ((proxy, silent), sound) = (place.behind_a_proxy().await, place.sound().await);
        let mut locked = Line::issue(&sound).await;
        locked.refresh(&silent).await;
        let fault = Fault { way: Way::ToServer, after: BEFORE_THE_END, half: false, harm: Harm::Stall };
        proxy.arm(Some(fault));
        assert!(silent.token(refresh(locked.last())).await.is_err());
        let mut lines = join_all((0..16).map(|_| Line::issue(&sound))).await;
        for _ in 0..3 {
            let others = join_all(lines.iter_mut().map(|line| line.refresh(&sound)));
            let (blocked, _) = join(sound.token(refresh(locked.last())), others).await;
            assert!(blocked.is_err(), "the row is not locked: is this the place to stand still at?");
        }
        proxy.cut();
        proxy.drained().await;
        locked.hold(&sound).await;
    });
}
