//! `oauth-as`, over its `MemoryStorage`, behind its HTTP service.

use std::any::Any;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant, SystemTime};

use http::Request;
use oauth_as::client::{Client, ClientAuth, ClientId, SecretHash};
use oauth_as::grant::GrantType;
use oauth_as::http::{ApprovalDecision, AuthorizationService, Body, ServiceBuilder};
use oauth_as::scope::ScopeSet;
use oauth_as::server::{AuthorizationServer, Clock, ServerConfig};
use oauth_as::store::{MemoryStorage, Storage};
use oauth_as::token::{IssuedToken, RefreshTokenRecord};
use regrant_benches::{CLIENT, SCOPE, SECRET, wire};

use crate::{Done, Side};

/// A clock that stands still until it is moved, as the one of regrant.
#[derive(Clone, Debug, Default)]
pub struct Hands(Arc<AtomicU64>);

impl Clock for Hands {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000 + self.0.load(Ordering::Relaxed))
    }
}

/// `oauth-as` with some grants.
pub struct OauthAs {
    server: Arc<AuthorizationServer<MemoryStorage, Hands>>,
    service: AuthorizationService<MemoryStorage, Hands>,
    clock: Hands,
    tokens: Vec<String>,
}

impl OauthAs {
    /// Puts grants with one access token and one refresh token each into the store.
    ///
    /// # Errors
    /// The store refused.
    pub fn with(grants: usize) -> Done<Self> {
        let clock = Hands::default();
        let config = ServerConfig::new("https://as.example.com", "https://as.example.com/device");
        let server = Arc::new(AuthorizationServer::with_clock(config, MemoryStorage::new(), clock.clone()));
        let scope = ScopeSet::parse(SCOPE).map_err(|error| error.to_string())?;
        let client = Client {
            client_id: ClientId::new(CLIENT),
            auth: ClientAuth::ConfidentialSecretHash { hash: SecretHash::sha256(SECRET) },
            grant_types: vec![GrantType::RefreshToken, GrantType::AuthorizationCode],
            redirect_uris: vec!["https://client.example.com/cb".into()],
            allowed_scopes: scope.clone(),
            default_scopes: scope.clone(),
            name: None,
            registration: None,
        };
        at_once(server.register_client(client))?.map_err(|error| error.to_string())?;
        let mut tokens = Vec::new();
        for number in 0..grants {
            tokens.push(put(server.store(), &scope, clock.now(), number)?);
        }
        let service = ServiceBuilder::new(Arc::clone(&server));
        let service = service.with_subject_resolver(|_| None).with_approval_resolver(|_| ApprovalDecision::Approve);
        let service = service.dangerously_disable_verification_protections();
        let service = service.build().map_err(|error| error.to_string())?;
        Ok(Self { server, service, clock, tokens })
    }
}

/// One grant, of the sizes that the crate itself makes.
fn put(store: &MemoryStorage, scope: &ScopeSet, now: SystemTime, number: usize) -> Done<String> {
    let (token, refresh, family) = (format!("a{number:042}"), format!("r{number:042}"), format!("f{number:021}"));
    let (client, subject) = (ClientId::new(CLIENT), Some(format!("user-{number}")));
    let end = now + Duration::from_hours(1);
    let mut issued = IssuedToken::new(token, client.clone(), subject.clone(), scope.clone(), now, end);
    issued.grant_established_at = now;
    issued.family_id = Some(family.clone());
    let mut record = RefreshTokenRecord::new(&refresh, client, subject, scope.clone(), family);
    record.grant_established_at = now;
    let access = at_once(store.put_token(issued))?.map_err(|error| error.to_string())?;
    let chain = at_once(store.put_refresh_token(record))?.map_err(|error| error.to_string())?;
    if access.is_applied() && chain.is_applied() { Ok(refresh) } else { Err("oauth-as refused a grant".into()) }
}

impl Side for OauthAs {
    fn refresh(&mut self, grants: &[usize]) -> Done<Duration> {
        let mut requests: Vec<Request<Body>> = Vec::with_capacity(grants.len());
        for at in grants {
            let token = self.tokens.get(*at).ok_or("no such grant")?;
            requests.push(wire::post("/token", wire::refresh_body(token))?.map(Body::from));
        }
        let mut answers = Vec::with_capacity(grants.len());
        let start = Instant::now();
        for request in requests {
            answers.push(at_once(self.service.handle(request))?);
        }
        let took = start.elapsed();
        for (at, answer) in grants.iter().zip(answers) {
            let body = answer.into_body().into_bytes();
            let token = wire::refresh_token_of(&body).ok_or("oauth-as refused a refresh")?;
            token.clone_into(self.tokens.get_mut(*at).ok_or("no such grant")?);
        }
        Ok(took)
    }

    fn hours_later(&mut self) -> Done {
        self.clock.0.fetch_add(2 * 60 * 60, Ordering::Relaxed);
        at_once(self.server.store().sweep_expired(self.clock.now()))?.map_err(|error| error.to_string())?;
        Ok(())
    }

    fn forget(self) -> Box<dyn Any> {
        Box::new(self.tokens)
    }
}

/// Awaits what never has to wait: this store answers in place.
fn at_once<F: Future>(future: F) -> Done<F::Output> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Ok(output),
        Poll::Pending => Err("a store in memory made its caller wait".into()),
    }
}
