//! The record of a decision: what a host logs.

use serde::Serialize;

use super::Reason;
use crate::client::ClientId;
use crate::record::GrantId;

/// What was decided about one request, and why. It never holds a token or a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// What was asked.
    pub request: RequestKind,
    /// What came of it.
    pub outcome: Outcome,
    /// The client. It is absent where no registered client could be told: the text that was sent in its place may be
    /// anything, even a secret in the wrong field.
    pub client_id: Option<ClientId>,
    /// The grant that the request spoke of, where a well-formed token named one or a new one was made.
    pub grant_id: Option<GrantId>,
    /// How many times the decision was made: one, and one more for each conflict or unknown outcome.
    pub attempts: u32,
}

impl Decision {
    /// The event that a host should watch for, where the decision is one.
    pub const fn event(&self) -> Option<Event> {
        match self.outcome {
            Outcome::Retried => Some(Event::Retry),
            Outcome::GrantRevoked | Outcome::AccessTokenRevoked => Some(Event::Revocation),
            Outcome::Refused(Reason::Replay) => Some(Event::Replay),
            Outcome::Refused(reason) if reason.is_authentication_failure() => Some(Event::AuthenticationRefused),
            Outcome::Refused(Reason::Throttled) => Some(Event::AuthenticationRefused),
            _ => None,
        }
    }
}

/// What was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RequestKind {
    /// The token endpoint. RFC 6749 §3.2.
    Token,
    /// The revocation endpoint. RFC 7009.
    Revocation,
    /// The introspection endpoint. RFC 7662.
    Introspection,
    /// A protected resource. RFC 6750.
    Resource,
    /// A grant that the host started.
    Issue,
}

/// What came of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// A new grant.
    Issued,
    /// A new refresh token and a new access token.
    Rotated,
    /// A new access token; the refresh token stays.
    Refreshed,
    /// The answer of an earlier rotation again.
    Retried,
    /// The grant has ended.
    GrantRevoked,
    /// One access token has ended.
    AccessTokenRevoked,
    /// There was nothing to revoke.
    NothingToRevoke,
    /// Introspection of an active token.
    Active,
    /// Introspection of anything else.
    Inactive,
    /// A protected resource may be served.
    Admitted,
    /// The request is refused.
    Refused(Reason),
    /// The server failed; the client was told so, and to try again.
    Fault,
}

/// Something that a host watches for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A spent token gave the same answer again. A lost answer, or a thief inside the window.
    Retry,
    /// A spent token was presented outside the retry rule: somebody has a copy.
    Replay,
    /// A client ended a grant or a token.
    Revocation,
    /// A client failed to prove who it is.
    AuthenticationRefused,
}
