//! Instants, in milliseconds since the Unix epoch. The core has no clock: a host hands the time in.

use core::fmt;
use core::num::NonZeroU64;
use core::time::Duration;

use serde::{Deserialize, Serialize};

/// An instant: whole milliseconds since 1970-01-01T00:00:00Z, from 0 to `i64::MAX`.
///
/// The range is what a signed 64-bit column holds. All arithmetic saturates at its ends, so a lifetime that reaches
/// past the end of time is cut there and never wraps to an earlier instant.
///
/// It is kept as one more than its milliseconds: an `Option` of it is then no larger, and a record has several.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "u64", into = "u64")]
pub struct Timestamp(NonZeroU64);

impl Timestamp {
    /// The first instant, 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(NonZeroU64::MIN);
    /// The last instant that can be told: `i64::MAX` milliseconds.
    pub const MAX: Self = Self(NonZeroU64::MIN.saturating_add(i64::MAX.unsigned_abs()));

    /// The instant `millis` milliseconds after the epoch, cut to [`Timestamp::MAX`].
    pub const fn from_unix_millis(millis: u64) -> Self {
        // A comparison that lets `MAX` itself through to the first branch would say the same.
        if millis > Self::MAX.unix_millis() { Self::MAX } else { Self(NonZeroU64::MIN.saturating_add(millis)) }
    }

    /// The instant `seconds` seconds after the epoch, cut to [`Timestamp::MAX`].
    pub const fn from_unix_seconds(seconds: u64) -> Self {
        Self::from_unix_millis(seconds.saturating_mul(1000))
    }

    /// Milliseconds since the epoch.
    pub const fn unix_millis(self) -> u64 {
        self.0.get() - 1
    }

    /// Seconds since the epoch, rounded down: the unit of `exp` and `iat` (RFC 7662 §2.2, N-218).
    pub const fn unix_seconds(self) -> u64 {
        self.unix_millis() / 1000
    }

    /// This instant and `span` later, cut to [`Timestamp::MAX`].
    #[must_use]
    pub const fn after(self, span: Duration) -> Self {
        Self::from_unix_millis(self.unix_millis().saturating_add(millis(span)))
    }

    /// This instant less `span`, cut to the epoch.
    #[must_use]
    pub const fn before(self, span: Duration) -> Self {
        Self::from_unix_millis(self.unix_millis().saturating_sub(millis(span)))
    }

    /// The time between two instants, whichever is the later.
    pub const fn distance(self, other: Self) -> Duration {
        Duration::from_millis(self.unix_millis().abs_diff(other.unix_millis()))
    }

    /// Whole seconds from `now` until this instant, rounded down; 0 when it has passed. The unit of `expires_in`.
    pub const fn seconds_from(self, now: Self) -> u64 {
        self.unix_millis().saturating_sub(now.unix_millis()) / 1000
    }
}

impl Default for Timestamp {
    fn default() -> Self {
        Self::EPOCH
    }
}

impl From<u64> for Timestamp {
    /// See [`Timestamp::from_unix_millis`].
    fn from(millis: u64) -> Self {
        Self::from_unix_millis(millis)
    }
}

impl From<Timestamp> for u64 {
    /// See [`Timestamp::unix_millis`].
    fn from(at: Timestamp) -> Self {
        at.unix_millis()
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Timestamp({})", self.unix_millis())
    }
}

/// The whole milliseconds of a span, saturating.
const fn millis(span: Duration) -> u64 {
    let seconds = span.as_secs().saturating_mul(1000);
    seconds.saturating_add(span.subsec_millis() as u64)
}

/// Where the engine's host reads the time. Any `Fn() -> Timestamp` is a clock.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;
}

impl<F: Fn() -> Timestamp + Send + Sync> Clock for F {
    fn now(&self) -> Timestamp {
        self()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Any instant; the ends of time and what lies beside them more often than chance has it.
    fn instant() -> impl Strategy<Value = Timestamp> {
        prop_oneof![0..9_u64, (Timestamp::MAX.unix_millis() - 9)..=u64::MAX, any::<u64>()]
            .prop_map(Timestamp::from_unix_millis)
    }

    fn span() -> impl Strategy<Value = Duration> {
        prop_oneof![
            (0..9_u64).prop_map(Duration::from_millis),
            any::<u64>().prop_map(Duration::from_millis),
            (any::<u64>(), 0..1_000_000_000_u32).prop_map(|(seconds, nanos)| Duration::new(seconds, nanos)),
        ]
    }

    proptest! {
        #[test]
        fn no_arithmetic_wraps(instant in instant(), span in span()) {
            let (later, earlier) = (instant.after(span), instant.before(span));
            prop_assert!(earlier <= instant && instant <= later && later <= Timestamp::MAX);
            prop_assert!(later.distance(instant) <= span && instant.distance(earlier) <= span);
            prop_assert!(u128::from(later.seconds_from(instant)) <= u128::from(span.as_secs()));
            prop_assert_eq!(instant.seconds_from(later), 0);
        }

        #[test]
        fn a_later_instant_stays_later(a in instant(), b in instant(), span in span()) {
            prop_assert!((a <= b) == (a.0 <= b.0) && (a > b || a.after(span) <= b.after(span)));
            prop_assert_eq!(a.distance(b), b.distance(a));
            prop_assert_eq!(Timestamp::from_unix_seconds(a.unix_seconds()).unix_seconds(), a.unix_seconds());
        }
    }

    #[test]
    fn arithmetic_at_the_ends_of_time_saturates() {
        assert_eq!(Timestamp::from_unix_millis(u64::MAX), Timestamp::MAX);
        assert_eq!(Timestamp::MAX.after(Duration::MAX), Timestamp::MAX);
        assert_eq!(Timestamp::EPOCH.after(Duration::MAX), Timestamp::MAX);
        assert_eq!(Timestamp::EPOCH.before(Duration::from_millis(1)), Timestamp::EPOCH);
    }

    #[test]
    fn an_instant_is_its_milliseconds_to_serde() {
        for millis in [0, 1, 1_700_000_000_123, i64::MAX.unsigned_abs()] {
            assert_eq!(u64::from(Timestamp::from(millis)), millis);
        }
        assert_eq!(Timestamp::from(u64::MAX), Timestamp::MAX, "what is beyond is cut");
    }

    #[test]
    fn n_218_seconds_are_rounded_down() {
        let seconds = |millis| Timestamp::from_unix_millis(millis).unix_seconds();
        assert_eq!([0, 999, 1_000, 1_999, 2_000].map(seconds), [0, 0, 1, 1, 2]);
    }

    #[test]
    fn remaining_seconds_are_rounded_down_and_never_negative() {
        let now = Timestamp::from_unix_millis(1_000);
        assert_eq!(Timestamp::from_unix_millis(2_999).seconds_from(now), 1);
        assert_eq!(Timestamp::EPOCH.seconds_from(now), 0);
    }
}
