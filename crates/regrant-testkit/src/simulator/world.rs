//! The world: time, the network, the store and its faults, and every exchange that is under way.

use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::collections::BTreeMap;

use regrant::{Change, CommitOutcome, GrantId, Timestamp};

use super::ask::{Answer, Ask, Verb};
use super::desk::{Answered, Desk, Operation};
use super::holder::Holder;
use super::node::Serving;
use super::oracle::{Oracle, Written};
use super::prng::Prng;
use super::restart::{Nodes, Rounds};
use super::store::{Applied, Store};
use super::tally::{Fault, Happening, Tally};
use super::trail::{Shown, Trail};
use super::violation::{Property, Violation, holds};

/// The true time at which every run begins.
const BEGINNING: u64 = 1_700_000_000_000;

/// How long a dead record stays before it is purged: longer than anything in the world is delayed.
const PURGE_MARGIN: Duration = Duration::from_mins(10);

/// Whom an answer is for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recipient {
    pub(super) slot: usize,
    /// The number of the holder's own request; `None` for anybody else's, who only copies what comes.
    pub(super) request: Option<u64>,
}

/// Something that will happen.
#[derive(Debug)]
pub(super) enum Event {
    Arrive {
        ask: Ask,
        to: Recipient,
        node: usize,
        rng: Prng,
    },
    Execute {
        exchange: usize,
        operation: Operation,
        asked_at: u64,
    },
    /// A commit that the caller was told had failed.
    ExecuteLate {
        exchange: usize,
        change: Change,
        asked_at: u64,
    },
    Settle {
        exchange: usize,
        answered: Answered,
        asked_at: u64,
    },
    Deliver {
        to: Recipient,
        answer: Answer,
    },
    TimeOut {
        slot: usize,
        request: u64,
        rng: Prng,
    },
    EndByHost {
        slot: usize,
    },
    Purge,
}

/// A request at a node.
struct Running<'n> {
    /// The place of its node.
    place: usize,
    to: Recipient,
    rng: Prng,
    /// `None` once it is answered, or its node has crashed.
    serving: Option<Serving<'n>>,
    trail: Trail,
}

/// The whole of a run.
pub(super) struct World<'n> {
    pub(super) now: u64,
    events: BTreeMap<(u64, u64), Event>,
    sequence: u64,
    pub(super) nodes: &'n Nodes,
    pub(super) rounds: Rounds,
    pub(super) desk: &'n Desk,
    pub(super) store: Store,
    pub(super) oracle: Oracle,
    pub(super) tally: Tally,
    pub(super) holders: Vec<Holder>,
    pub(super) windows: Vec<Duration>,
    pub(super) spread: Duration,
    /// Dead records are purged without a margin. A late insert would then bring one back, so that none is late: that
    /// the margin exceeds every delay of the store is the host's part of the promise.
    pub(super) purges_at_once: bool,
    running: Vec<Running<'n>>,
    store_crashed_at: u64,
    pub(super) requests: u64,
}

impl<'n> World<'n> {
    pub(super) fn new(nodes: &'n Nodes, desk: &'n Desk, store: Store, oracle: Oracle, spread: Duration) -> Self {
        Self {
            now: BEGINNING,
            events: BTreeMap::new(),
            sequence: 0,
            nodes,
            rounds: Rounds::starting_at(BEGINNING),
            desk,
            store,
            oracle,
            tally: Tally::default(),
            holders: (0..12).map(Holder::new).collect(),
            windows: Vec::new(),
            spread,
            purges_at_once: false,
            running: Vec::new(),
            store_crashed_at: 0,
            requests: 0,
        }
    }

    pub(super) fn simulated_millis(&self) -> u64 {
        self.now - BEGINNING
    }

    pub(super) fn after(&mut self, delay: u64, event: Event) {
        self.sequence += 1;
        self.events.insert((self.now + delay, self.sequence), event);
    }

    /// Lets everything happen that is due until then.
    pub(super) fn run_until(&mut self, end: u64) -> Result<(), Violation> {
        while let Some(entry) = self.events.first_entry().filter(|entry| entry.key().0 <= end) {
            let ((at, _), event) = entry.remove_entry();
            self.set_time(at);
            self.happen(event)?;
        }
        self.set_time(end);
        Ok(())
    }

    /// Lets everything happen that is under way.
    pub(super) fn drain(&mut self) -> Result<(), Violation> {
        while let Some(((at, _), _)) = self.events.last_key_value() {
            self.run_until(*at)?;
        }
        Ok(())
    }

    fn set_time(&mut self, now: u64) {
        self.now = now;
        self.desk.set_clock(now);
    }

