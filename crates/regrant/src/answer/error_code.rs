//! The error codes of the wire, in one table. RFC 6749 §5.2, RFC 6750 §3.1, RFC 7009 §2.2.1.

use serde::{Serialize, Serializer};

/// A registered error code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorCode {
    /// `invalid_request`
    InvalidRequest,
    /// `invalid_client`
    InvalidClient,
    /// `invalid_grant`
    InvalidGrant,
    /// `unauthorized_client`
    UnauthorizedClient,
    /// `unsupported_grant_type`
    UnsupportedGrantType,
    /// `invalid_scope`
    InvalidScope,
    /// `unsupported_token_type`
    UnsupportedTokenType,
    /// `invalid_token`
    InvalidToken,
    /// `insufficient_scope`
    InsufficientScope,
    /// `server_error`: a fault of the server, never of the client (N-145)
    ServerError,
    /// `temporarily_unavailable`: the same, and worth another try (N-145)
    TemporarilyUnavailable,
}

/// One row of the table: name, default status, section, default description.
type Row = (&'static str, u16, &'static str, &'static str);

impl ErrorCode {
    /// Every code.
    pub const ALL: [Self; 11] = [
        Self::InvalidRequest,
        Self::InvalidClient,
        Self::InvalidGrant,
        Self::UnauthorizedClient,
        Self::UnsupportedGrantType,
        Self::InvalidScope,
        Self::UnsupportedTokenType,
        Self::InvalidToken,
        Self::InsufficientScope,
        Self::ServerError,
        Self::TemporarilyUnavailable,
    ];

    const fn row(self) -> Row {
        match self {
            Self::InvalidRequest => ("invalid_request", 400, "RFC 6749 5.2", "the request is malformed"),
            Self::InvalidClient => ("invalid_client", 401, "RFC 6749 5.2", "client authentication failed"),
            Self::InvalidGrant => {
                ("invalid_grant", 400, "RFC 6749 5.2", "the grant is invalid, expired, revoked, or of another client")
            }
            Self::UnauthorizedClient => {
                ("unauthorized_client", 400, "RFC 6749 5.2", "the client may not use this grant type")
            }
            Self::UnsupportedGrantType => {
                ("unsupported_grant_type", 400, "RFC 6749 5.2", "the grant type is not supported")
            }
            Self::InvalidScope => {
                ("invalid_scope", 400, "RFC 6749 5.2", "the scope is malformed or goes beyond what was granted")
            }
            Self::UnsupportedTokenType => {
                ("unsupported_token_type", 400, "RFC 7009 2.2.1", "tokens of this type cannot be revoked")
            }
            Self::InvalidToken => {
                ("invalid_token", 401, "RFC 6750 3.1", "the access token is invalid, expired, or revoked")
            }
            Self::InsufficientScope => {
                ("insufficient_scope", 403, "RFC 6750 3.1", "the access token lacks the scope for this resource")
            }
            Self::ServerError => ("server_error", 500, "RFC 6749 4.1.2.1", "the server failed"),
            Self::TemporarilyUnavailable => {
                ("temporarily_unavailable", 503, "RFC 6749 4.1.2.1", "the server cannot answer now")
            }
        }
    }

    /// The value of `error` (N-141).
    pub const fn as_str(self) -> &'static str {
        self.row().0
    }

    /// The HTTP status that the RFC gives it, where a dialect has no other (N-140).
    pub const fn status(self) -> u16 {
        self.row().1
    }

    /// Where it is registered.
    pub const fn section(self) -> &'static str {
        self.row().2
    }

    /// The default `error_description`, in the alphabet of RFC 6749 A.8 (N-142).
    pub const fn description(self) -> &'static str {
        self.row().3
    }
}

impl Serialize for ErrorCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn n_140_every_code_is_named_as_it_is_registered() {
        for code in ErrorCode::ALL {
            let words = alloc::format!("{code:?}");
            let snake: alloc::string::String = words
                .chars()
                .flat_map(|c| c.is_uppercase().then_some('_').into_iter().chain([c.to_ascii_lowercase()]))
                .skip(1)
                .collect();
            assert_eq!(code.as_str(), snake);
            assert!(code.section().starts_with("RFC "), "{snake}");
            assert!(ErrorCode::ALL.iter().all(|other| *other == code || other.description() != code.description()));
        }
    }

    #[test]
    fn n_141_n_142_codes_and_descriptions_keep_to_the_alphabet() {
        let allowed = |byte: u8| matches!(byte, 0x20..=0x21 | 0x23..=0x5B | 0x5D..=0x7E);
        for code in ErrorCode::ALL {
            assert!(!code.as_str().is_empty() && code.as_str().bytes().all(allowed));
            assert!(!code.description().is_empty() && code.description().bytes().all(allowed));
            assert!((400..600).contains(&code.status()));
        }
    }
}
