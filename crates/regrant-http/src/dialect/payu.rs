//! `PayU`'s "Refresh Token API". The server behind it is Doorkeeper before 5.1, which explains all that is unusual here.
//!
//! - Every error has status 401 (RFC 6749 §5.2 says 400 for all but `invalid_client`).
//! - Tokens are hexadecimal. `expires_in` and `created_at` are whole seconds, whatever the vendor's table says.
//! - `user_uuid` is an opaque text, not a UUID in the form of RFC 9562.
//!
//! The vendor documents four texts; where it has none, the engine's stands.

use http::StatusCode;
use regrant::{ErrorCode, Reason, TokenEncoding, TokenReply};

use super::members::Members;

/// The status of every refusal.
pub(super) const STATUS: StatusCode = StatusCode::UNAUTHORIZED;

/// In the order that the vendor documents.
pub(super) fn success(reply: &TokenReply) -> Vec<u8> {
    Members::of(reply, TokenEncoding::Hex)
        .access_token()
        .token_type()
        .expires_in()
        .refresh_token()
        .scope()
        .created_at()
        .user_uuid()
        .finish()
}

/// The vendor's texts, byte for byte.
pub(super) fn description(reason: Reason) -> &'static str {
    match reason.code() {
        ErrorCode::InvalidRequest => {
            "The request is missing a required parameter, includes an unsupported parameter value, or is otherwise \
             malformed."
        }
        ErrorCode::InvalidClient => {
            "Client authentication failed due to unknown client, no client authentication included, or unsupported \
             authentication method."
        }
        ErrorCode::UnsupportedGrantType => "The authorization grant type is not supported by the authorization server.",
        ErrorCode::InvalidGrant => {
            "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in \
             the authorization request, or was issued to another client."
        }
        _ => reason.description(),
    }
}