    fn happen(&mut self, event: Event) -> Result<(), Violation> {
        match event {
            Event::Arrive { ask, to, node, rng } => self.arrive(ask, to, node, rng),
            Event::Execute { exchange, operation, asked_at } => self.execute(exchange, operation, asked_at),
            Event::ExecuteLate { exchange, change, asked_at } => {
                let survives = asked_at > self.store_crashed_at || self.chance(exchange, 500);
                if survives { self.write(exchange, change, asked_at).map(drop) } else { Ok(()) }
            }
            Event::Settle { exchange, answered, asked_at } => self.settle(exchange, answered, asked_at),
            Event::Purge => self.purge(),
            Event::EndByHost { slot } => {
                self.end_by_host(slot);
                Ok(())
            }
            Event::Deliver { to, answer } => {
                self.delivered(to, &answer);
                Ok(())
            }
            Event::TimeOut { slot, request, rng } => {
                self.timed_out(slot, request, rng);
                Ok(())
            }
        }
    }

    fn arrive(&mut self, ask: Ask, to: Recipient, place: usize, mut rng: Prng) -> Result<(), Violation> {
        let Some(server) = self.node_at(place) else { return Ok(()) };
        self.tally.requests += 1;
        self.tally.happened(server.driver.happening());
        let entropy = rng.fork();
        let trail = Trail::new(ask.clone(), server.skew());
        let serving = Some(server.serve(ask));
        self.running.push(Running { place, to, rng, serving, trail });
        self.poll(self.running.len() - 1, None, Some(entropy))
    }

    /// Polls one exchange, and takes up what it asks for or what it answers.
    fn poll(&mut self, exchange: usize, answered: Option<Answered>, entropy: Option<Prng>) -> Result<(), Violation> {
        let Some(running) = self.running.get_mut(exchange) else { return Ok(()) };
        let Some(serving) = running.serving.as_mut() else { return Ok(()) };
        self.desk.prepare(answered, entropy);
        let poll = serving.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        let (asked, looked_up) = self.desk.collect();
        if looked_up {
            let owner = self.oracle.owner(&running.trail).filter(|_| running.trail.ask.verb != Verb::Refresh);
            running.trail.epoch = self.desk.epoch(owner.unwrap_or(running.trail.ask.client));
        }
        if let Some(operation) = asked {
            if let Operation::Commit(change) = &operation {
                running.trail.commits_end = matches!(change, Change::End { .. });
                self.oracle.commit_asked(&running.trail, change.grant_id())?;
            }
            let delay = self.store_delay(exchange);
            self.after(delay, Event::Execute { exchange, operation, asked_at: self.now });
        }
        match poll {
            Poll::Ready(answer) => self.finish(exchange, answer),
            Poll::Pending => Ok(()),
        }
    }

    /// The store comes to an operation.
    fn execute(&mut self, exchange: usize, operation: Operation, asked_at: u64) -> Result<(), Violation> {
        self.tally.store_operations += 1;
        let answered = if asked_at <= self.store_crashed_at {
            self.execute_after_crash(exchange, operation, asked_at)?
        } else {
            match operation {
                Operation::Load(id) => self.load(exchange, id),
                Operation::Commit(change) => self.commit(exchange, change, asked_at)?,
            }
        };
        let delay = self.store_delay(exchange);
        self.after(delay, Event::Settle { exchange, answered, asked_at });
        Ok(())
    }

    /// What was asked for before a crash is kept or lost, and never acknowledged.
    fn execute_after_crash(
        &mut self,
        exchange: usize,
        operation: Operation,
        asked_at: u64,
    ) -> Result<Answered, Violation> {
        if let Operation::Commit(change) = operation
            && self.chance(exchange, 500)
        {
            return self.write(exchange, change, asked_at).map(|_| Answered::Failed);
        }
        Ok(Answered::Failed)
    }

    fn load(&mut self, exchange: usize, id: GrantId) -> Answered {
        if self.chance(exchange, 10) {
            self.tally.fault(Fault::LoadFailed);
            return Answered::Failed;
        }
        let Some(running) = self.running.get_mut(exchange) else { return Answered::Failed };
        Answered::Loaded(self.store.load(&id, &mut running.rng))
    }

    /// A commit, and the faults of a store that keeps its promises.
    fn commit(&mut self, exchange: usize, change: Change, asked_at: u64) -> Result<Answered, Violation> {
        let Some(running) = self.running.get_mut(exchange) else { return Ok(Answered::Failed) };
        // An end meets no conflict, with itself or with others: it takes place at every revision.
        let may_conflict = !matches!(change, Change::End { .. });
        match running.rng.between(0, 999) {
            0..15 => {
                self.tally.fault(Fault::FailedBeforeCommit);
                Ok(Answered::Failed)
            }
            15..40 => {
                self.tally.fault(Fault::FailedAfterCommit);
                self.write(exchange, change, asked_at).map(|_| Answered::Failed)
            }
            40..50 if !(self.purges_at_once && matches!(change, Change::Insert(_))) => {
                self.tally.fault(Fault::CommittedLate);
                let delay = running.rng.between(1, 4_000);
                self.after(delay, Event::ExecuteLate { exchange, change, asked_at });
                Ok(Answered::Failed)
            }
            50..70 if may_conflict => {
                self.tally.fault(Fault::ConflictInvented);
                Ok(Answered::Committed(CommitOutcome::Conflict))
            }
            70..90 if may_conflict => {
                self.tally.fault(Fault::ConflictWithItself);
                running.trail.disturbed = true;
                self.write(exchange, change, asked_at).map(|_| Answered::Committed(CommitOutcome::Conflict))
            }
            _ => self.write(exchange, change, asked_at).map(Answered::Committed),
        }
    }

