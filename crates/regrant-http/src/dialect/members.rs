//! The members of a token answer, so that a dialect can be written down as the order of them.

use regrant::{Subject, TokenEncoding, TokenReply};

use crate::json::JsonObject;

/// A token answer under construction: one method for each member that some dialect has.
#[must_use]
pub(super) struct Members<'a> {
    reply: &'a TokenReply,
    encoding: TokenEncoding,
    object: JsonObject,
}

impl<'a> Members<'a> {
    pub(super) fn of(reply: &'a TokenReply, encoding: TokenEncoding) -> Self {
        let tokens = match encoding {
            TokenEncoding::Base64Url => 64 + 86,
            TokenEncoding::Hex => 96 + 128,
        };
        // Beside the tokens and the scope there are names and numbers, and in one dialect an identifier.
        let object = JsonObject::with_room(tokens + 256 + reply.scope().as_str().len());
        Self { reply, encoding, object }
    }

    pub(super) fn access_token(self) -> Self {
        let (token, encoding) = (&self.reply.access_token, self.encoding);
        self.with(|object| object.written("access_token", |buffer| token.expose_into(encoding, buffer)))
    }

    /// N-131
    pub(super) fn token_type(self) -> Self {
        self.with(|object| object.string("token_type", "Bearer"))
    }

    /// N-132
    pub(super) fn expires_in(self) -> Self {
        let seconds = self.reply.expires_in;
        self.with(|object| object.integer("expires_in", seconds))
    }

    /// Left out where the grant has none (N-064, N-136).
    pub(super) fn refresh_token(self) -> Self {
        let (token, encoding) = (self.reply.refresh_token.as_ref(), self.encoding);
        self.with(|object| match token {
            Some(token) => object.written("refresh_token", |buffer| token.expose_into(encoding, buffer)),
            None => object,
        })
    }

    /// Always there (N-088), but for the empty scope, which RFC 6749 §3.3 has no way to write.
    pub(super) fn scope(self) -> Self {
        let scope = self.reply.scope();
        self.with(|object| object.optional_string("scope", (!scope.is_empty()).then(|| scope.as_str())))
    }

    /// When the access token was issued, in whole seconds.
    pub(super) fn created_at(self) -> Self {
        let seconds = self.reply.issued_at.unix_seconds();
        self.with(|object| object.integer("created_at", seconds))
    }

    /// The host's attribute of that name; the subject stands in where it is absent.
    pub(super) fn user_uuid(self) -> Self {
        let terms = &self.reply.terms;
        let subject = terms.subject.as_ref().map(Subject::as_str);
        self.with(|object| object.optional_string("user_uuid", terms.attributes.get("user_uuid").or(subject)))
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.object.finish()
    }

    fn with(self, add: impl FnOnce(JsonObject) -> JsonObject) -> Self {
        Self { object: add(self.object), ..self }
    }
}
