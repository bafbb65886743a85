//! Replies: what the client gets.

use alloc::sync::Arc;
use core::time::Duration;

use super::{ErrorCode, Reason};
use crate::client::ClientId;
use crate::record::{Subject, Terms};
use crate::scope::Scope;
use crate::time::Timestamp;
use crate::token::{AccessToken, RefreshToken};

/// The answer to one request: what was asked for, or a refusal. Both are final and both are committed.
#[derive(Debug)]
pub enum Reply<T> {
    /// The request is answered.
    Success(T),
    /// The request is refused.
    Refused(Refusal),
}

impl<T> Reply<T> {
    /// The answer, if it is one.
    pub fn success(self) -> Option<T> {
        match self {
            Self::Success(answer) => Some(answer),
            Self::Refused(_) => None,
        }
    }

    /// The refusal, if it is one.
    pub const fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Success(_) => None,
            Self::Refused(refusal) => Some(refusal),
        }
    }
}

/// A refusal, as the client is told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The cause. For the host, not for the client.
    pub reason: Reason,
    /// The scheme that the request used: the one in which a 401 must challenge (N-035).
    pub scheme: Scheme,
    /// After how long the client may try again, where it was slowed down (N-039).
    pub retry_after: Option<Duration>,
}

impl Refusal {
    /// A refusal without more to say.
    pub const fn new(reason: Reason, scheme: Scheme) -> Self {
        Self { reason, scheme, retry_after: None }
    }

    /// The code for the wire.
    pub const fn code(&self) -> ErrorCode {
        self.reason.code()
    }

    /// The description for the wire.
    pub const fn description(&self) -> &'static str {
        self.reason.description()
    }
}

/// The scheme of an `Authorization` header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scheme {
    /// There was no header.
    #[default]
    None,
    /// `Basic`, RFC 7617.
    Basic,
    /// `Bearer`, RFC 6750.
    Bearer,
    /// Any other.
    Other,
}

/// A successful answer of the token endpoint. RFC 6749 §5.1.
#[derive(Debug)]
pub struct TokenReply {
    /// The access token; its type is `Bearer`.
    pub access_token: AccessToken,
    /// The refresh token, where the grant has one.
    pub refresh_token: Option<RefreshToken>,
    /// Seconds that the access token still lives, rounded down (N-132).
    pub expires_in: u64,
    /// When the access token was issued; a retry gives the same instant again.
    pub issued_at: Timestamp,
    /// The scope of the access token, where it is narrower than the grant's.
    pub narrower: Option<Scope>,
    /// What the grant was made with: subject, attributes, its whole scope.
    pub terms: Arc<Terms>,
}

impl TokenReply {
    /// The scope of the access token; it may be empty.
    pub fn scope(&self) -> &Scope {
        self.narrower.as_ref().unwrap_or(&self.terms.scope)
    }
}

/// The answer of introspection. RFC 7662 §2.2.
#[derive(Debug)]
pub enum Introspection {
    /// Inactive, unknown, or not for this caller: nothing more is said (N-214, N-215).
    Inactive,
    /// An active token.
    Active(IntrospectedToken),
}

/// What introspection says of an active token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntrospectedToken {
    /// Whether it is an access token. A refresh token has no `token_type` (N-223).
    pub is_access_token: bool,
    /// The client it was issued to.
    pub client_id: ClientId,
    /// The subject, where there is one.
    pub subject: Option<Subject>,
    /// The scope; it may be empty.
    pub scope: Scope,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// What a protected resource may know of the access token that opened it. RFC 6750.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceAccess {
    /// The subject, where there is one.
    pub subject: Option<Subject>,
    /// The client that holds the token.
    pub client_id: ClientId,
    /// The scope of the token.
    pub scope: Scope,
    /// When the token expires.
    pub expires_at: Timestamp,
}
