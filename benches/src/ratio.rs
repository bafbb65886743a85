//! Two things measured in turns, so that both see the same mood of the machine.

use std::time::{Duration, Instant};

/// What pairs of measurements came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Pairs {
    /// The ratio `work / floor` of the time of each pair, ascending: 1.0 means as fast as the floor.
    pub ratios: Vec<f64>,
    /// The median of the seconds that one call of the floor took.
    pub floor: f64,
    /// The median of the seconds that one call of the work took.
    pub work: f64,
}

impl Pairs {
    /// Runs `floor` and `work` in turns, `rounds` times `batch` calls each. Which of the two begins changes with each
    /// round.
    pub fn measure(rounds: usize, batch: usize, mut floor: impl FnMut(), mut work: impl FnMut()) -> Self {
        let rounds = (0..rounds).map(|round| {
            if round % 2 == 0 {
                let bare = timed(batch, &mut floor);
                (bare, timed(batch, &mut work))
            } else {
                let full = timed(batch, &mut work);
                (timed(batch, &mut floor), full)
            }
        });
        let times: Vec<(Duration, Duration)> = rounds.collect();
        Self::of(&times, batch)
    }

    /// Pairs that were timed elsewhere: the floor first, then the work, each over `batch` calls.
    pub fn of(times: &[(Duration, Duration)], batch: usize) -> Self {
        let calls = f64::from(u32::try_from(batch).unwrap_or(u32::MAX));
        let seconds = |time: &Duration| time.as_secs_f64() / calls;
        let floor = median(times.iter().map(|(floor, _)| seconds(floor)).collect());
        let work = median(times.iter().map(|(_, work)| seconds(work)).collect());
        let mut ratios: Vec<f64> = times.iter().map(|(floor, work)| seconds(work) / seconds(floor)).collect();
        ratios.sort_by(f64::total_cmp);
        Self { ratios, floor, work }
    }

    /// The median of the ratios `work / floor`.
    pub fn ratio(&self) -> f64 {
        median(self.ratios.clone())
    }

    /// The same pairs, seen from the other side: `floor / work`, which is the ratio of the rates.
    #[must_use]
    pub fn inverse(&self) -> Self {
        let ratios = self.ratios.iter().rev().map(|ratio| 1.0 / ratio).collect();
        Self { ratios, floor: self.work, work: self.floor }
    }
}

/// The middle of some values; the upper one of two. Not a number where there is none.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// [`Pairs::measure`], for who wants the ratio alone.
pub fn paired(rounds: usize, batch: usize, floor: impl FnMut(), work: impl FnMut()) -> f64 {
    Pairs::measure(rounds, batch, floor, work).ratio()
}

/// How long `batch` calls take.
pub fn timed(batch: usize, mut work: impl FnMut()) -> Duration {
    let start = Instant::now();
    for _ in 0..batch {
        work();
    }
    start.elapsed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ratio_is_the_median_of_the_pairs_and_not_of_the_sums() {
        let second = Duration::from_secs;
        let times = [(second(1), second(2)), (second(10), second(30)), (second(1), second(4))];
        let pairs = Pairs::of(&times, 1);
        assert_eq!((pairs.ratio(), pairs.floor, pairs.work), (3.0, 1.0, 4.0));
        assert_eq!(pairs.ratios, [2.0, 3.0, 4.0]);
    }

    #[test]
    fn the_inverse_of_the_time_is_the_rate() {
        let pairs = Pairs::of(&[(Duration::from_secs(1), Duration::from_secs(4))], 2).inverse();
        assert_eq!((pairs.ratio(), pairs.floor, pairs.work), (0.25, 2.0, 0.5));
    }

    #[test]
    fn both_are_called_as_often_as_was_asked() {
        let (mut floor, mut work) = (0, 0);
        let pairs = Pairs::measure(3, 5, || floor += 1, || work += 1);
        assert_eq!((floor, work, pairs.ratios.len()), (15, 15, 3));
    }
}
