//! WSO2 API Manager: the token API and the revoke API with the consumer key and secret in `Basic`.
//!
//! Codes and statuses are those of RFC 6749, also where the vendor's differ (`unsupported_grant_type`, a token of another
//! client). The vendor's texts stand where RFC 6749's alphabet can write them, with two exceptions that are deliberate:
//!
//! - Every `invalid_grant` has the vendor's text for an unknown token. Its other texts would tell a thief whether a token
//!   is expired, rotated or was never one.
//! - Malformed `Basic` credentials get the text for wrong ones: the vendor's own text holds quotes, which N-142 forbids.
//!
//! Its revoke API names the revoked tokens and the user in headers. This one never does.

use regrant::{ErrorCode, Reason, TokenEncoding, TokenReply};

use super::members::Members;

/// In the order that the vendor documents.
pub(super) fn success(reply: &TokenReply) -> Vec<u8> {
    Members::of(reply, TokenEncoding::Base64Url)
        .scope()
        .token_type()
        .expires_in()
        .refresh_token()
        .access_token()
        .finish()
}

/// The vendor's texts, byte for byte.
pub(super) fn description(reason: Reason) -> &'static str {
    match (reason, reason.code()) {
        (Reason::NoCredentials, _) => "Client ID not found in the request.",
        (_, ErrorCode::InvalidClient) => "Client credentials are invalid.",
        (Reason::MultipleMechanisms, _) => "The client MUST NOT use more than one authentication method in each",
        (Reason::MissingGrantType, _) => "Missing grant_type parameter value",
        (Reason::RepeatedParameter, _) => "Invalid request with repeated parameters.",
        (Reason::MissingToken, _) => "Invalid revocation request",
        (_, ErrorCode::UnsupportedGrantType) => "Unsupported grant_type value",
        (_, ErrorCode::InvalidGrant) => "Persisted access token data not found",
        (_, ErrorCode::InvalidScope) => "Invalid Scope!",
        _ => reason.description(),
    }
}
