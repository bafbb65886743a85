//! Requests, in the engine's own terms. A wire form reads them out of HTTP; a host may also make them itself.
//!
//! An omitted parameter is `None`; one without a value counts as omitted (RFC 6749 §3.2, N-006).

use crate::client::{ClientId, Credentials};
use crate::decide::Protocol;
use crate::record::{Attributes, Subject};
use crate::scope::Scope;

/// A request that the engine decides. Sealed: the kinds are those of this module.
pub trait Request: Protocol {}

impl<R: Protocol> Request for R {}

/// A request to the token endpoint. RFC 6749 §3.2.
#[derive(Clone, Copy, Default)]
pub struct TokenRequest<'a> {
    /// Who asks.
    pub credentials: Credentials<'a>,
    /// `grant_type`
    pub grant_type: Option<&'a str>,
    /// `refresh_token`
    pub refresh_token: Option<&'a str>,
    /// `scope`
    pub scope: Option<&'a str>,
}

/// A request to the revocation endpoint. RFC 7009 §2.1. A hint is not needed: a token tells its type.
#[derive(Clone, Copy, Default)]
pub struct RevocationRequest<'a> {
    /// Who asks.
    pub credentials: Credentials<'a>,
    /// `token`
    pub token: Option<&'a str>,
}

/// A request to the introspection endpoint. RFC 7662 §2.1.
#[derive(Clone, Copy, Default)]
pub struct IntrospectionRequest<'a> {
    /// Who asks.
    pub credentials: Credentials<'a>,
    /// `token`
    pub token: Option<&'a str>,
}

/// A call of a protected resource. RFC 6750 §2.1.
#[derive(Clone, Copy, Default)]
pub struct ResourceRequest<'a> {
    /// The bearer token.
    pub token: Option<&'a str>,
}

/// A grant that a host starts, having authenticated the user itself.
///
/// The client's grants decide whether a refresh token comes with it. A refusal says that the client is unknown or
/// disabled, or that the scope goes beyond the client's.
#[derive(Clone, Debug)]
pub struct IssueRequest {
    /// The client it is made for.
    pub client_id: ClientId,
    /// Whom it speaks for.
    pub subject: Option<Subject>,
    /// The scope; empty means none.
    pub scope: Scope,
    /// The host's own members.
    pub attributes: Attributes,
}

impl IssueRequest {
    /// A grant for a client, without subject, scope or attributes.
    pub const fn new(client_id: ClientId, scope: Scope) -> Self {
        Self { client_id, subject: None, scope, attributes: Attributes::new() }
    }
}

/// N-006: a parameter without a value is an omitted one.
pub(crate) fn given(value: Option<&str>) -> Option<&str> {
    value.filter(|value| !value.is_empty())
}

opaque_debug!(TokenRequest<'_>, RevocationRequest<'_>, IntrospectionRequest<'_>, ResourceRequest<'_>);
