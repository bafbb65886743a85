//! What a request says about who sends it, before anything of it is believed. RFC 6749 §2.3.

use core::fmt;

/// The credentials of one request, read but not checked.
///
/// A parameter without a value counts as omitted (N-006).
#[derive(Clone, Copy, Default)]
pub struct Credentials<'a> {
    /// The `Authorization` header.
    pub header: AuthorizationHeader<'a>,
    /// The form's `client_id`.
    pub client_id: Option<&'a str>,
    /// The form's `client_secret`.
    pub client_secret: Option<&'a str>,
    /// Where the request came from in the host's terms, an address for instance: the throttle sees it, nobody else.
    pub origin: Option<&'a str>,
}

/// An `Authorization` header, told apart by its scheme.
#[derive(Clone, Copy, Default)]
pub enum AuthorizationHeader<'a> {
    /// There is none.
    #[default]
    Absent,
    /// `Basic` with a user and a password, both decoded.
    Basic {
        /// The client identifier.
        user: &'a str,
        /// The client secret.
        password: &'a str,
    },
    /// `Basic` that cannot be decoded.
    MalformedBasic,
    /// `Bearer`, which authenticates no client here.
    Bearer,
    /// A scheme that the engine does not know.
    Other,
    /// More than one `Authorization` header.
    Repeated,
}

impl fmt::Debug for Credentials<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(…)")
    }
}

impl fmt::Debug for AuthorizationHeader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "Absent",
            Self::Basic { .. } => "Basic(…)",
            Self::MalformedBasic => "MalformedBasic",
            Self::Bearer => "Bearer",
            Self::Other => "Other",
            Self::Repeated => "Repeated",
        })
    }
}
