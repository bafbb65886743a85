//! A request on its way in: found by its path, checked by its method, read by its dialect.

use http::{Extensions, HeaderMap, Method, Request};
use regrant::{Decision, Outcome, Refusal, ResourceRequest};

use crate::bearer;
use crate::call::{self, Call};
use crate::envelope;
use crate::limits::Limits;
use crate::metadata::Metadata;
use crate::router::{Endpoint, Route};

/// The parts of a request that mean something here. The query is none of them (N-003, N-004).
#[derive(Clone, Copy)]
pub(crate) struct Incoming<'a> {
    method: &'a Method,
    headers: &'a HeaderMap,
    extensions: &'a Extensions,
    body: &'a [u8],
}

/// What a request asks of the engine.
pub(crate) enum Question<'a> {
    Token(Call<'a, 7>),
    Revocation(Call<'a, 6>),
    Introspection(Call<'a, 6>),
    Resource(ResourceRequest<'a>),
    Metadata(&'a Metadata),
}

/// Why there is nothing to ask the engine.
#[derive(Debug)]
pub(crate) enum Rejection {
    /// Another method than these.
    Method(&'static str),
    /// What an endpoint that authenticates clients cannot read.
    Request(Refusal),
    /// What a protected resource cannot read.
    Access(Refusal),
}

impl Rejection {
    /// The record of it for the host's observer. A wrong method is none: nothing was asked.
    pub(crate) fn decision(&self, endpoint: &Endpoint) -> Option<Decision> {
        let (Self::Request(refusal) | Self::Access(refusal)) = self else {
            return None;
        };
        endpoint.kind().map(|request| Decision {
            request,
            outcome: Outcome::Refused(refusal.reason),
            client_id: None,
            grant_id: None,
            attempts: 1,
        })
    }
}

impl<'a> Incoming<'a> {
    pub(crate) fn of<B: AsRef<[u8]>>(request: &'a Request<B>) -> Self {
        Self {
            method: request.method(),
            headers: request.headers(),
            extensions: request.extensions(),
            body: request.body().as_ref(),
        }
    }

    /// Reads the question for the endpoint that was found.
    pub(crate) fn read(self, route: &'a Route, limits: &Limits) -> Result<Question<'a>, Rejection> {
        if !route.endpoint.allows(self.method) {
            return Err(Rejection::Method(route.endpoint.methods()));
        }
        match &route.endpoint {
            Endpoint::Token => self.token(route, limits).map(Question::Token).map_err(Rejection::Request),
            Endpoint::Revocation => self.about_a_token(limits).map(Question::Revocation).map_err(Rejection::Request),
            Endpoint::Introspection => {
                self.about_a_token(limits).map(Question::Introspection).map_err(Rejection::Request)
            }
            Endpoint::Resource => self.resource(limits).map(Question::Resource).map_err(Rejection::Access),
            Endpoint::Metadata(metadata) => Ok(Question::Metadata(metadata)),
        }
    }

    fn token(self, route: &'a Route, limits: &Limits) -> Result<Call<'a, 7>, Refusal> {
        Call::read(self.headers, self.extensions, || route.dialect.read_token(self.headers, self.body, limits))
    }

    fn about_a_token(self, limits: &Limits) -> Result<Call<'a, 6>, Refusal> {
        Call::read(self.headers, self.extensions, || {
            envelope::read_form(&call::ABOUT_A_TOKEN, self.headers, self.body, limits)
        })
    }

    fn resource(self, limits: &Limits) -> Result<ResourceRequest<'a>, Refusal> {
        let token = bearer::read(self.headers, self.body, limits)?;
        Ok(ResourceRequest { token: Some(token.expose_secret()) })
    }
}
