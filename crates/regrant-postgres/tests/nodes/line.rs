//! One grant as its client knows it: every refresh token that was answered, in order.

use regrant::{
    AsyncTokenStore, ClientId, Grant, GrantId, Introspection, IntrospectionRequest, IssueRequest, Reason, Scope,
    TokenEncoding, TokenReply,
};

use crate::common::{CLIENT, Node, credentials, refresh};

/// A grant and what its client was answered.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) id: GrantId,
    /// The refresh tokens, oldest first.
    pub(crate) tokens: Vec<String>,
    /// The access token of the last answer.
    pub(crate) access: String,
}

impl Line {
    /// A new grant.
    pub(crate) async fn issue(node: &Node) -> Self {
        let order = IssueRequest::new(ClientId::parse(CLIENT).unwrap(), Scope::parse("read write").unwrap());
        let reply = node.issue(order).await.unwrap().success().unwrap();
        let (token, access) = texts(&reply);
        Self { id: reply.access_token.grant_id(), tokens: vec![token], access }
    }

    pub(crate) fn last(&self) -> &str {
        self.tokens.last().unwrap()
    }

    /// Takes the answer to the last token.
    pub(crate) fn answered(&mut self, reply: &TokenReply) {
        let (token, access) = texts(reply);
        assert!(!self.tokens.contains(&token), "an old token is answered");
        self.tokens.push(token);
        self.access = access;
    }

    /// The refresh token is presented, rotates, and its successor is the last one from now on.
    pub(crate) async fn refresh(&mut self, node: &Node) {
        let reply = node.token(refresh(self.last())).await.unwrap().success().unwrap();
        self.answered(&reply);
    }

    /// Checks that everything that was answered holds, and that nothing else was written: as many rotations as answers,
    /// one living successor, which works, and the answer before it can be asked for again as long as it is unused.
    pub(crate) async fn hold(&mut self, node: &Node) {
        self.is_written(node).await;
        assert!(active(node, &self.access).await, "an access token that was answered is lost");
        self.only_the_last_lives(node).await;
        if let [.., before, last] = &self.tokens[..] {
            let again = node.token(refresh(before)).await.unwrap().success().unwrap();
            assert_eq!(texts(&again).0, *last, "a second successor");
        }
        self.refresh(node).await;
        if let [.., before, _, _] = &self.tokens[..] {
            let reply = node.token(refresh(before)).await.unwrap();
            assert_eq!(reply.refusal().unwrap().reason, Reason::SuccessorInUse);
        }
        self.is_written(node).await;
        self.only_the_last_lives(node).await;
    }

    /// The record is alive, and has as many rotations as there were answers.
    pub(crate) async fn is_written(&self, node: &Node) {
        let grant = load(node, &self.id).await;
        assert!(!grant.is_ended(), "an innocent grant has ended: {:?}", grant.state());
        assert_eq!(rotations(&grant), self.tokens.len() - 1, "rotations, and answers");
    }

    pub(crate) async fn only_the_last_lives(&self, node: &Node) {
        for (age, token) in self.tokens.iter().rev().take(6).enumerate() {
            assert_eq!(active(node, token).await, age == 0, "token {age} before the last");
        }
    }
}

pub(crate) async fn load(node: &Node, id: &GrantId) -> Grant {
    node.store().load(id).await.unwrap().unwrap()
}

/// How often the refresh token was rotated.
pub(crate) fn rotations(grant: &Grant) -> usize {
    usize::try_from(grant.refresh().unwrap().generation).unwrap()
}

/// The refresh token and the access token of an answer.
pub(crate) fn texts(reply: &TokenReply) -> (String, String) {
    let refresh = reply.refresh_token.as_ref().unwrap().expose(TokenEncoding::Base64Url).to_string();
    (refresh, reply.access_token.expose(TokenEncoding::Base64Url).to_string())
}

/// Whether introspection calls a token active.
pub(crate) async fn active(node: &Node, token: &str) -> bool {
    let request = IntrospectionRequest { credentials: credentials(), token: Some(token) };
    matches!(node.introspect(request).await.unwrap().success().unwrap(), Introspection::Active(_))
}
