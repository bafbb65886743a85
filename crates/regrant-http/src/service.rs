//! Requests in, answers out: all endpoints of one server, in front of either engine.

use std::sync::Arc;

use http::{Method, Request, Response, StatusCode};
use regrant::{AsyncClientStore, AsyncEngine, AsyncTokenStore, ClientStore, Engine, ResourceRequest, TokenStore};

use crate::cache::{IntrospectionCache, LookUp};
use crate::challenge::Realm;
use crate::incoming::{Incoming, Question};
use crate::limits::Limits;
use crate::mount::Mount;
use crate::router::{InvalidMounts, Route, Router};
use crate::writer::{self, Writer};

/// The endpoints of one server. It holds no engine, no store and no connection, and can stand behind any framework.
///
/// [`handle`](Self::handle) and [`handle_async`](Self::handle_async) answer every request, also the worst one: there is
/// no error for the host to translate. A host reads at most [`Limits::body_bytes`]` + 1` octets of a body and hands over
/// what it has; one octet too many is answered with `413`.
#[derive(Debug)]
pub struct Service {
    router: Router,
    realm: Realm,
    limits: Limits,
    cache: Option<Arc<IntrospectionCache>>,
}

impl Service {
    /// A service over these mounts. `realm` stands in every challenge.
    ///
    /// # Errors
    ///
    /// [`InvalidMounts`] where two endpoints claim one path.
    pub fn new(realm: Realm, limits: Limits, mounts: Vec<Mount>) -> Result<Self, InvalidMounts> {
        Ok(Self { router: Router::new(mounts)?, realm, limits, cache: None })
    }

    /// Lets the pages behind the bearer check ask `cache` first. Without one, which is the default, the engine is asked
    /// for every call.
    ///
    /// The endpoints that authenticate clients never use it: introspection answers what the store says.
    #[must_use]
    pub fn with_cache(self, cache: Arc<IntrospectionCache>) -> Self {
        Self { cache: Some(cache), ..self }
    }

    /// Whether an endpoint stands at this path. To a request at any other, [`handle`](Self::handle) answers `404`.
    pub fn serves(&self, path: &str) -> bool {
        self.router.find(path).is_some()
    }

    /// The bounds that requests are held to.
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The name that stands in every challenge.
    pub const fn realm(&self) -> &Realm {
        &self.realm
    }

    /// Answers one request with a blocking engine.
    pub fn handle<S, C, B>(&self, engine: &Engine<S, C>, request: &Request<B>) -> Response<Vec<u8>>
    where
        S: TokenStore,
        C: ClientStore,
        B: AsRef<[u8]>,
    {
        let Some((route, writer)) = self.find(request.uri().path()) else {
            return not_found();
        };
        let answer = match &Incoming::of(request).read(route, &self.limits) {
            Ok(Question::Token(call)) => writer.token(engine.token(call.token_request())),
            Ok(Question::Revocation(call)) => writer.revocation(engine.revoke(call.revocation_request())),
            Ok(Question::Introspection(call)) => writer.introspection(engine.introspect(call.introspection_request())),
            Ok(Question::Resource(request)) => match self.look_up(request) {
                LookUp::Hit(hit) => {
                    engine.observe(&hit.decision());
                    writer.admitted(&hit.access)
                }
                asked => writer.resource(asked.settled(engine.resource(*request))),
            },
            Ok(Question::Metadata(metadata)) => writer::metadata(metadata, engine.rules().grants()),
            Err(rejection) => {
                rejection.decision(&route.endpoint).iter().for_each(|decision| engine.observe(decision));
                writer.rejection(rejection)
            }
        };
        for_method(request.method(), answer)
    }

    /// Answers one request with an engine that is awaited.
    pub async fn handle_async<S, C, B>(&self, engine: &AsyncEngine<S, C>, request: &Request<B>) -> Response<Vec<u8>>
    where
        S: AsyncTokenStore,
        C: AsyncClientStore,
        B: AsRef<[u8]>,
    {
        let Some((route, writer)) = self.find(request.uri().path()) else {
            return not_found();
        };
        let answer = match &Incoming::of(request).read(route, &self.limits) {
            Ok(Question::Token(call)) => writer.token(engine.token(call.token_request()).await),
            Ok(Question::Revocation(call)) => writer.revocation(engine.revoke(call.revocation_request()).await),
            Ok(Question::Introspection(call)) => {
                writer.introspection(engine.introspect(call.introspection_request()).await)
            }
            Ok(Question::Resource(request)) => match self.look_up(request) {
                LookUp::Hit(hit) => {
                    engine.observe(&hit.decision());
                    writer.admitted(&hit.access)
                }
                asked => writer.resource(asked.settled(engine.resource(*request).await)),
            },
            Ok(Question::Metadata(metadata)) => writer::metadata(metadata, engine.rules().grants()),
            Err(rejection) => {
                rejection.decision(&route.endpoint).iter().for_each(|decision| engine.observe(decision));
                writer.rejection(rejection)
            }
        };
        for_method(request.method(), answer)
    }

    /// What the cache says, where there is one.
    fn look_up(&self, request: &ResourceRequest<'_>) -> LookUp<'_> {
        self.cache.as_deref().zip(request.token).map_or(LookUp::Unused, |(cache, token)| cache.look_up(token))
    }

    /// The endpoint at a path, and who writes its answers.
    fn find(&self, path: &str) -> Option<(&Route, Writer<'_>)> {
        let route = self.router.find(path)?;
        Some((route, Writer { dialect: &route.dialect, realm: &self.realm }))
    }
}

fn not_found() -> Response<Vec<u8>> {
    let mut answer = Response::new(Vec::new());
    *answer.status_mut() = StatusCode::NOT_FOUND;
    answer
}

/// The answer to `HEAD` has the headers of the answer to `GET`, and no body (RFC 9110 §9.3.2).
fn for_method(method: &Method, answer: Response<Vec<u8>>) -> Response<Vec<u8>> {
    if method == Method::HEAD { answer.map(|_| Vec::new()) } else { answer }
}
