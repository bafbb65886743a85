//! Why a request was refused: one variant per cause, for logs and metrics, and the order in which causes are looked for.

use serde::Serialize;

use super::ErrorCode;

/// The cause of a refusal. It is for the host; the client sees [`Reason::code`] and [`Reason::description`], which tell
/// causes apart only where that helps an honest client and nobody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// The body is longer than the limit (N-020).
    BodyTooLarge,
    /// The body has another media type than the endpoint reads (N-005).
    UnsupportedMediaType,
    /// The body is not what its media type says: a broken escape, no UTF-8, no JSON object (N-011).
    MalformedBody,
    /// More parameters than the limit (N-020).
    TooManyParameters,
    /// A header that the dialect requires is missing, repeated or out of range.
    InvalidHeader,
    /// A defined parameter occurs more than once (N-008).
    RepeatedParameter,
    /// More than one way to authenticate in one request (N-023).
    MultipleMechanisms,
    /// The body names another client than the `Authorization` header (N-045).
    ClientIdMismatch,
    /// `grant_type` is missing (N-060).
    MissingGrantType,
    /// The request names no client (N-037).
    NoCredentials,
    /// The credentials cannot be decoded, or the identifier is none (N-015, N-029).
    MalformedCredentials,
    /// A scheme that authenticates no client here (N-037).
    UnsupportedAuthentication,
    /// No client of that name (N-037).
    UnknownClient,
    /// A confidential client sent no secret (N-021).
    MissingSecret,
    /// No live secret of the client is the one presented (N-040).
    WrongSecret,
    /// A client without a secret sent one (N-041).
    SecretFromPublicClient,
    /// The client is registered for another method (N-037).
    MethodNotRegistered,
    /// The client is switched off.
    ClientDisabled,
    /// The host slows failed authentication down (N-039).
    Throttled,
    /// A public client asked for what only a confidential one may have (N-063, N-211).
    PublicClient,
    /// The server does not offer this grant type (N-061).
    UnsupportedGrantType,
    /// The client may not use this grant type (N-054).
    GrantTypeNotAllowed,
    /// `refresh_token` is missing (N-080).
    MissingRefreshToken,
    /// `token` is missing (N-192, N-212).
    MissingToken,
    /// The token has no form that this engine issues (N-084).
    MalformedToken,
    /// An access token in the place of a refresh token.
    NotARefreshToken,
    /// No record of that id.
    UnknownGrant,
    /// The record is there, but the token never belonged to it (N-095).
    ForgedToken,
    /// The grant belongs to another client (N-082).
    ForeignGrant,
    /// The grant has ended: revoked, replayed, ended by the host (N-085).
    GrantEnded,
    /// The client's epoch rose after the grant was made.
    OldEpoch,
    /// Replay: the token was spent outside the retry rule (N-114).
    Replay,
    /// The token was spent inside the window, but its successor is already in use.
    SuccessorInUse,
    /// The token was spent, and this exchange cannot tell whether by itself: never a replay.
    CommitInDoubt,
    /// The refresh token was not used for too long (N-117).
    RefreshTokenExpired,
    /// The grant is past its absolute life (N-117).
    GrantExpired,
    /// The scope is not in the grammar (N-014).
    MalformedScope,
    /// The scope goes beyond what was granted (N-086).
    ScopeNotGranted,
    /// Nothing of the granted scope is left to the client (N-111).
    NoScopeLeft,
    /// A protected resource was called without a token (N-181).
    NoAccessToken,
    /// A protected resource was called with more than one token, or with one in the wrong place (N-184).
    MultipleAccessTokens,
    /// The access token at a protected resource is unknown, expired or revoked (N-182).
    InactiveAccessToken,
}

/// The checks of a refresh, in the order in which they are made. It decides which error wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// 1: method, size, content type, encoding.
    Envelope,
    /// 2: repeated parameters.
    Repetition,
    /// 3: more than one authentication mechanism.
    OneMechanism,
    /// 4: `grant_type` present.
    GrantTypePresent,
    /// 5: client known and authenticated.
    Authentication,
    /// 6: grant type supported.
    GrantTypeSupported,
    /// 7: grant type allowed for this client.
    GrantTypeAllowed,
    /// 8: token present and well-formed.
    TokenWellFormed,
    /// 9: grant found and lineage genuine.
    GrantFound,
    /// 10: the grant belongs to this client.
    Owner,
    /// 11: not revoked.
    NotRevoked,
    /// 12: secret current, a retry, or a replay.
    Freshness,
    /// 13: not expired.
    NotExpired,
    /// 14: scope within the grant.
    ScopeWithin,
}

