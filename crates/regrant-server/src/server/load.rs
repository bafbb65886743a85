//! Telling the operator that the store has more to do than it can.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::store::Store;

/// How often.
const PERIOD: Duration = Duration::from_secs(10);

/// Logs how many calls the store has refused, for as long as the server runs: one line for all of them, since a line
/// for each would be written while there is too much to do already.
pub(super) async fn forever(store: Arc<Store>) {
    let mut turns = interval(PERIOD);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut told = 0;
    loop {
        turns.tick().await;
        let Some(now) = store.statistics() else { return };
        if let Some(refused) = refused_since(&mut told, now.overloaded) {
            let (waiting, largest_group) = (now.waiting, now.largest_group);
            tracing::warn!(refused, waiting, largest_group, "too many calls waited for the store, some were refused");
        }
    }
}

/// How many were refused since it was told last, if any were.
const fn refused_since(told: &mut u64, all: u64) -> Option<u64> {
    let refused = all.wrapping_sub(*told);
    *told = all;
    if refused == 0 { None } else { Some(refused) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_is_told_once() {
        let mut told = 0;
        let told = [0, 3, 3, 4].map(|all| refused_since(&mut told, all));
        assert_eq!(told, [None, Some(3), None, Some(1)]);
    }
}
