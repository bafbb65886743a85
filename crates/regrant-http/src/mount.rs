//! Which endpoints stand where, and in which dialect they speak.

use crate::dialect::Dialect;
use crate::endpoint_path::EndpointPath;

/// One dialect and its endpoints. The token endpoint is always there; the others are where they have a path.
#[derive(Debug, Clone)]
pub struct Mount {
    /// How all endpoints of this mount speak.
    pub dialect: Dialect,
    /// The token endpoint. RFC 6749 §3.2.
    pub token: EndpointPath,
    /// The revocation endpoint. RFC 7009.
    pub revoke: Option<EndpointPath>,
    /// The introspection endpoint. RFC 7662.
    pub introspect: Option<EndpointPath>,
    /// A page behind the bearer check. RFC 6750.
    pub resource: Option<EndpointPath>,
}

impl Mount {
    /// A mount with a token endpoint and nothing else.
    pub const fn new(dialect: Dialect, token: EndpointPath) -> Self {
        Self { dialect, token, revoke: None, introspect: None, resource: None }
    }
}