impl Reason {
    /// The code that the client sees.
    pub const fn code(self) -> ErrorCode {
        match self {
            Self::BodyTooLarge
            | Self::UnsupportedMediaType
            | Self::MalformedBody
            | Self::TooManyParameters
            | Self::InvalidHeader
            | Self::RepeatedParameter
            | Self::MultipleMechanisms
            | Self::ClientIdMismatch
            | Self::MissingGrantType
            | Self::MissingRefreshToken
            | Self::MissingToken
            | Self::MultipleAccessTokens => ErrorCode::InvalidRequest,
            Self::NoCredentials
            | Self::MalformedCredentials
            | Self::UnsupportedAuthentication
            | Self::UnknownClient
            | Self::MissingSecret
            | Self::WrongSecret
            | Self::SecretFromPublicClient
            | Self::MethodNotRegistered
            | Self::ClientDisabled
            | Self::PublicClient => ErrorCode::InvalidClient,
            Self::UnsupportedGrantType => ErrorCode::UnsupportedGrantType,
            Self::GrantTypeNotAllowed => ErrorCode::UnauthorizedClient,
            Self::MalformedToken
            | Self::NotARefreshToken
            | Self::UnknownGrant
            | Self::ForgedToken
            | Self::ForeignGrant
            | Self::GrantEnded
            | Self::OldEpoch
            | Self::Replay
            | Self::SuccessorInUse
            | Self::CommitInDoubt
            | Self::RefreshTokenExpired
            | Self::GrantExpired => ErrorCode::InvalidGrant,
            Self::MalformedScope | Self::ScopeNotGranted | Self::NoScopeLeft => ErrorCode::InvalidScope,
            Self::NoAccessToken | Self::InactiveAccessToken => ErrorCode::InvalidToken,
            Self::Throttled => ErrorCode::TemporarilyUnavailable,
        }
    }

    /// The `error_description` that the client sees: specific for what an honest client got wrong, one text for all
    /// failures of authentication (N-038) and one for every `invalid_grant` (N-084).
    pub const fn description(self) -> &'static str {
        match self {
            Self::BodyTooLarge => "the request body is too large",
            Self::UnsupportedMediaType => "the content type is not supported here",
            Self::MalformedBody => "the request body cannot be decoded",
            Self::TooManyParameters => "the request has too many parameters",
            Self::InvalidHeader => "a required header is missing or invalid",
            Self::RepeatedParameter => "a parameter is repeated",
            Self::MultipleMechanisms => "more than one authentication mechanism is used",
            Self::ClientIdMismatch => "client_id differs from the authenticated client",
            Self::MissingGrantType => "grant_type is missing",
            Self::MissingRefreshToken => "refresh_token is missing",
            Self::MissingToken => "token is missing",
            Self::MultipleAccessTokens => "the access token belongs in the authorization header alone",
            Self::Throttled => "too many failed attempts, try again later",
            other => other.code().description(),
        }
    }

    /// At which check of the order the request failed. A cause that cannot occur in a refresh has the check that it
    /// would fail at.
    pub const fn check(self) -> Check {
        match self {
            Self::BodyTooLarge
            | Self::UnsupportedMediaType
            | Self::MalformedBody
            | Self::TooManyParameters
            | Self::InvalidHeader => Check::Envelope,
            Self::RepeatedParameter => Check::Repetition,
            Self::MultipleMechanisms | Self::ClientIdMismatch | Self::MultipleAccessTokens => Check::OneMechanism,
            Self::MissingGrantType => Check::GrantTypePresent,
            Self::NoCredentials
            | Self::MalformedCredentials
            | Self::UnsupportedAuthentication
            | Self::UnknownClient
            | Self::MissingSecret
            | Self::WrongSecret
            | Self::SecretFromPublicClient
            | Self::MethodNotRegistered
            | Self::ClientDisabled
            | Self::Throttled
            | Self::NoAccessToken => Check::Authentication,
            Self::UnsupportedGrantType => Check::GrantTypeSupported,
            Self::GrantTypeNotAllowed | Self::PublicClient => Check::GrantTypeAllowed,
            Self::MissingRefreshToken | Self::MissingToken | Self::MalformedToken | Self::NotARefreshToken => {
                Check::TokenWellFormed
            }
            Self::UnknownGrant | Self::ForgedToken => Check::GrantFound,
            Self::ForeignGrant => Check::Owner,
            Self::GrantEnded | Self::OldEpoch => Check::NotRevoked,
            Self::Replay | Self::SuccessorInUse | Self::CommitInDoubt | Self::InactiveAccessToken => Check::Freshness,
            Self::RefreshTokenExpired | Self::GrantExpired => Check::NotExpired,
            Self::MalformedScope | Self::ScopeNotGranted | Self::NoScopeLeft => Check::ScopeWithin,
        }
    }

    /// Whether this is a failure of client authentication, which a host may count and slow down (N-039).
    pub const fn is_authentication_failure(self) -> bool {
        matches!(self.check(), Check::Authentication) && !matches!(self, Self::Throttled | Self::NoAccessToken)
    }
}
