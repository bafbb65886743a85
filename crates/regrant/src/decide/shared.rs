//! Leaves that several decisions share.

use alloc::sync::Arc;

use super::Reason;
use crate::answer::TokenReply;
use crate::client::{Client, Policy};
use crate::digest::Digest;
use crate::record::{AccessEntry, Few, Grant, RefreshFamily, Terms};
use crate::scope::{NarrowedScope, Scope};
use crate::time::Timestamp;
use crate::token::{AccessToken, RefreshToken};

/// The family of a genuine refresh token: the record has one, and the token carries its lineage
/// (N-095, N-097).
pub(super) fn genuine<'g>(grant: &'g Grant, token: &RefreshToken) -> Option<&'g RefreshFamily> {
    grant.refresh().filter(|family| family.lineage == token.lineage_digest())
}

/// The entry of an access token, expired or not.
pub(super) fn entry_of(grant: &Grant, digest: Digest) -> Option<&AccessEntry> {
    grant.access().iter().find(|entry| entry.digest == digest)
}

/// Whether a grant is alive in the eyes of its client: not ended, and not of an older epoch.
pub(super) fn not_revoked(grant: &Grant, owner: &Client) -> Result<(), Reason> {
    if grant.is_ended() {
        return Err(Reason::GrantEnded);
    }
    if grant.terms().client_epoch < owner.grant_epoch { Err(Reason::OldEpoch) } else { Ok(()) }
}

/// The scope of a new access token: what was asked of what was granted, or all of it where nothing was asked (N-087),
/// cut to what the client may still have.
pub(super) fn scope_within<'g>(
    granted: &'g Scope,
    allowed: &Scope,
    requested: Option<&str>,
) -> Result<NarrowedScope<'g>, Reason> {
    let available = granted.cut(allowed);
    // N-111: nothing is left of a scope that was not empty.
    if available.is_empty() && !granted.is_empty() {
        return Err(Reason::NoScopeLeft);
    }
    let requested = requested.map(Scope::parse).transpose().map_err(|_| Reason::MalformedScope)?;
    // N-086: never wider than what was granted.
    NarrowedScope::of(available, requested.as_ref()).ok_or(Reason::ScopeNotGranted)
}

/// The entry of a new access token. A narrower scope is its own, and touches nothing else of the grant (N-091).
pub(super) fn new_entry(
    terms: &Terms,
    policy: &Policy,
    token: &AccessToken,
    scope: &NarrowedScope<'_>,
    now: Timestamp,
) -> AccessEntry {
    let narrower = (*scope.scope() != terms.scope).then(|| scope.scope().clone());
    AccessEntry {
        digest: token.digest(),
        issued_at: now,
        expires_at: Grant::within_life(terms, now.after(policy.access_token_lifetime)),
        scope: narrower,
    }
}

/// How many of the tokens have not expired.
pub(super) fn live_among(list: &[AccessEntry], now: Timestamp) -> usize {
    list.iter().filter(|entry| now < entry.expires_at).count()
}

/// The list with one more token: without those that expired, and without the oldest where there is no room. `live` of
/// its tokens have not expired.
pub(super) fn with_entry(
    list: &[AccessEntry],
    live: usize,
    entry: AccessEntry,
    policy: &Policy,
    now: Timestamp,
) -> Few<AccessEntry> {
    let room = usize::from(policy.max_access_tokens.max(1)) - 1;
    let kept = list.iter().filter(|entry| now < entry.expires_at).skip(live.saturating_sub(room));
    kept.cloned().chain([entry]).collect()
}

/// The answer that hands out an access token of the record. On a clock behind the one that issued it, it speaks of no
/// more time than the token was given.
pub(super) fn token_reply(
    terms: &Arc<Terms>,
    access_token: AccessToken,
    refresh_token: Option<RefreshToken>,
    entry: &AccessEntry,
    now: Timestamp,
) -> TokenReply {
    TokenReply {
        access_token,
        refresh_token,
        expires_in: entry.expires_at.seconds_from(now.max(entry.issued_at)),
        issued_at: entry.issued_at,
        narrower: entry.scope.clone(),
        terms: Arc::clone(terms),
    }
}
