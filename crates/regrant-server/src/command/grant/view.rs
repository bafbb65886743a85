//! A grant as an operator sees it: everything but secrets and digests.

use regrant::{
    AccessEntry, Attributes, ClientId, EndReason, Grant, GrantId, GrantState, Revision, Scope, Subject, Timestamp,
};
use serde::Serialize;

/// One grant. Instants are whole seconds since 1970.
#[derive(Debug, Serialize)]
pub(super) struct GrantView<'a> {
    id: GrantId,
    client_id: &'a ClientId,
    subject: Option<&'a Subject>,
    scope: &'a Scope,
    /// `active`, `expired` or `ended`
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_reason: Option<EndReason>,
    created_at: u64,
    expires_at: Option<u64>,
    client_epoch: u64,
    attributes: &'a Attributes,
    revision: Revision,
    refresh: Option<RefreshView>,
    access: Vec<AccessView<'a>>,
}

/// The line of refresh tokens.
#[derive(Debug, Serialize)]
struct RefreshView {
    issued_at: u64,
    expires_at: u64,
    generation: u64,
}

/// One access token that is still live.
#[derive(Debug, Serialize)]
struct AccessView<'a> {
    issued_at: u64,
    expires_at: u64,
    scope: &'a Scope,
}

impl<'a> GrantView<'a> {
    pub(super) fn new(grant: &'a Grant, now: Timestamp) -> Self {
        let terms = grant.terms();
        let (ended_at, end_reason) = match grant.state() {
            GrantState::Ended { at, reason } => (Some(at.unix_seconds()), Some(reason)),
            GrantState::Active => (None, None),
        };
        let live = grant.access().iter().filter(|entry| !grant.is_ended() && now < entry.expires_at);
        Self {
            id: grant.id(),
            client_id: &terms.client_id,
            subject: terms.subject.as_ref(),
            scope: &terms.scope,
            state: state(grant, now),
            ended_at,
            end_reason,
            created_at: terms.created_at.unix_seconds(),
            expires_at: terms.expires_at.map(Timestamp::unix_seconds),
            client_epoch: terms.client_epoch,
            attributes: &terms.attributes,
            revision: grant.revision(),
            refresh: grant.refresh().map(|family| RefreshView {
                issued_at: family.issued_at.unix_seconds(),
                expires_at: family.expires_at.unix_seconds(),
                generation: family.generation,
            }),
            access: live.map(|entry| access(entry, &terms.scope)).collect(),
        }
    }

    /// One line for a person.
    pub(super) fn line(&self) -> String {
        let subject = self.subject.map_or("-", Subject::as_str);
        let scope = if self.scope.is_empty() { "-" } else { self.scope.as_str() };
        format!("{} {} client={} subject={subject} scope={scope:?}", self.id, self.state, self.client_id)
    }
}

fn access<'a>(entry: &'a AccessEntry, whole: &'a Scope) -> AccessView<'a> {
    AccessView {
        issued_at: entry.issued_at.unix_seconds(),
        expires_at: entry.expires_at.unix_seconds(),
        scope: entry.scope.as_ref().unwrap_or(whole),
    }
}

/// Whether anything of the grant can still be used, as far as the record tells: a client that is disabled or whose
/// epoch rose is not looked at.
fn state(grant: &Grant, now: Timestamp) -> &'static str {
    if grant.is_ended() {
        "ended"
    } else if grant.dead_from() <= now {
        "expired"
    } else {
        "active"
    }
}
