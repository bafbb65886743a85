//! A node: an engine with its own clock. Some nodes run a shipped driver, the others drive the steps themselves.

use core::future::Future;
use core::pin::Pin;
use core::time::Duration;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use regrant::{
    AsyncEngine, Change, ClientId, Engine, EngineError, EngineFault, Entropy, EntropyError, Grant, Host, Pepper,
    Reason, Rules, Scope, Terms, Timestamp, TokenRequest, WeakPepper,
};

use super::ask::{Answer, Ask, Failure, Verb};
use super::blocking::OnThread;
use super::desk::{Desk, Port};
use super::plant::Plant;
use super::population::{PROFILES, SCOPE};
use super::tally::Happening;

/// How far a node's clock is ahead of the true time, in milliseconds. It stays while its node is restarted, and jumps
/// when somebody sets it.
#[derive(Clone, Debug, Default)]
pub(super) struct Skew(Arc<AtomicU64>);

impl Skew {
    pub(super) fn new(millis: u64) -> Self {
        Self(Arc::new(AtomicU64::new(millis)))
    }

    pub(super) fn set(&self, millis: u64) {
        self.0.store(millis, Ordering::Relaxed);
    }

    pub(super) fn span(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::Relaxed))
    }
}

/// Which driver a node runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Driver {
    /// The shipped one over an awaited store.
    Awaited,
    /// The shipped one over a blocking store.
    Blocking,
    /// One of the simulator's. A planted bug needs it.
    Steps,
}

impl Driver {
    /// What is counted where it serves a request.
    pub(super) const fn happening(self) -> Happening {
        match self {
            Self::Awaited => Happening::ServedByAwaited,
            Self::Blocking => Happening::ServedByBlocking,
            Self::Steps => Happening::ServedBySteps,
        }
    }
}

/// The peppers of a node: the one for new rotations, and one more that retries may be answered under.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peppers {
    pub(super) current: u8,
    pub(super) previous: Option<u8>,
}

impl Peppers {
    fn rules(self) -> Result<Rules, WeakPepper> {
        let bytes = |pepper| vec![pepper; Pepper::MIN_LENGTH];
        let pepper = Pepper::new(bytes(self.current))?;
        let pepper = match self.previous {
            Some(previous) => pepper.with_previous(bytes(previous))?,
            None => pepper,
        };
        Ok(Rules::new(pepper))
    }
}

/// A shipped engine.
#[derive(Debug)]
enum Shipped {
    Awaited(AsyncEngine<Port, Port>),
    Blocking(Arc<Engine<Port, Port>>),
}

/// One node.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) rules: Rules,
    pub(super) port: Port,
    pub(super) driver: Driver,
    skew: Skew,
    pub(super) plant: Option<Plant>,
    engine: Option<Shipped>,
}

/// A request on its way through a node.
pub(super) type Serving<'n> = Pin<Box<dyn Future<Output = Answer> + 'n>>;

impl Node {
    pub(super) fn new(
        desk: &Arc<Desk>,
        skew: Skew,
        peppers: Peppers,
        driver: Driver,
        plant: Option<Plant>,
    ) -> Result<Self, WeakPepper> {
        let port = Port(Arc::clone(desk));
        let host = || {
            let (clock_desk, entropy_desk, skew) = (Arc::clone(desk), Arc::clone(desk), skew.clone());
            let clock = move || clock_desk.now().after(skew.span());
            let entropy = move || -> Result<Entropy, EntropyError> { Ok(entropy_desk.entropy()) };
            Host::new(clock, entropy)
        };
        let (stores, rules) = (|| (port.clone(), port.clone()), peppers.rules()?);
        let engine = match driver {
            Driver::Steps => None,
            Driver::Awaited => {
                let (tokens, clients) = stores();
                Some(Shipped::Awaited(AsyncEngine::new(tokens, clients, rules, host())))
            }
            Driver::Blocking => {
                let (tokens, clients) = stores();
                Some(Shipped::Blocking(Arc::new(Engine::new(tokens, clients, rules, host()))))
            }
        };
        Ok(Self { rules: peppers.rules()?, port, driver, skew, plant, engine })
    }

    /// How far this node's clock is ahead of the true time.
    pub(super) fn skew(&self) -> Duration {
        self.skew.span()
    }

    /// What this node's clock shows.
    pub(super) fn now(&self) -> Timestamp {
        self.port.0.now().after(self.skew())
    }

