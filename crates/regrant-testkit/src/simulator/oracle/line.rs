//! What the oracle remembers of one grant: the line of its refresh tokens, and every access token it ever had.

use core::time::Duration;
use std::collections::BTreeMap;

use regrant::{Grant, RefreshFamily, Revision, Timestamp};

use super::super::trail::{Key, Trail};

/// A refresh token of the line.
#[derive(Clone, Copy, Debug)]
struct Link {
    key: Key,
    /// The true time of the decision that spent it.
    spent_at: Option<u64>,
}

/// An access token that was committed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fact {
    pub(super) expires_at: Timestamp,
    /// The revision of the record that does not have it any more.
    pub(super) removed_at: Option<Revision>,
    /// Whether anybody was ever given it.
    pub(super) answered: bool,
}

/// One grant.
#[derive(Debug)]
pub(super) struct Line {
    /// The place of the client that owns it.
    pub(super) owner: usize,
    chain: Vec<Link>,
    pub(super) access: BTreeMap<Key, Fact>,
    /// The true time at which its end was written.
    pub(super) ended_at: Option<u64>,
    pub(super) purged: bool,
    /// The successor that was answered for each presented refresh token.
    pub(super) successors: BTreeMap<Key, Key>,
}

/// What a presented refresh token is, by the line and not by the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Current,
    /// Spent by the latest rotation and surely inside the window, or spent by this very exchange.
    Retry,
    /// Surely inside the window, but the successor was used.
    InUse,
    /// So near to the window's end that the clocks of the nodes decide.
    Edge,
    /// Surely outside the retry rule.
    Outside,
    /// Issued after what was loaded: the load is older than it may be.
    Ahead,
    /// Never seen.
    Unknown,
}

impl Line {
    pub(super) fn new(owner: usize, grant: &Grant) -> Self {
        let chain = grant.refresh().map(|family| Link { key: *family.current.as_bytes(), spent_at: None });
        let mut line = Self {
            owner,
            chain: chain.into_iter().collect(),
            access: BTreeMap::new(),
            ended_at: None,
            purged: false,
            successors: BTreeMap::new(),
        };
        line.learn_access(grant);
        line
    }

    /// Takes note of the access tokens of a record. Answers whether all of them may be there: what was answered and is
    /// gone never comes back. What nobody was given may, when its exchange finds it gone and issues it again.
    pub(super) fn learn_access(&mut self, grant: &Grant) -> bool {
        let mut kept = true;
        for entry in grant.access() {
            let new = Fact { expires_at: entry.expires_at, removed_at: None, answered: false };
            let fact = self.access.entry(*entry.digest.as_bytes()).or_insert(new);
            if fact.removed_at.is_some() {
                kept &= !fact.answered;
                *fact = new;
            }
        }
        kept
    }

    /// The latest token is spent by a decision of that time, and this one is next.
    pub(super) fn rotate(&mut self, key: Key, spent_at: u64) {
        if let Some(last) = self.chain.last_mut() {
            last.spent_at = Some(spent_at);
        }
        self.chain.push(Link { key, spent_at: None });
    }

    fn place(&self, key: &Key) -> Option<usize> {
        self.chain.iter().rposition(|link| link.key == *key)
    }

    pub(super) fn knows(&self, key: &Key) -> bool {
        self.place(key).is_some()
    }

    /// What the token of an exchange is to the record that it was shown.
    pub(super) fn standing(&self, trail: &Trail, window: Duration, spread: Duration) -> Standing {
        let Some((shown, presented)) = trail.shown.as_ref().zip(trail.presented) else {
            return Standing::Unknown;
        };
        let current = shown.grant.as_ref().and_then(Grant::refresh).map(|family| *family.current.as_bytes());
        let Some(current) = current else { return Standing::Unknown };
        let Some((at, end)) = self.place(&presented.key).zip(self.place(&current)) else {
            return Standing::Unknown;
        };
        let Some(depth) = end.checked_sub(at) else { return Standing::Ahead };
        if depth == 0 {
            return Standing::Current;
        }
        if depth == 1 && trail.installed.contains(&current) {
            return Standing::Retry;
        }
        let spent_at = self.chain.get(at).and_then(|link| link.spent_at).unwrap_or_default();
        let age = Duration::from_millis(shown.decided_at.saturating_sub(spent_at));
        aged(age, depth, window, spread)
    }
}

/// A spent token, by its age and by how many rotations came after it was current.
fn aged(age: Duration, depth: usize, window: Duration, spread: Duration) -> Standing {
    if window.is_zero() || age >= window + spread {
        return Standing::Outside;
    }
    // Near the window's end a node may have dropped a later token already, and so remember this one for longer.
    if age + spread >= window {
        return Standing::Edge;
    }
    match depth {
        1 => Standing::Retry,
        2..=RefreshFamily::MAX_SPENT => Standing::InUse,
        _ => Standing::Outside,
    }
}