    fn write(&mut self, exchange: usize, change: Change, asked_at: u64) -> Result<CommitOutcome, Violation> {
        let Some(running) = self.running.get_mut(exchange) else { return Ok(CommitOutcome::Conflict) };
        let Applied { outcome, before, written } = self.store.commit(change, &mut running.rng);
        if let Some(after) = written {
            self.desk.note_owner(&after);
            let write = Written { before: before.as_ref(), after: &after, decided_at: asked_at, now: self.now };
            self.oracle.written(&mut running.trail, &write)?;
        }
        Ok(outcome)
    }

    /// The store's answer reaches the node.
    fn settle(&mut self, exchange: usize, answered: Answered, asked_at: u64) -> Result<(), Violation> {
        let crashed = asked_at <= self.store_crashed_at;
        let answered = if crashed { Answered::Failed } else { answered };
        let Some(running) = self.running.get_mut(exchange) else { return Ok(()) };
        let trail = &mut running.trail;
        trail.skew = self.nodes.skew_of(running.place);
        match &answered {
            Answered::Loaded(grant) => {
                let node_time = Timestamp::from_unix_millis(self.now).after(trail.skew);
                trail.shown = Some(Shown { grant: grant.clone(), asked_at, decided_at: self.now, node_time });
            }
            Answered::Committed(CommitOutcome::Conflict) => trail.conflicts += 1,
            Answered::Committed(CommitOutcome::Committed) => {}
            Answered::Failed => {
                trail.disturbed = true;
                trail.in_doubt |= !trail.commits_end;
            }
        }
        self.poll(exchange, Some(answered), None)
    }

    /// An exchange has its answer.
    fn finish(&mut self, exchange: usize, answer: Answer) -> Result<(), Violation> {
        let Some(running) = self.running.get_mut(exchange) else { return Ok(()) };
        running.serving = None;
        self.oracle.answered(&running.trail, &answer)?;
        self.tally.happened(self.oracle.name(&running.trail, &answer));
        let (to, mut rng) = (running.to, running.rng.fork());
        if rng.chance(40) {
            self.tally.fault(Fault::AnswerLost);
            return Ok(());
        }
        if rng.chance(20) {
            self.tally.fault(Fault::AnswerDuplicated);
            let delay = self.network_delay(&mut rng);
            self.after(delay, Event::Deliver { to, answer: answer.clone() });
        }
        let delay = self.network_delay(&mut rng);
        self.after(delay, Event::Deliver { to, answer });
        Ok(())
    }

    pub(super) fn crash_node(&mut self, place: usize) {
        self.tally.fault(Fault::NodeCrashed);
        self.running.iter_mut().filter(|running| running.place == place).for_each(|running| running.serving = None);
    }

    pub(super) fn crash_store(&mut self) {
        self.tally.fault(Fault::StoreCrashed);
        self.store_crashed_at = self.now;
    }

    /// Purges what has long been dead.
    pub(super) fn purge(&mut self) -> Result<(), Violation> {
        let margin = if self.purges_at_once { Duration::ZERO } else { PURGE_MARGIN };
        let before = Timestamp::from_unix_millis(self.now).before(margin);
        for id in self.store.purge(before) {
            self.tally.happened(Happening::Purged);
            let dead = self.oracle.purged(id, before);
            holds(dead, Property::AnswerStands, || format!("the living record {id} was purged"))?;
        }
        Ok(())
    }

    fn chance(&mut self, exchange: usize, per_mille: u64) -> bool {
        self.running.get_mut(exchange).is_some_and(|running| running.rng.chance(per_mille))
    }

    fn store_delay(&mut self, exchange: usize) -> u64 {
        let Some(running) = self.running.get_mut(exchange) else { return 0 };
        match running.rng.between(0, 999) {
            0..990 => running.rng.between(0, 15),
            990..998 => running.rng.between(15, 1_000),
            _ => {
                self.tally.fault(Fault::StoreSlow);
                running.rng.between(1_000, 5_000)
            }
        }
    }

    pub(super) fn network_delay(&mut self, rng: &mut Prng) -> u64 {
        match rng.between(0, 999) {
            0..960 => rng.between(1, 40),
            960..992 => rng.between(40, 1_000),
            _ => {
                self.tally.fault(Fault::MessageDelayed);
                if rng.chance(800) { rng.between(1_000, 5_000) } else { rng.between(5_000, 80_000) }
            }
        }
    }
}
