//! The time of a refresh, beside the peers, in turns.
#![expect(clippy::cast_precision_loss, reason = "numbers of grants and calls are far below 2^52")]

use regrant_benches::{Mode, Pairs, Results};
use regrant_peers::oauth_as::OauthAs;
use regrant_peers::ours::Regrant;
use regrant_peers::oxide::Oxide;
use regrant_peers::{Done, Side};

fn main() -> Done {
    let mode = Mode::of_environment();
    let mut results = Results::begin("peers")?;
    results.text("peers/version/oxide-auth", "0.6.1")?;
    results.text("peers/version/oauth-as", "1.0.1")?;
    for grants in mode.pick(vec![1_000], vec![1_000, 100_000, 1_000_000]) {
        at(&mut results, mode, grants)?;
    }
    Ok(())
}

fn at(results: &mut Results, mode: Mode, grants: usize) -> Done {
    let (mut ours, mut oxide, mut oauth_as) = (Regrant::with(grants)?, Oxide::with(grants)?, OauthAs::with(grants)?);
    let batch = 1_000.min(grants);
    let (mut beside_oxide, mut beside_oauth_as) = (Vec::new(), Vec::new());
    for round in 0..mode.pick(5, 61) {
        let picked: Vec<usize> = (round * 104_729..).step_by(7_919).take(batch).map(|at| at % grants).collect();
        // Ours first and last, so that neither peer has a better neighbour.
        let first = ours.refresh(&picked)?;
        beside_oxide.push((first, oxide.refresh(&picked)?));
        let theirs = oauth_as.refresh(&picked)?;
        beside_oauth_as.push((ours.refresh(&picked)?, theirs));
        ours.hours_later()?;
        later(&mut oauth_as, round, grants)?;
    }
    results.pairs(&format!("peers/oxide-auth/{grants}"), &Pairs::of(&beside_oxide, batch))?;
    results.pairs(&format!("peers/oauth-as/{grants}"), &Pairs::of(&beside_oauth_as, batch))?;
    results.figure(&format!("peers/batch/{grants}"), "count", batch as f64)
}

/// A sweep looks at every record: not after every batch where there are many.
fn later(side: &mut OauthAs, round: usize, grants: usize) -> Done {
    if grants <= 100_000 || round.is_multiple_of(20) { side.hours_later() } else { Ok(()) }
}
