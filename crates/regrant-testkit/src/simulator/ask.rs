//! Requests and answers, as they travel through the simulated network.

use regrant::{
    Introspection, IntrospectionRequest, IssueRequest, Reason, Reply, ResourceAccess, ResourceRequest,
    RevocationRequest, Scope, TokenEncoding, TokenReply, TokenRequest,
};

use super::population::{PROFILES, SCOPE};

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Issue,
    ClientCredentials,
    Refresh,
    Revoke,
    Introspect,
    Resource,
}

/// A request.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    pub(super) verb: Verb,
    /// The place of the client whose credentials are presented.
    pub(super) client: usize,
    pub(super) in_header: bool,
    pub(super) token: String,
    pub(super) scope: Option<&'static str>,
}

/// Why the server failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    Store,
    Contended,
    Other,
}

/// An answer.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    Tokens { access: String, refresh: Option<String>, scope: String },
    Active,
    Inactive,
    Revoked,
    Refused(Reason),
    Failed(Failure),
}

impl Ask {
    pub(super) fn credentials(&self) -> regrant::Credentials<'static> {
        PROFILES.get(self.client).map(|profile| profile.credentials(self.in_header)).unwrap_or_default()
    }

    pub(super) fn token_request(&self) -> TokenRequest<'_> {
        let refresh = self.verb == Verb::Refresh;
        TokenRequest {
            credentials: self.credentials(),
            grant_type: Some(if refresh { "refresh_token" } else { "client_credentials" }),
            refresh_token: refresh.then_some(self.token.as_str()),
            scope: self.scope,
        }
    }

    pub(super) fn revocation(&self) -> RevocationRequest<'_> {
        RevocationRequest { credentials: self.credentials(), token: Some(&self.token) }
    }

    pub(super) fn introspection(&self) -> IntrospectionRequest<'_> {
        IntrospectionRequest { credentials: self.credentials(), token: Some(&self.token) }
    }

    pub(super) fn resource(&self) -> ResourceRequest<'_> {
        ResourceRequest { token: Some(&self.token) }
    }

    /// The host's own request for a new grant; `None` if the profile has no name that parses.
    pub(super) fn issue(&self) -> Option<IssueRequest> {
        let id = regrant::ClientId::parse(PROFILES.get(self.client)?.name).ok()?;
        Some(IssueRequest::new(id, Scope::parse(SCOPE).ok()?))
    }
}

impl From<Reply<TokenReply>> for Answer {
    fn from(reply: Reply<TokenReply>) -> Self {
        match reply {
            Reply::Success(tokens) => Self::Tokens {
                scope: tokens.scope().as_str().to_owned(),
                access: tokens.access_token.expose(TokenEncoding::Base64Url).to_string(),
                refresh: tokens.refresh_token.map(|token| token.expose(TokenEncoding::Base64Url).to_string()),
            },
            Reply::Refused(refusal) => Self::Refused(refusal.reason),
        }
    }
}

impl From<Reply<()>> for Answer {
    fn from(reply: Reply<()>) -> Self {
        match reply {
            Reply::Success(()) => Self::Revoked,
            Reply::Refused(refusal) => Self::Refused(refusal.reason),
        }
    }
}

impl From<Reply<Introspection>> for Answer {
    fn from(reply: Reply<Introspection>) -> Self {
        match reply {
            Reply::Success(Introspection::Active(_)) => Self::Active,
            Reply::Success(Introspection::Inactive) => Self::Inactive,
            Reply::Refused(refusal) => Self::Refused(refusal.reason),
        }
    }
}

impl From<Reply<ResourceAccess>> for Answer {
    fn from(reply: Reply<ResourceAccess>) -> Self {
        match reply {
            Reply::Success(_) => Self::Active,
            Reply::Refused(refusal) if refusal.reason == Reason::InactiveAccessToken => Self::Inactive,
            Reply::Refused(refusal) => Self::Refused(refusal.reason),
        }
    }
}
