//! What a client's grants live by: lifetimes, rotation, retry, replay.

use core::time::Duration;

use serde::Serialize;
use thiserror::Error;

/// The rules of one client's grants. Every default is the safe one.
///
/// ```
/// use core::time::Duration;
///
/// let mut policy = regrant::Policy::default();
/// policy.access_token_lifetime = Duration::from_mins(15);
/// assert!(policy.validate().is_ok());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Policy {
    /// How long an access token lives. Default: one hour.
    pub access_token_lifetime: Duration,
    /// A refresh token that was not used for so long is expired; each refresh starts it anew (N-117). Default: 30 days.
    pub refresh_idle_lifetime: Duration,
    /// The absolute life of a grant from its first issue; `None` for no end. Default: 365 days.
    pub grant_lifetime: Option<Duration>,
    /// Whether a refresh gives a new refresh token. Default: always.
    pub rotation: Rotation,
    /// For how long after a rotation the old token still gives the same answer again, as long as the new one is unused
    /// (N-119). Zero is strict: every second presentation is a replay. It must exceed the clock skew between nodes, and
    /// a thief who is as quick shares the client's tokens for as long: at most [`Policy::MAX_RETRY_WINDOW`]. Default: ten
    /// seconds.
    pub retry_window: Duration,
    /// What a replay does. Default: it ends the grant.
    pub on_replay: OnReplay,
    /// What a refresh does to the access tokens issued before. Default: they live until they expire.
    pub previous_access_token: PreviousAccessToken,
    /// The most live access tokens of one grant, 1 to [`Policy::MAX_ACCESS_TOKENS`]; the oldest gives way. Default: 16.
    pub max_access_tokens: u16,
}

impl Policy {
    /// The upper end of [`Policy::max_access_tokens`]: it bounds the size of a record.
    pub const MAX_ACCESS_TOKENS: u16 = 1024;
    /// The longest retry window: one day.
    pub const MAX_RETRY_WINDOW: Duration = Duration::from_hours(24);
    /// The shortest lifetime: one second.
    pub const MIN_LIFETIME: Duration = Duration::from_secs(1);

    /// Checks the ranges.
    ///
    /// # Errors
    /// A lifetime below one second, or a retry window or a number of access tokens out of range.
    pub fn validate(&self) -> Result<(), InvalidPolicy> {
        let lifetimes = [
            Some((self.access_token_lifetime, "access_token_lifetime")),
            Some((self.refresh_idle_lifetime, "refresh_idle_lifetime")),
            self.grant_lifetime.map(|span| (span, "grant_lifetime")),
        ];
        if let Some((_, name)) = lifetimes.into_iter().flatten().find(|(span, _)| *span < Self::MIN_LIFETIME) {
            return Err(InvalidPolicy::TooShort { name });
        }
        if self.retry_window > Self::MAX_RETRY_WINDOW {
            return Err(InvalidPolicy::RetryWindow);
        }
        match self.max_access_tokens {
            1..=Self::MAX_ACCESS_TOKENS => Ok(()),
            _ => Err(InvalidPolicy::AccessTokens),
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        const DAY: Duration = Duration::from_hours(24);
        Self {
            access_token_lifetime: Duration::from_hours(1),
            refresh_idle_lifetime: DAY * 30,
            grant_lifetime: Some(DAY * 365),
            rotation: Rotation::Always,
            retry_window: Duration::from_secs(10),
            on_replay: OnReplay::Revoke,
            previous_access_token: PreviousAccessToken::Keep,
            max_access_tokens: 16,
        }
    }
}

/// Whether a refresh gives a new refresh token. RFC 9700 §4.14.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rotation {
    /// Every refresh gives a new one and spends the old one (N-089).
    Always,
    /// The same refresh token goes on working (FAPI 2.0, N-118). Confidential clients only.
    Never,
}

impl Rotation {
    /// The word for it, in configurations and at rest.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Never => "never",
        }
    }

    /// Reads a word; `None` for any other.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Always, Self::Never].into_iter().find(|known| known.as_str() == text)
    }
}

/// What a replay of a spent refresh token does, beside being refused. RFC 9700 §4.14.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OnReplay {
    /// The grant ends with everything that flows from it (N-114).
    Revoke,
    /// Nothing further. A thief who was first keeps the grant; for clients that cannot be made to stop replaying.
    Reject,
}

impl OnReplay {
    /// The word for it, in configurations and at rest.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Revoke => "revoke",
            Self::Reject => "reject",
        }
    }

    /// Reads a word; `None` for any other.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Revoke, Self::Reject].into_iter().find(|known| known.as_str() == text)
    }
}

/// What a refresh does to the access tokens that were issued before (N-090).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PreviousAccessToken {
    /// They live until they expire.
    Keep,
    /// They end with the refresh. A retry of the same refresh ends nothing.
    Revoke,
}

impl PreviousAccessToken {
    /// The word for it, in configurations and at rest.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Revoke => "revoke",
        }
    }

    /// Reads a word; `None` for any other.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Keep, Self::Revoke].into_iter().find(|known| known.as_str() == text)
    }
}

/// Why a policy cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidPolicy {
    /// A lifetime below one second.
    #[error("{name} is below one second")]
    TooShort {
        /// The field.
        name: &'static str,
    },
    /// `retry_window` out of range.
    #[error("retry_window is longer than one day")]
    RetryWindow,
    /// `max_access_tokens` out of range.
    #[error("max_access_tokens is not between 1 and 1024")]
    AccessTokens,
    /// A public client without rotation (RFC 9700 §4.14.2, N-112).
    #[error("a public client always rotates its refresh tokens: rotation cannot be never")]
    PublicWithoutRotation,
}
