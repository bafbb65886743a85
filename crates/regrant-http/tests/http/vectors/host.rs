//! A host without a socket.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use http::{HeaderName, HeaderValue, Method};
use regrant::{
    Change, ClientId, Decision, EndReason, Engine, GrantId, Host as EngineHost, IssueRequest, Pepper, Reply, Rules,
    Scope, StaticClients, Subject, SystemEntropy, Timestamp, TokenEncoding, TokenStore,
};
use regrant_http::Service;
use regrant_testkit::{Answer, Framing, Host, IssueOrder, IssuedTokens, Request, Setup, Target, Trouble};

use super::registry;
use crate::store::Memory;

/// 2025-01-01.
const START: u64 = 1_735_689_600;

/// Brings up hosts in this process.
pub(super) struct InProcess;

pub(super) struct Server {
    engine: Engine<Arc<Memory>, StaticClients>,
    service: Service,
    store: Arc<Memory>,
    clock: Arc<AtomicU64>,
    log: Arc<Mutex<String>>,
}

fn broken(cause: impl std::fmt::Display) -> Trouble {
    Trouble::Broken(cause.to_string())
}

impl Target for InProcess {
    type Host = Server;

    fn start(&self, setup: &Setup) -> Result<Server, Trouble> {
        let (store, clock, log) = (Arc::default(), Arc::new(AtomicU64::new(START)), Arc::default());
        Server::over(store, clock, log, setup)
    }
}

impl Server {
    fn over(
        store: Arc<Memory>,
        clock: Arc<AtomicU64>,
        log: Arc<Mutex<String>>,
        setup: &Setup,
    ) -> Result<Self, Trouble> {
        let (time, journal) = (Arc::clone(&clock), Arc::clone(&log));
        let host = EngineHost::new(move || Timestamp::from_unix_seconds(time.load(Ordering::SeqCst)), SystemEntropy)
            .with_observer(move |decision: &Decision| journal.lock().unwrap().extend([format!("{decision:?}")]));
        let rules = Rules::new(Pepper::new(vec![7; 32]).map_err(broken)?);
        let engine = Engine::new(Arc::clone(&store), registry::clients(setup)?, rules, host);
        Ok(Self { engine, service: registry::service(setup)?, store, clock, log })
    }

    fn answer(&self, request: &Request) -> Result<Answer, Trouble> {
        if request.framing == Framing::Short {
            return Err(Trouble::Unsupported("there is no socket to end early"));
        }
        let response = self.service.handle(&self.engine, &read(request)?);
        self.store.mend();
        if request.framing == Framing::Abort {
            return Ok(Answer::default());
        }
        let headers = response.headers().iter();
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        Ok(Answer {
            status: response.status().as_u16(),
            headers: headers.map(|(name, value)| (name.to_string(), text(value))).collect(),
            body: response.into_body(),
        })
    }
}

fn read(request: &Request) -> Result<http::Request<Vec<u8>>, Trouble> {
    let mut read = http::Request::new(request.body.clone().unwrap_or_default());
    *read.method_mut() = Method::from_bytes(request.method.as_bytes()).map_err(broken)?;
    *read.uri_mut() = request.path.parse().map_err(broken)?;
    for (name, value) in &request.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(broken)?;
        read.headers_mut().append(name, HeaderValue::from_bytes(value.as_bytes()).map_err(broken)?);
    }
    Ok(read)
}

impl Host for Server {
    fn issue(&mut self, order: &IssueOrder) -> Result<IssuedTokens, Trouble> {
        let client = ClientId::parse(&order.client).map_err(broken)?;
        let mut request = IssueRequest::new(client, Scope::parse(&order.scope).map_err(broken)?);
        request.subject = order.subject.as_deref().map(Subject::parse).transpose().map_err(broken)?;
        for (name, value) in &order.attributes {
            request.attributes.insert(name, value).map_err(broken)?;
        }
        match self.engine.issue(request).map_err(broken)? {
            Reply::Success(reply) => Ok(IssuedTokens {
                grant_id: reply.access_token.grant_id().to_hex(),
                access_token: reply.access_token.expose(TokenEncoding::Base64Url).to_string(),
                refresh_token: reply.refresh_token.map(|token| token.expose(TokenEncoding::Base64Url).to_string()),
            }),
            Reply::Refused(refusal) => Err(broken(format!("{:?}", refusal.reason))),
        }
    }

    fn send(&mut self, request: &Request) -> Result<Answer, Trouble> {
        self.answer(request)
    }

    fn send_parallel(&mut self, requests: &[Request]) -> Result<Vec<Answer>, Trouble> {
        let server = &*self;
        std::thread::scope(|scope| {
            let running: Vec<_> = requests.iter().map(|request| scope.spawn(|| server.answer(request))).collect();
            running.into_iter().map(|thread| thread.join().unwrap()).collect()
        })
    }

    fn now(&mut self) -> Result<u64, Trouble> {
        Ok(self.clock.load(Ordering::SeqCst))
    }

    fn advance(&mut self, seconds: u64) -> Result<(), Trouble> {
        self.clock.fetch_add(seconds, Ordering::SeqCst);
        Ok(())
    }

    fn reconfigure(&mut self, setup: &Setup) -> Result<(), Trouble> {
        *self = Self::over(Arc::clone(&self.store), Arc::clone(&self.clock), Arc::clone(&self.log), setup)?;
        Ok(())
    }

    fn revoke_grant(&mut self, grant_id: &str) -> Result<(), Trouble> {
        let id = GrantId::parse(grant_id).map_err(broken)?;
        let at = Timestamp::from_unix_seconds(self.clock.load(Ordering::SeqCst));
        let outcome = self.store.commit(Change::End { id, at, reason: EndReason::EndedByHost });
        outcome.map(drop).map_err(broken)
    }

    fn fail_store_once(&mut self) -> Result<(), Trouble> {
        self.store.break_at_commit.store(true, Ordering::SeqCst);
        Ok(())
    }

    fn log(&mut self) -> Result<String, Trouble> {
        Ok(self.log.lock().unwrap().clone())
    }
}
