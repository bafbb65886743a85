//! The RFCs as they are written. RFC 6749 §5.1, §5.2.

use http::StatusCode;
use regrant::{Reason, TokenEncoding, TokenReply};

use super::members::Members;

/// In the order of the example of RFC 6749 §5.1, with the scope at the end.
pub(super) fn success(reply: &TokenReply) -> Vec<u8> {
    Members::of(reply, TokenEncoding::Base64Url)
        .access_token()
        .token_type()
        .expires_in()
        .refresh_token()
        .scope()
        .finish()
}

/// N-140
pub(super) fn status(reason: Reason) -> StatusCode {
    StatusCode::from_u16(reason.code().status()).unwrap_or(StatusCode::BAD_REQUEST)
}
