//! A node: an engine with its own clock. Some nodes run the shipped driver, the others drive the steps themselves.

use core::future::Future;
use core::pin::Pin;
use core::time::Duration;
use std::sync::Arc;

use regrant::{
    AsyncEngine, Change, ClientId, EngineError, EngineFault, Entropy, EntropyError, Grant, Host, Pepper, Reason, Rules,
    Scope, Terms, Timestamp, TokenRequest, WeakPepper,
};

use super::ask::{Answer, Ask, Failure, Verb};
use super::desk::{Desk, Port};
use super::plant::Plant;
use super::population::{PROFILES, SCOPE};

/// One node.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) rules: Rules,
    pub(super) port: Port,
    /// How far its clock is ahead of the true time.
    pub(super) skew: Duration,
    pub(super) plant: Option<Plant>,
    /// The shipped driver, where this node runs it.
    engine: Option<AsyncEngine<Port, Port>>,
}

/// A request on its way through a node.
pub(super) type Serving<'n> = Pin<Box<dyn Future<Output = Answer> + 'n>>;

impl Node {
    /// A node. A planted bug needs the steps, so a node that has one does not run the shipped driver.
    pub(super) fn new(
        desk: &Arc<Desk>,
        skew: Duration,
        pepper: u8,
        shipped: bool,
        plant: Option<Plant>,
    ) -> Result<Self, WeakPepper> {
        let port = Port(Arc::clone(desk));
        let engine = if shipped {
            let (clock_desk, entropy_desk) = (Arc::clone(desk), Arc::clone(desk));
            let clock = move || clock_desk.now().after(skew);
            let entropy = move || -> Result<Entropy, EntropyError> { Ok(entropy_desk.entropy()) };
            Some(AsyncEngine::new(port.clone(), port.clone(), rules(pepper)?, Host::new(clock, entropy)))
        } else {
            None
        };
        Ok(Self { rules: rules(pepper)?, port, skew, plant, engine })
    }

    /// What this node's clock shows.
    pub(super) fn now(&self) -> Timestamp {
        self.port.0.now().after(self.skew)
    }

    pub(super) fn serve(&self, ask: Ask) -> Serving<'_> {
        Box::pin(async move {
            match &self.engine {
                Some(engine) => shipped(engine, &ask).await,
                None => self.by_steps(&ask).await,
            }
            .unwrap_or_else(Answer::Failed)
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
            Change::Replace { expected, grant } if self.forgets_owners(ask) => {
                let owner = self.port.0.owner_of(&grant.id());
                Change::Replace { expected, grant: owned_by(grant, owner) }
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

fn rules(pepper: u8) -> Result<Rules, WeakPepper> {
    Pepper::new(vec![pepper; Pepper::MIN_LENGTH]).map(Rules::new)
}

async fn shipped(engine: &AsyncEngine<Port, Port>, ask: &Ask) -> Result<Answer, Failure> {
    match ask.verb {
        Verb::Refresh | Verb::ClientCredentials => engine.token(ask.token_request()).await.map(Answer::from),
        Verb::Revoke => engine.revoke(ask.revocation()).await.map(Answer::from),
        Verb::Introspect => engine.introspect(ask.introspection()).await.map(Answer::from),
        Verb::Resource => engine.resource(ask.resource()).await.map(Answer::from),
        Verb::Issue => engine.issue(ask.issue().ok_or(Failure::Other)?).await.map(Answer::from),
    }
    .map_err(|error: EngineError| match error.fault {
        EngineFault::Store(_) => Failure::Store,
        EngineFault::Contended { .. } => Failure::Contended,
        _ => Failure::Other,
    })
}
