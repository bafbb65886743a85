//! The time of a refresh, beside the peers, in turns.
#![expect(clippy::cast_precision_loss, reason = "numbers of grants and calls are far below 2^52")]

use std::time::Duration;

use regrant_benches::{Mode, Pairs, Results};
use regrant_peers::oauth_as::OauthAs;
use regrant_peers::ours::Regrant;
use regrant_peers::oxide::Oxide;
use regrant_peers::{Done, Side, version_of};

fn main() -> Done {
    let mode = Mode::of_environment();
    let mut results = Results::begin("peers")?;
    for peer in ["oxide-auth", "oauth-as"] {
        results.text(&format!("peers/version/{peer}"), version_of(peer).ok_or("a peer that is not locked")?)?;
    }
    for grants in mode.pick(vec![1_000], vec![1_000, 100_000, 1_000_000]) {
        at(&mut results, mode, grants)?;
    }
    Ok(())
}

fn at(results: &mut Results, mode: Mode, grants: usize) -> Done {
    let (mut ours, mut oxide, mut oauth_as) = (Regrant::with(grants)?, Oxide::with(grants)?, OauthAs::with(grants)?);
    let batch = 1_000.min(grants / 2);
    let (mut beside_oxide, mut beside_oauth_as) = (Vec::new(), Vec::new());
    for round in 0..mode.pick(5, 61) {
        // Other grants beside each peer: ours would be in the cache the second time. The two halves never meet, since the
        // step has no divisor in common with the number of grants, and half as many steps lie between them.
        let from = round * 104_729;
        let [first, second] = [from, from + grants / 2].map(|from| picked(from, batch, grants));
        beside_oxide.push(in_turns(round, &mut ours, &mut oxide, &first)?);
        beside_oauth_as.push(in_turns(round, &mut ours, &mut oauth_as, &second)?);
        ours.hours_later()?;
        later(&mut oauth_as, round, grants)?;
    }
    results.pairs(&format!("peers/oxide-auth/{grants}"), &Pairs::of(&beside_oxide, batch))?;
    results.pairs(&format!("peers/oauth-as/{grants}"), &Pairs::of(&beside_oauth_as, batch))?;
    results.figure(&format!("peers/batch/{grants}"), "count", batch as f64)
}

fn picked(from: usize, batch: usize, grants: usize) -> Vec<usize> {
    (from..).step_by(7_919).take(batch).map(|at| at % grants).collect()
}

/// How many requests are prepared at once. A server has a few at hand, and they are in its cache: a thousand of them, with their
/// answers, would be a million bytes that each side reads from memory beside its own records.
const AT_HAND: usize = 32;

/// The same grants by both, a few at a time and each first in every other turn: the times of ours and of theirs.
fn in_turns(round: usize, ours: &mut Regrant, theirs: &mut impl Side, picked: &[usize]) -> Done<(Duration, Duration)> {
    let mut both = (Duration::ZERO, Duration::ZERO);
    for (turn, grants) in picked.chunks(AT_HAND).enumerate() {
        if (round + turn).is_multiple_of(2) {
            both.0 += ours.refresh(grants)?;
            both.1 += theirs.refresh(grants)?;
        } else {
            both.1 += theirs.refresh(grants)?;
            both.0 += ours.refresh(grants)?;
        }
    }
    Ok(both)
}

/// A sweep looks at every record: not after every batch where there are many.
fn later(side: &mut OauthAs, round: usize, grants: usize) -> Done {
    if grants <= 100_000 || round.is_multiple_of(20) { side.hours_later() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_grant_is_picked_twice_in_a_round() {
        for grants in [1_000, 100_000, 1_000_000] {
            let batch = 1_000.min(grants / 2);
            let mut all = [3 * 104_729, 3 * 104_729 + grants / 2].map(|from| picked(from, batch, grants)).concat();
            all.sort_unstable();
            all.dedup();
            assert_eq!(all.len(), 2 * batch);
        }
    }
}
