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
        Self { reply, encoding, object: JsonObject::with_room(room(reply, encoding)) }
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
        let user = user_of(self.reply);
        self.with(|object| object.optional_string("user_uuid", user))
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.object.finish()
    }

    fn with(self, add: impl FnOnce(JsonObject) -> JsonObject) -> Self {
        Self { object: add(self.object), ..self }
    }
}

fn user_of(reply: &TokenReply) -> Option<&str> {
    let terms = &reply.terms;
    terms.attributes.get("user_uuid").or_else(|| terms.subject.as_ref().map(Subject::as_str))
}

/// Room for all members that any dialect writes, so that the buffer never grows: that would leave a copy of the tokens.
fn room(reply: &TokenReply, encoding: TokenEncoding) -> usize {
    /// The names, the numbers and what stands between them.
    const AROUND: usize = 224;
    /// A control character is written as six.
    const ESCAPED: usize = 6;
    let tokens = match encoding {
        TokenEncoding::Base64Url => 64 + 86,
        TokenEncoding::Hex => 96 + 128,
    };
    tokens + AROUND + reply.scope().as_str().len() + ESCAPED * user_of(reply).map_or(0, str::len)
}

#[cfg(test)]
mod tests {
    use regrant::{
        Attributes, Client, ClientId, Engine, GrantTypes, Host, IssueRequest, Pepper, Rules, Scope, StaticClients,
        SystemEntropy, Timestamp,
    };
    use regrant_memory::MemoryStore;

    use super::super::{partner_json, payu, rfc6749, wso2};
    use super::*;

    /// The largest answer there is: the longest scope, and a user of nothing but characters to escape.
    fn largest(user: &str, scope: &str) -> TokenReply {
        let mut client = Client::public(ClientId::parse("app").unwrap());
        (client.grants, client.scope) = (GrantTypes::ALL, Scope::parse(scope).unwrap());
        let rules = Rules::new(Pepper::new(vec![7; 32]).unwrap());
        let host = Host::new(|| Timestamp::from_unix_seconds(9_999_999_999), SystemEntropy);
        let engine = Engine::new(MemoryStore::new(), StaticClients::new([client]).unwrap(), rules, host);
        let mut request = IssueRequest::new(ClientId::parse("app").unwrap(), Scope::parse(scope).unwrap());
        let mut attributes = Attributes::new();
        attributes.insert("user_uuid", user).unwrap();
        request.attributes = attributes;
        let mut reply = engine.issue(request).unwrap().success().unwrap();
        reply.expires_in = u64::MAX;
        reply
    }

    #[test]
    fn no_answer_outgrows_its_room() {
        let (user, scope) = ("\u{1}".repeat(Attributes::MAX_VALUE), "s".repeat(Scope::MAX_BYTES));
        for (user, scope) in [(user.as_str(), scope.as_str()), ("", "")] {
            let reply = largest(user, scope);
            for encoding in [TokenEncoding::Base64Url, TokenEncoding::Hex] {
                let all = Members::of(&reply, encoding).access_token().token_type().expires_in().refresh_token();
                let all = all.scope().created_at().user_uuid().finish();
                assert_eq!(all.capacity(), room(&reply, encoding), "{} bytes were written", all.len());
            }
            for write in [rfc6749::success, payu::success, partner_json::success, wso2::success] {
                let body = write(&reply);
                assert!(body.capacity() <= room(&reply, TokenEncoding::Hex), "{} bytes were written", body.len());
            }
        }
    }
}
