//! Durations as the configuration file writes them.

use std::fmt;
use std::time::Duration;

use serde::de::{self, Deserialize, Deserializer, Visitor};

/// A span of time: a whole number and one of `s m h d`, from `0s` up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span(pub Duration);

/// A text that is no span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a whole number and one of s, m, h and d, such as \"30s\"")]
pub struct InvalidSpan;

impl Span {
    /// The longest span: a hundred years of 365 days. What is longer is `never`, or a slip of the keyboard.
    pub const MAX: Duration = Duration::from_hours(36_500 * 24);

    /// Reads a span.
    ///
    /// # Errors
    /// [`InvalidSpan`] for anything else, a sign or a fraction included, and for what exceeds [`Span::MAX`].
    pub fn parse(text: &str) -> Result<Self, InvalidSpan> {
        let (digits, factor) = split(text).ok_or(InvalidSpan)?;
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(InvalidSpan);
        }
        let number: u64 = digits.parse().map_err(|_| InvalidSpan)?;
        let span = Duration::from_secs(number.checked_mul(factor).ok_or(InvalidSpan)?);
        if span > Self::MAX { Err(InvalidSpan) } else { Ok(Self(span)) }
    }
}

/// The digits, and the seconds of the unit.
fn split(text: &str) -> Option<(&str, u64)> {
    let units = [('s', 1), ('m', 60), ('h', 3_600), ('d', 86_400)];
    units.into_iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor)))
}

impl std::str::FromStr for Span {
    type Err = InvalidSpan;

    fn from_str(text: &str) -> Result<Self, InvalidSpan> {
        Self::parse(text)
    }
}

/// The shortest way to write a span.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let units = [('d', 86_400), ('h', 3_600), ('m', 60)];
        let found = units.into_iter().find(|(_, factor)| seconds > 0 && seconds.is_multiple_of(*factor));
        let (unit, factor) = found.unwrap_or(('s', 1));
        write!(f, "{}{unit}", seconds / factor)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SpanVisitor;
        impl Visitor<'_> for SpanVisitor {
            type Value = Span;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number and one of s, m, h and d in quotes")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Span, E> {
                Span::parse(text).map_err(E::custom)
            }
        }
        deserializer.deserialize_str(SpanVisitor)
    }
}

/// The life of a grant: a span, or the word `never`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life(pub Option<Duration>);

impl Life {
    /// Reads a life.
    ///
    /// # Errors
    /// [`InvalidSpan`] for what is neither `never` nor a span.
    pub fn parse(text: &str) -> Result<Self, InvalidSpan> {
        if text == "never" { Ok(Self(None)) } else { Span::parse(text).map(|span| Self(Some(span.0))) }
    }
}

impl fmt::Display for Life {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(span) => Span(span).fmt(f),
            None => f.write_str("never"),
        }
    }
}

impl<'de> Deserialize<'de> for Life {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(|error| de::Error::custom(format_args!("{error}, or \"never\"")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_a_whole_number_and_a_unit() {
        let seconds = |text| Span::parse(text).unwrap().0.as_secs();
        assert_eq!(
            [seconds("0s"), seconds("90s"), seconds("2m"), seconds("3h"), seconds("30d")],
            [0, 90, 120, 10_800, 2_592_000]
        );
        for bad in ["", "s", "10", "-1s", "+1s", "1.5h", "1 s", "1S", "1w", "1ms", "36501d", "99999999999999999999s"] {
            assert_eq!(Span::parse(bad), Err(InvalidSpan), "{bad}");
        }
        assert_eq!(Span::parse("36500d").unwrap().0, Span::MAX);
    }

    #[test]
    fn a_span_is_written_in_its_largest_unit() {
        for text in ["0s", "90s", "2m", "1h", "30d"] {
            assert_eq!(Span::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Life(None).to_string(), "never");
    }
}
