//! A schedule: the numbered steps of a seed, all of them or some.

use core::fmt;

use super::plant::Plant;
use super::prng::Prng;

/// What to run. Every step draws from a generator of its own, made of the seed and the step's number: a schedule with
/// fewer steps does the rest as before, as far as that is possible. So a failing schedule can be made smaller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The seed.
    pub seed: u64,
    /// The numbers of its steps, in order.
    pub steps: Vec<u32>,
    /// The planted bug, if there is one.
    pub plant: Option<Plant>,
}

impl Schedule {
    /// The first `steps` steps of a seed.
    pub fn new(seed: u64, steps: u32, plant: Option<Plant>) -> Self {
        Self { seed, steps: (0..steps).collect(), plant }
    }
}

/// Written as the one command that replays it.
impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cargo run --release -p regrant-testkit --example simulate -- --seed {}", self.seed)?;
        if let Some(plant) = self.plant {
            write!(f, " --plant {plant}")?;
        }
        let whole = self.steps.iter().zip(0..).all(|(step, number)| *step == number);
        if whole {
            return write!(f, " --steps {}", self.steps.len());
        }
        let numbers: Vec<String> = self.steps.iter().map(u32::to_string).collect();
        write!(f, " --only {}", numbers.join(","))
    }
}

/// What happens at a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Refresh,
    /// The same refresh several times at once.
    RefreshInParallel,
    /// A client with the credentials of the right client presents a copied token.
    Steal,
    /// Another client presents it.
    Stranger,
    StrangerRevokes,
    ClientCredentials,
    RevokeRefresh,
    RevokeAccess,
    Introspect,
    CallResource,
    EndByHost,
    RaiseEpoch,
    Purge,
    CrashNode,
    CrashStore,
    SetClock,
    ChangePepper,
}

/// How often each action is taken, in shares.
const SHARES: [(Action, u64); 17] = [
    (Action::Refresh, 400),
    (Action::RefreshInParallel, 60),
    (Action::Steal, 70),
    (Action::Stranger, 30),
    (Action::StrangerRevokes, 10),
    (Action::ClientCredentials, 10),
    (Action::RevokeRefresh, 12),
    (Action::RevokeAccess, 20),
    (Action::Introspect, 120),
    (Action::CallResource, 160),
    (Action::EndByHost, 10),
    (Action::RaiseEpoch, 2),
    (Action::Purge, 6),
    (Action::CrashNode, 10),
    (Action::CrashStore, 10),
    (Action::SetClock, 10),
    (Action::ChangePepper, 20),
];

impl Action {
    pub(super) fn draw(rng: &mut Prng) -> Self {
        let all = SHARES.iter().map(|(_, share)| share).sum();
        let mut left = rng.between(1, all);
        for (action, share) in SHARES {
            if left <= share {
                return action;
            }
            left -= share;
        }
        Self::Refresh
    }
}

/// How long after the step before a step is taken, in milliseconds: mostly at once, sometimes at the edge of a window
/// or far beyond it.
pub(super) fn gap(rng: &mut Prng) -> u64 {
    match rng.between(0, 999) {
        0..600 => rng.between(0, 60),
        600..900 => rng.between(60, 2_000),
        900..970 => rng.between(5_000, 15_000),
        970..995 => rng.between(30_000, 90_000),
        _ => rng.between(300_000, 4_000_000),
    }
}
