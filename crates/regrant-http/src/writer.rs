//! Writing the engine's replies. RFC 6749 §5.1, RFC 7009 §2.2, RFC 7662 §2.2.

use http::{Response, StatusCode};
use regrant::{
    EngineError, GrantTypes, IntrospectedToken, Introspection, Refusal, Reply, ResourceAccess, Subject, TokenReply,
};

use crate::answer::{JSON, cacheable, uncacheable};
use crate::bearer;
use crate::challenge::Realm;
use crate::dialect::Dialect;
use crate::fault;
use crate::incoming::Rejection;
use crate::json::JsonObject;
use crate::metadata::Metadata;
use crate::refusal;

/// Writes in the dialect of one mount.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Writer<'a> {
    pub(crate) dialect: &'a Dialect,
    pub(crate) realm: &'a Realm,
}

impl Writer<'_> {
    /// The answer of the token endpoint (N-130).
    pub(crate) fn token(self, reply: Result<Reply<TokenReply>, EngineError>) -> Response<Vec<u8>> {
        self.answer(reply, |reply| self.dialect.token_body(&reply))
    }

    /// The answer of the revocation endpoint: empty, whatever was revoked, and without a header that tells (N-200).
    pub(crate) fn revocation(self, reply: Result<Reply<()>, EngineError>) -> Response<Vec<u8>> {
        self.answer(reply, |()| Vec::new())
    }

    /// The answer of the introspection endpoint.
    pub(crate) fn introspection(self, reply: Result<Reply<Introspection>, EngineError>) -> Response<Vec<u8>> {
        self.answer(reply, |reply| match reply {
            Introspection::Active(token) => active(&token),
            // N-215: nothing else stands beside it.
            Introspection::Inactive => JsonObject::new().boolean("active", false).finish(),
        })
    }

    /// The protected page itself: who is asking.
    pub(crate) fn resource(self, reply: Result<Reply<ResourceAccess>, EngineError>) -> Response<Vec<u8>> {
        match reply {
            Ok(Reply::Refused(refusal)) => bearer::refuse(self.realm, &refusal),
            reply => self.answer(reply, |access| page(&access)),
        }
    }

    /// The same page for whom a cache knows.
    pub(crate) fn admitted(self, access: &ResourceAccess) -> Response<Vec<u8>> {
        uncacheable(StatusCode::OK, self.dialect.media_type(), page(access))
    }

    /// What was refused before the engine was asked.
    pub(crate) fn rejection(self, rejection: &Rejection) -> Response<Vec<u8>> {
        match rejection {
            Rejection::Method(allowed) => refusal::method_not_allowed(allowed),
            Rejection::Request(refusal) => self.refusal(refusal),
            Rejection::Access(refusal) => bearer::refuse(self.realm, refusal),
        }
    }

    /// A refusal by an endpoint that authenticates clients.
    fn refusal(self, refusal: &Refusal) -> Response<Vec<u8>> {
        refusal::write(self.dialect, self.realm, refusal)
    }

    fn answer<T>(self, reply: Result<Reply<T>, EngineError>, body: impl FnOnce(T) -> Vec<u8>) -> Response<Vec<u8>> {
        match reply {
            Ok(Reply::Success(reply)) => uncacheable(StatusCode::OK, self.dialect.media_type(), body(reply)),
            Ok(Reply::Refused(refusal)) => self.refusal(&refusal),
            Err(error) => fault::write(&error),
        }
    }
}

/// The metadata document. It holds nothing secret, so a cache may keep it (N-171).
pub(crate) fn metadata(metadata: &Metadata, grants: GrantTypes) -> Response<Vec<u8>> {
    cacheable(StatusCode::OK, JSON, metadata.write(grants))
}

/// N-213, N-218. A refresh token has no `token_type` (N-223).
fn active(token: &IntrospectedToken) -> Vec<u8> {
    JsonObject::new()
        .boolean("active", true)
        .optional_string("scope", (!token.scope.is_empty()).then(|| token.scope.as_str()))
        .string("client_id", token.client_id.as_str())
        .optional_string("token_type", token.is_access_token.then_some("Bearer"))
        .integer("exp", token.expires_at.unix_seconds())
        .integer("iat", token.issued_at.unix_seconds())
        .optional_string("sub", token.subject.as_ref().map(Subject::as_str))
        .finish()
}

fn page(access: &ResourceAccess) -> Vec<u8> {
    JsonObject::new()
        .optional_string("sub", access.subject.as_ref().map(Subject::as_str))
        .string("client_id", access.client_id.as_str())
        .string("scope", access.scope.as_str())
        .finish()
}
