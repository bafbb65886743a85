//! Two nodes whose clocks differ by thirty seconds, with a window of sixty.

use std::time::Duration;

use regrant::{Clock as _, Grant, Policy, Reason, Timestamp};

use crate::common::{Hands, Node, node, open, policy, refresh};
use crate::line::{Line, active, load, rotations, texts};
use crate::runtime;

const SKEW: Duration = Duration::from_secs(30);
const WINDOW: Duration = Duration::from_mins(1);
const SECOND: Duration = Duration::from_secs(1);

/// A node that is right, one that is ahead of it, and the clock of both.
struct Pair {
    right: Node,
    ahead: Node,
    hands: Hands,
    policy: Policy,
}

impl Pair {
    async fn new() -> Self {
        let (url, hands) = (throwaway_postgres::fresh_database(), Hands::new());
        let mut policy = policy();
        policy.retry_window = WINDOW;
        policy.access_token_lifetime = Duration::from_mins(10);
        policy.refresh_idle_lifetime = Duration::from_hours(1);
        policy.grant_lifetime = Some(Duration::from_hours(10));
        let (right, fast) = (hands.clone(), hands.clone());
        let ahead = move || fast.now().after(SKEW);
        Self {
            right: node(open(&url).await, right, policy),
            ahead: node(open(&url).await, ahead, policy),
            hands,
            policy,
        }
    }

    const fn both(&self) -> [&Node; 2] {
        [&self.right, &self.ahead]
    }

    /// No end in the record is later than the policy says, by the clock that is right, and the skew.
    fn keeps_the_policy(&self, grant: &Grant, written: Timestamp) {
        let latest = |span: Duration| written.after(span).after(SKEW);
        for entry in grant.access() {
            assert!(entry.expires_at <= latest(self.policy.access_token_lifetime));
        }
        assert!(grant.refresh().unwrap().expires_at <= latest(self.policy.refresh_idle_lifetime));
    }
}

/// Every way in which two nodes can share a refresh and its retry: who rotates, who is asked again, and how much later.
#[test]
fn a_retry_on_a_node_whose_clock_differs_is_no_replay() {
    runtime().block_on(async {
        let pair = Pair::new().await;
        // As long as the clocks that are compared stay less than the window apart: 30 seconds of skew, and 29 of waiting.
        for waited in [0, 1, 15, 29] {
            for (first, second) in [(0, 1), (1, 0), (0, 0), (1, 1)] {
                let mut line = Line::issue(pair.both()[first]).await;
                let presented = line.last().to_owned();
                line.refresh(pair.both()[first]).await;
                pair.hands.move_by(SECOND * waited);
                let again = pair.both()[second].token(refresh(&presented)).await.unwrap();
                let again = again.success().unwrap_or_else(|| panic!("{first} {second} after {waited} s"));
                assert_eq!(texts(&again).0, line.last(), "{first} {second} after {waited} s");
                assert!(
                    again.expires_in <= pair.policy.access_token_lifetime.as_secs(),
                    "told of more than the policy gives"
                );
                line.hold(pair.both()[second]).await;
            }
        }
    });
}

/// The client goes from node to node, and each of its requests is repeated on the other one.
#[test]
fn no_lifetime_is_longer_than_the_policy_says_and_the_skew() {
    runtime().block_on(async {
        let pair = Pair::new().await;
        let mut line = Line::issue(&pair.ahead).await;
        for turn in 0..40 {
            let (one, other) = (pair.both()[turn % 2], pair.both()[(turn + 1) % 2]);
            let (presented, written) = (line.last().to_owned(), pair.hands.now());
            line.refresh(one).await;
            pair.keeps_the_policy(&load(one, &line.id).await, written);
            let again = other.token(refresh(&presented)).await.unwrap().success().unwrap();
            assert_eq!(texts(&again).0, line.last());
            pair.keeps_the_policy(&load(one, &line.id).await, written);
            pair.hands.move_by(SECOND * 20);
        }
        assert_eq!(rotations(&load(&pair.right, &line.id).await), 40);
        // An access token that the fast node gave lives on the slow one for the skew longer, and no longer.
        line.refresh(&pair.ahead).await;
        pair.hands.move_by(pair.policy.access_token_lifetime + SKEW.saturating_sub(SECOND));
        assert!(active(&pair.right, &line.access).await && !active(&pair.ahead, &line.access).await);
        pair.hands.move_by(SECOND);
        assert!(!active(&pair.right, &line.access).await);
    });
}

/// What the documents warn of: where the skew is as long as the window, a late retry is taken for a replay.
#[test]
fn a_window_that_is_not_longer_than_the_skew_punishes_an_innocent() {
    runtime().block_on(async {
        let pair = Pair::new().await;
        let mut line = Line::issue(&pair.right).await;
        let presented = line.last().to_owned();
        line.refresh(&pair.right).await;
        pair.hands.move_by(WINDOW.saturating_sub(SKEW));
        let reply = pair.ahead.token(refresh(&presented)).await.unwrap();
        assert_eq!(reply.refusal().unwrap().reason, Reason::Replay);
        assert!(load(&pair.right, &line.id).await.is_ended());
    });
}
