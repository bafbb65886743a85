//! A naive model of grants: it keeps every token it ever saw in plain lists, and answers by looking them up.
//!
//! Nothing here is shared with the engine: no digest, no derivation, no record. What the engine answers must be what
//! this book-keeping says.

use std::collections::BTreeSet;

use crate::world::WINDOW;

/// One hour, one day and thirty days and a year in milliseconds: the default policy.
const ACCESS_LIFE: u64 = 3_600_000;
const IDLE: u64 = 30 * 24 * 3_600_000;
const LIFE: u64 = 365 * 24 * 3_600_000;
const MAX_ACCESS: usize = 16;
const REMEMBERED: usize = 4;

/// One grant.
pub struct Grant {
    pub client: usize,
    pub scope: BTreeSet<String>,
    /// Every refresh token, oldest first; the last is current.
    pub line: Vec<Refresh>,
    /// Every access token that was ever handed out.
    pub access: Vec<Access>,
    expires: u64,
    ended: bool,
}

pub struct Refresh {
    pub text: String,
    expires: u64,
    spent_at: Option<u64>,
}

pub struct Access {
    pub text: String,
    scope: BTreeSet<String>,
    expires: u64,
    gone: bool,
    /// The rotation that it came with; `None` for the first and for fresh ones.
    rotation: Option<usize>,
}

/// What a refresh must answer.
#[derive(Debug, PartialEq)]
pub enum Expected {
    /// A new refresh token and a new access token.
    Rotation(BTreeSet<String>),
    /// This refresh token; this access token, or one that was never seen where it is `None`.
    Retry { refresh: String, access: Option<String>, scope: BTreeSet<String> },
    /// `invalid_grant`
    InvalidGrant,
    /// `invalid_grant`, and the grant ends.
    Replay,
    /// `invalid_scope`
    InvalidScope,
}

impl Grant {
    pub fn new(client: usize, scope: BTreeSet<String>, refresh: String, access: String, now: u64) -> Self {
        let first =
            Access { text: access, scope: scope.clone(), expires: now + ACCESS_LIFE, gone: false, rotation: None };
        let line = vec![Refresh { text: refresh, expires: now + IDLE, spent_at: None }];
        Self { client, scope, line, access: vec![first], expires: now + LIFE, ended: false }
    }

    /// What presenting the token at `at` of the line must answer.
    pub fn refresh(&self, at: usize, client: usize, scope: Option<&BTreeSet<String>>, now: u64) -> Expected {
        if client != self.client || self.ended {
            return Expected::InvalidGrant;
        }
        let current = self.line.len() - 1;
        if let Some(spent) = self.line[at].spent_at {
            let recent = now.abs_diff(spent) < u64::try_from(WINDOW.as_millis()).expect("short");
            if !recent || current - at > REMEMBERED {
                return Expected::Replay;
            }
            if at + 1 != current {
                return Expected::InvalidGrant;
            }
        }
        if now >= self.expires || now >= self.line[current].expires {
            return Expected::InvalidGrant;
        }
        let wanted = scope.unwrap_or(&self.scope);
        if !wanted.is_subset(&self.scope) {
            return Expected::InvalidScope;
        }
        if at == current {
            return Expected::Rotation(wanted.clone());
        }
        let access = self.derived(current, wanted, now);
        Expected::Retry { refresh: self.line[current].text.clone(), access, scope: wanted.clone() }
    }

    /// The access token that the rotation to `current` gave out for this scope, if it is alive.
    fn derived(&self, current: usize, scope: &BTreeSet<String>, now: u64) -> Option<String> {
        let mut given = self.access.iter().filter(|access| access.rotation == Some(current) && access.scope == *scope);
        given.find(|access| !access.gone && now < access.expires).map(|access| access.text.clone())
    }

    /// Books a rotation.
    pub fn rotated(&mut self, refresh: String, access: String, scope: BTreeSet<String>, now: u64) {
        if let Some(last) = self.line.last_mut() {
            last.spent_at = Some(now);
        }
        let expires = (now + IDLE).min(self.expires);
        self.line.push(Refresh { text: refresh, expires, spent_at: None });
        let rotation = Some(self.line.len() - 1);
        self.given(access, scope, rotation, now);
    }

    /// Books an access token that a retry gave out anew. The first of a scope is the derived one, and so comes again,
    /// unless some token has left the record since the rotation: then it is a fresh one each time.
    pub fn given_by_retry(&mut self, access: String, scope: BTreeSet<String>, now: u64, derived: bool) {
        let rotation = derived.then(|| self.line.len() - 1);
        self.given(access, scope, rotation, now);
    }

    fn given(&mut self, text: String, scope: BTreeSet<String>, rotation: Option<usize>, now: u64) {
        let expires = (now + ACCESS_LIFE).min(self.expires);
        self.access.push(Access { text, scope, expires, gone: false, rotation });
        let live = self.access.iter().filter(|access| !access.gone && now < access.expires).count();
        let surplus = live.saturating_sub(MAX_ACCESS);
        let oldest = self.access.iter_mut().filter(|access| !access.gone && now < access.expires);
        oldest.take(surplus).for_each(|access| access.gone = true);
    }

    pub fn revoke_access(&mut self, at: usize) {
        self.access[at].gone = true;
    }

    pub fn end(&mut self) {
        self.ended = true;
    }

    pub fn is_ended(&self) -> bool {
        self.ended
    }

    /// Whether an access token is alive.
    pub fn access_lives(&self, at: usize, now: u64) -> bool {
        !self.ended && !self.access[at].gone && now < self.access[at].expires
    }

    /// Whether a refresh token is the current one and alive.
    pub fn refresh_lives(&self, at: usize, now: u64) -> bool {
        !self.ended && at + 1 == self.line.len() && now < self.line[at].expires
    }
}
