//! The nodes over time: clocks that are set, and restarts with another pepper.
//!
//! A pepper is changed in three rounds, each node by itself: first every node accepts the new one, then every node
//! derives under it and still accepts the old one, and when the last retry under the old one is over, the old one goes.

use core::time::Duration;
use std::sync::Arc;

use regrant::WeakPepper;

use super::desk::Desk;
use super::node::{Driver, Node, Peppers, Skew};
use super::plant::Plant;
use super::prng::Prng;
use super::schedule::Schedule;
use super::tally::{Fault, Happening};
use super::world::World;

/// How many nodes serve.
pub(super) const NODES: usize = 3;
/// The rounds of three changes of the pepper, and the state before them.
const ROUNDS: usize = 10;
/// How long a pepper is still accepted when no node derives under it any more: longer than any window, and than
/// anything in the world is delayed.
const KEPT: Duration = Duration::from_mins(10);

/// What the world knows of its nodes.
#[derive(Debug)]
pub(super) struct Nodes {
    /// Every node in every round: `NODES` of the first, then `NODES` of the second.
    all: Vec<Node>,
    skews: Vec<Skew>,
    most_ahead: u64,
    plant: Option<Plant>,
}

/// In which round each place is.
#[derive(Debug)]
pub(super) struct Rounds {
    of: [usize; NODES],
    /// The true time at which the last place came to its round.
    since: u64,
}

impl Rounds {
    pub(super) fn starting_at(now: u64) -> Self {
        Self { of: [0; NODES], since: now }
    }
}

impl Nodes {
    /// How far the clock of a place is ahead now.
    pub(super) fn skew_of(&self, place: usize) -> Duration {
        self.skews.get(place).map(Skew::span).unwrap_or_default()
    }

    /// The nodes of a run. A planted bug of one node is that of the first.
    pub(super) fn of(
        desk: &Arc<Desk>,
        schedule: &Schedule,
        spread: Duration,
        rng: &mut Prng,
    ) -> Result<Self, WeakPepper> {
        let most_ahead = u64::try_from(spread.as_millis()).unwrap_or_default();
        let skews: Vec<Skew> = (0..NODES).map(|_| Skew::new(rng.between(0, most_ahead))).collect();
        if let Some(first) = skews.first().filter(|_| schedule.plant == Some(Plant::ClockBeyondWindow)) {
            first.set(120_000);
        }
        let drivers: Vec<Driver> = (0..NODES).map(|place| driver(place, schedule.plant, rng)).collect();
        let mut all = Vec::with_capacity(ROUNDS * NODES);
        for round in 0..ROUNDS {
            for (place, (skew, driver)) in skews.iter().zip(&drivers).enumerate() {
                let peppers = match (place, schedule.plant) {
                    (0, Some(Plant::WrongPepper)) => Peppers { current: 99, previous: None },
                    (_, Some(Plant::PepperChangedAtOnce)) => at_once(round),
                    _ => in_turn(round),
                };
                all.push(Node::new(desk, skew.clone(), peppers, *driver, schedule.plant)?);
            }
        }
        Ok(Self { all, skews, most_ahead, plant: schedule.plant })
    }
}

/// The peppers of a round.
fn in_turn(round: usize) -> Peppers {
    let old = u8::try_from(round / 3).unwrap_or_default();
    match round % 3 {
        0 => Peppers { current: old, previous: None },
        1 => Peppers { current: old, previous: Some(old + 1) },
        _ => Peppers { current: old + 1, previous: Some(old) },
    }
}

/// The same without the first round: whoever is not restarted yet cannot answer a retry under the new pepper.
fn at_once(round: usize) -> Peppers {
    let peppers = in_turn(round);
    if round % 3 == 1 { Peppers { previous: None, ..peppers } } else { peppers }
}

/// The second node runs a shipped driver, and every node does now and then, unless a bug is planted in them.
fn driver(place: usize, plant: Option<Plant>, rng: &mut Prng) -> Driver {
    let shipped = plant.is_none() && (place == 1 || rng.chance(300));
    match shipped {
        true if rng.chance(200) => Driver::Blocking,
        true => Driver::Awaited,
        false => Driver::Steps,
    }
}

impl<'n> World<'n> {
    /// The node that now stands at a place.
    pub(super) fn node_at(&self, place: usize) -> Option<&'n Node> {
        let round = self.rounds.of.get(place)?;
        self.nodes.all.get(round * NODES + place)
    }

    /// Somebody sets the clock of a node, forwards or backwards.
    pub(super) fn set_clock(&mut self, rng: &mut Prng) {
        let (place, millis) = (rng.index(NODES), rng.between(0, self.nodes.most_ahead));
        let fixed = place == 0 && self.nodes.plant == Some(Plant::ClockBeyondWindow);
        if let Some(skew) = self.nodes.skews.get(place).filter(|_| !fixed) {
            self.tally.fault(Fault::ClockSet);
            skew.set(millis);
        }
    }

    /// A node is restarted in the next round of a change of the pepper, if its time has come.
    pub(super) fn change_pepper(&mut self, place: usize) {
        let slowest = self.rounds.of.iter().min().copied().unwrap_or_default();
        let waited = Duration::from_millis(self.now - self.rounds.since);
        let Some(round) = self.rounds.of.get_mut(place).filter(|round| **round == slowest) else { return };
        // The round that takes the old pepper away waits for everybody, and for the last retry.
        let drops = (*round + 1).is_multiple_of(3);
        if *round + 1 == ROUNDS || (drops && waited < KEPT) {
            return;
        }
        *round += 1;
        if !drops {
            self.rounds.since = self.now;
        }
        self.crash_node(place);
        self.tally.happened(Happening::PepperChanged);
    }
}
