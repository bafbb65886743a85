//! The actors: those who hold a grant, and what each of them knows.

use core::time::Duration;

use super::population::PROFILES;

/// A request that its holder waits for.
#[derive(Clone, Debug)]
pub(super) struct Outstanding {
    pub(super) number: u64,
    pub(super) token: String,
    pub(super) scope: Option<&'static str>,
    pub(super) first_sent: u64,
}

/// One holder of at most one grant at a time: an innocent client that keeps to the rules.
#[derive(Clone, Debug)]
pub(super) struct Holder {
    /// The place of its client.
    pub(super) client: usize,
    /// The refresh token it will use next.
    pub(super) token: Option<String>,
    /// Every refresh token it was ever given, oldest first: what a thief may have copied.
    pub(super) refresh_tokens: Vec<String>,
    /// The same of access tokens.
    pub(super) access_tokens: Vec<String>,
    pub(super) outstanding: Option<Outstanding>,
    /// It gave up on a request, so that its token may be spent without its knowledge.
    pub(super) uncertain: bool,
}

/// How many copied tokens are kept of each holder.
const KEPT: usize = 12;

impl Holder {
    pub(super) fn new(slot: usize) -> Self {
        Self {
            client: slot % (PROFILES.len() - 1),
            token: None,
            refresh_tokens: Vec::new(),
            access_tokens: Vec::new(),
            outstanding: None,
            uncertain: false,
        }
    }

    /// Starts over, without a grant.
    pub(super) fn forget(&mut self) {
        *self = Self { client: self.client, ..Self::new(self.client) };
    }

    /// Takes the tokens of an answer.
    pub(super) fn given(&mut self, access: &str, refresh: Option<&str>) {
        self.copy(access, refresh);
        self.outstanding = None;
        self.uncertain = false;
        if let Some(refresh) = refresh {
            self.token = Some(refresh.to_owned());
        }
    }

    /// Somebody has seen the tokens of an answer.
    pub(super) fn copy(&mut self, access: &str, refresh: Option<&str>) {
        remember(&mut self.access_tokens, access);
        if let Some(refresh) = refresh {
            remember(&mut self.refresh_tokens, refresh);
        }
    }

    /// Whether a repeated request would still be inside the retry rule, whichever node answers it within `slack`.
    pub(super) fn may_repeat(&self, now: u64, window: Duration, slack: Duration) -> bool {
        self.outstanding.as_ref().is_some_and(|request| {
            let age = Duration::from_millis(now.saturating_sub(request.first_sent));
            age + slack < window
        })
    }
}

fn remember(list: &mut Vec<String>, token: &str) {
    if list.last().is_some_and(|last| last == token) {
        return;
    }
    // The first token stays, so that a replay of the very first one is tried as well.
    if list.len() >= KEPT {
        list.remove(1);
    }
    list.push(token.to_owned());
}