    pub(super) fn serve(&self, ask: Ask) -> Serving<'_> {
        Box::pin(async move {
            match &self.engine {
                Some(Shipped::Awaited(engine)) => shipped(engine, &ask).await.unwrap_or_else(Answer::Failed),
                Some(Shipped::Blocking(engine)) => {
                    OnThread::start(Arc::clone(engine), Arc::clone(&self.port.0), ask).await
                }
                None => self.by_steps(&ask).await.unwrap_or_else(Answer::Failed),
            }
        })
    }

    async fn by_steps(&self, ask: &Ask) -> Result<Answer, Failure> {
        let draw = || self.port.0.entropy();
        match ask.verb {
            Verb::Refresh if self.plant == Some(Plant::ScopeCheckedLast) => self.scope_last(ask).await,
            Verb::Refresh | Verb::ClientCredentials => {
                self.drive(ask, &ask.token_request(), draw).await.map(Answer::from)
            }
            Verb::Revoke => self.drive(ask, &ask.revocation(), || ()).await.map(Answer::from),
            Verb::Introspect => self.drive(ask, &ask.introspection(), || ()).await.map(Answer::from),
            Verb::Resource => self.drive(ask, &ask.resource(), || ()).await.map(Answer::from),
            Verb::Issue => self.drive(ask, &ask.issue().ok_or(Failure::Other)?, draw).await.map(Answer::from),
        }
    }

    /// The planted order: the token is spent, and then the scope is looked at.
    async fn scope_last(&self, ask: &Ask) -> Result<Answer, Failure> {
        let request = ask.token_request();
        let draw = || self.port.0.entropy();
        let (granted, asked) = (Scope::parse(SCOPE).ok(), ask.scope.and_then(|text| Scope::parse(text).ok()));
        if asked.zip(granted).is_none_or(|(asked, granted)| asked.is_within(&granted)) {
            return self.drive(ask, &request, draw).await.map(Answer::from);
        }
        let unscoped = TokenRequest { scope: None, ..request };
        self.drive(ask, &unscoped, draw).await.map(|_| Answer::Refused(Reason::ScopeNotGranted))
    }

    /// What this node's steps are shown of a record: all of it as it is, but for a planted bug.
    pub(super) fn shown(&self, ask: &Ask, found: Option<Grant>) -> Option<Grant> {
        let Some(profile) = PROFILES.get(ask.client).filter(|_| self.forgets_owners(ask)) else { return found };
        found.map(|grant| owned_by(grant, ClientId::parse(profile.name).ok()))
    }

    /// What this node writes: what was decided, but for a planted bug, which puts the owner back.
    pub(super) fn to_write(&self, ask: &Ask, change: Change) -> Change {
        match change {
            Change::Replace { expected, grant, revocation } if self.forgets_owners(ask) => {
                let owner = self.port.0.owner_of(&grant.id());
                Change::Replace { expected, grant: owned_by(grant, owner), revocation }
            }
            change => change,
        }
    }

    fn forgets_owners(&self, ask: &Ask) -> bool {
        self.plant == Some(Plant::OwnerCheckRemoved) && ask.verb == Verb::Refresh
    }
}

/// The same record in the name of another client.
fn owned_by(grant: Grant, owner: Option<ClientId>) -> Grant {
    let Some(client_id) = owner else { return grant };
    let terms = Arc::new(Terms { client_id, ..Terms::clone(grant.terms()) });
    let (refresh, access) = (grant.refresh().cloned(), grant.access().to_vec());
    Grant::new(grant.id(), grant.revision(), grant.state(), terms, refresh, access).unwrap_or(grant)
}

async fn shipped(engine: &AsyncEngine<Port, Port>, ask: &Ask) -> Result<Answer, Failure> {
    match ask.verb {
        Verb::Refresh | Verb::ClientCredentials => engine.token(ask.token_request()).await.map(Answer::from),
        Verb::Revoke => engine.revoke(ask.revocation()).await.map(Answer::from),
        Verb::Introspect => engine.introspect(ask.introspection()).await.map(Answer::from),
        Verb::Resource => engine.resource(ask.resource()).await.map(Answer::from),
        Verb::Issue => engine.issue(ask.issue().ok_or(Failure::Other)?).await.map(Answer::from),
    }
    .map_err(|error: EngineError| Failure::from(&error))
}

impl From<&EngineError> for Failure {
    fn from(error: &EngineError) -> Self {
        match error.fault {
            EngineFault::Store(_) => Self::Store,
            EngineFault::Contended { .. } => Self::Contended,
            _ => Self::Other,
        }
    }
}
