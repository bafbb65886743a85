//! Where an exchange and the world meet: what one asks of its stores, and what the other answers.
//!
//! An exchange is a future. It is polled by the world alone, one at a time, and it waits for nothing but the store. So
//! one place for a question and one for its answer are enough for all of them.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use regrant::{
    AsyncClientStore, AsyncTokenStore, Change, Client, ClientId, CommitOutcome, Entropy, Grant, GrantId, Timestamp,
};
use thiserror::Error;

use super::plant::Plant;
use super::prng::Prng;

/// What an exchange asks of the store of grants.
#[derive(Clone, Debug)]
pub(super) enum Operation {
    Load(GrantId),
    Commit(Change),
}

/// What the store answers.
#[derive(Clone, Debug)]
pub(super) enum Answered {
    Loaded(Option<Grant>),
    Committed(CommitOutcome),
    Failed,
}

/// The store failed; what it wrote is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the simulated store failed")]
pub(super) struct StoreFailed;

/// The slots of the exchange that is being polled.
#[derive(Debug)]
struct Slots {
    asked: Option<Operation>,
    answer: Option<Answered>,
    entropy: Prng,
    first_entropy: Prng,
    /// Whether a client was looked up.
    looked_up: bool,
    clients: Vec<Arc<Client>>,
    owners: BTreeMap<GrantId, ClientId>,
}

/// The meeting place, shared by the world and every node.
#[derive(Debug)]
pub(super) struct Desk {
    slots: Mutex<Slots>,
    clock: AtomicU64,
    plant: Option<Plant>,
}

impl Desk {
    pub(super) fn new(clients: Vec<Client>, plant: Option<Plant>) -> Self {
        let (entropy, first_entropy) = (Prng::new(0), Prng::new(0));
        let clients = clients.into_iter().map(Arc::new).collect();
        let slots = Slots {
            asked: None,
            answer: None,
            entropy,
            first_entropy,
            looked_up: false,
            clients,
            owners: BTreeMap::new(),
        };
        Self { slots: Mutex::new(slots), clock: AtomicU64::new(0), plant }
    }

    fn slots(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The true time.
    pub(super) fn now(&self) -> Timestamp {
        Timestamp::from_unix_millis(self.clock.load(Ordering::Relaxed))
    }

    pub(super) fn set_clock(&self, millis: u64) {
        self.clock.store(millis, Ordering::Relaxed);
    }

    /// Puts an answer, and the chance of the exchange that is polled next, where it finds them.
    pub(super) fn prepare(&self, answer: Option<Answered>, entropy: Option<Prng>) {
        let mut slots = self.slots();
        slots.answer = answer;
        slots.asked = None;
        slots.looked_up = false;
        if let Some(entropy) = entropy {
            slots.first_entropy = entropy.clone();
            slots.entropy = entropy;
        }
    }

    /// What the exchange that was polled has asked for.
    pub(super) fn collect(&self) -> (Option<Operation>, bool) {
        let mut slots = self.slots();
        (slots.asked.take(), slots.looked_up)
    }

    /// The answer to the exchange that is polled.
    pub(super) fn take_answer(&self) -> Option<Answered> {
        self.slots().answer.take()
    }

    /// Asks without waiting for the answer.
    pub(super) fn ask_only(&self, operation: Operation) {
        self.slots().asked = Some(operation);
    }

    /// Entropy for an exchange.
    pub(super) fn entropy(&self) -> Entropy {
        Entropy::from_bytes(&self.slots().entropy.bytes())
    }

    /// Lets the exchange draw what it drew first.
    pub(super) fn rewind_entropy(&self) {
        let mut slots = self.slots();
        slots.entropy = slots.first_entropy.clone();
    }

    /// The present epoch of a client.
    pub(super) fn epoch(&self, client: usize) -> u64 {
        self.slots().clients.get(client).map_or(0, |client| client.grant_epoch)
    }

    pub(super) fn raise_epoch(&self, client: usize) {
        let mut slots = self.slots();
        if let Some(place) = slots.clients.get_mut(client) {
            let mut raised = Client::clone(place);
            raised.grant_epoch += 1;
            *place = Arc::new(raised);
        }
    }

    pub(super) fn look_up(&self, id: &ClientId) -> Option<Arc<Client>> {
        let mut slots = self.slots();
        slots.looked_up = true;
        let client = slots.clients.iter().find(|client| client.id() == id).cloned()?;
        if self.plant == Some(Plant::OldEpochServed) && client.grant_epoch > 0 {
            let mut old = Client::clone(&client);
            old.grant_epoch -= 1;
            return Some(Arc::new(old));
        }
        Some(client)
    }

    /// Notes whose a grant is.
    pub(super) fn note_owner(&self, grant: &Grant) {
        self.slots().owners.insert(grant.id(), grant.terms().client_id.clone());
    }

    /// Whose a grant is.
    pub(super) fn owner_of(&self, grant: &GrantId) -> Option<ClientId> {
        self.slots().owners.get(grant).cloned()
    }
}

/// The stores as an exchange sees them.
#[derive(Clone, Debug)]
pub(super) struct Port(pub(super) Arc<Desk>);

impl AsyncTokenStore for Port {
    type Error = StoreFailed;

    async fn load(&self, id: &GrantId) -> Result<Option<Grant>, StoreFailed> {
        match (Asking { desk: &self.0, operation: Some(Operation::Load(*id)) }).await {
            Answered::Loaded(found) => Ok(found),
            Answered::Committed(_) | Answered::Failed => Err(StoreFailed),
        }
    }

    async fn commit(&self, change: Change) -> Result<CommitOutcome, StoreFailed> {
        match (Asking { desk: &self.0, operation: Some(Operation::Commit(change)) }).await {
            Answered::Committed(outcome) => Ok(outcome),
            Answered::Loaded(_) | Answered::Failed => Err(StoreFailed),
        }
    }
}

impl AsyncClientStore for Port {
    type Error = StoreFailed;

    async fn client(&self, id: &ClientId) -> Result<Option<Arc<Client>>, StoreFailed> {
        Ok(self.0.look_up(id))
    }
}

/// A question that waits for its answer.
struct Asking<'d> {
    desk: &'d Desk,
    operation: Option<Operation>,
}

impl Future for Asking<'_> {
    type Output = Answered;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Answered> {
        let mut slots = self.desk.slots();
        if let Some(operation) = self.operation.take() {
            slots.asked = Some(operation);
            return Poll::Pending;
        }
        slots.answer.take().map_or(Poll::Pending, Poll::Ready)
    }
}
