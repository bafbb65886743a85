//! The smallest cache that keeps the rules of a [`RevocationSink`]: of answers to introspection, by token.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use regrant::{ClientId, Revocation, RevocationSink, Timestamp};

use crate::common::Node;
use crate::line::active;

/// For how long silence is trusted.
const SILENCE: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
struct State {
    heard: Option<Instant>,
    /// Counts all news: an answer that was asked for before it is not kept after it.
    news: u64,
    answers: HashMap<String, bool>,
}

/// What was answered, for as long as every end is heard of.
#[derive(Debug, Default)]
pub(crate) struct Cache(Mutex<State>);

impl Cache {
    /// Whether a token is active: by the cache where it may be used, or by the node.
    pub(crate) async fn active(&self, node: &Node, token: &str) -> bool {
        let news = {
            let state = self.0.lock().unwrap();
            let known = state.heard.filter(|heard| heard.elapsed() < SILENCE).and_then(|_| state.answers.get(token));
            if let Some(known) = known {
                return *known;
            }
            state.news
        };
        let answer = active(node, token).await;
        let mut state = self.0.lock().unwrap();
        if state.heard.is_some() && state.news == news {
            state.answers.insert(token.to_owned(), answer);
        }
        answer
    }

    /// Whether it holds an answer that it may give.
    pub(crate) fn has(&self, token: &str) -> bool {
        let state = self.0.lock().unwrap();
        state.heard.is_some_and(|heard| heard.elapsed() < SILENCE) && state.answers.contains_key(token)
    }

    fn forget(&self, heard: Option<Instant>) {
        let mut state = self.0.lock().unwrap();
        *state = State { heard, news: state.news + 1, answers: HashMap::new() };
    }
}

impl RevocationSink for Cache {
    fn connected(&self, _: Timestamp) {
        self.forget(Some(Instant::now()));
    }

    fn current(&self, _: Timestamp) {
        let mut state = self.0.lock().unwrap();
        state.heard = state.heard.map(|_| Instant::now());
    }

    fn disconnected(&self) {
        self.forget(None);
    }

    fn revoked(&self, _: Revocation) {
        let heard = self.0.lock().unwrap().heard;
        self.forget(heard);
    }

    fn client_changed(&self, _: &ClientId) {
        let heard = self.0.lock().unwrap().heard;
        self.forget(heard);
    }
}
