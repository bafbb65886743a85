//! TOML date-times as instants.

use regrant::Timestamp;
use toml::value::{Datetime, Offset};

/// The instant that a date-time with an offset names (RFC 3339), from 1970 on; `None` for any other.
///
/// A leap second counts as the second after it.
pub(super) fn timestamp(written: &Datetime) -> Option<Timestamp> {
    let (date, time, offset) = (written.date?, written.time?, written.offset?);
    let minutes_east = match offset {
        Offset::Z => 0,
        Offset::Custom { minutes } => i64::from(minutes),
    };
    let days = days_from_epoch(i64::from(date.year), i64::from(date.month), i64::from(date.day));
    let in_day = i64::from(time.hour) * 3_600 + i64::from(time.minute) * 60 + i64::from(time.second.unwrap_or(0));
    let seconds = days * 86_400 + in_day - minutes_east * 60;
    let millis = time.nanosecond.unwrap_or(0) / 1_000_000;
    let seconds = u64::try_from(seconds).ok()?;
    Some(Timestamp::from_unix_millis(seconds.saturating_mul(1_000).saturating_add(u64::from(millis))))
}

/// Days from 1970-01-01 to a date of the Gregorian calendar, in years that begin with March: the leap day is then the
/// last day of its year, and no month after it needs to know of it.
fn days_from_epoch(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let days_before_month = (153 * month + 2) / 5;
    // 719_468 days lie between 0000-03-01 and 1970-01-01.
    year * 365 + leap_days + days_before_month + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> Option<u64> {
        timestamp(&text.parse().unwrap()).map(Timestamp::unix_seconds)
    }

    #[test]
    fn offset_date_times_are_instants() {
        assert_eq!(seconds("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(seconds("2000-02-29T12:00:00Z"), Some(951_825_600));
        assert_eq!(seconds("2027-01-01T00:00:00Z"), Some(1_798_761_600));
        assert_eq!(seconds("2027-01-01T01:00:00+01:00"), Some(1_798_761_600));
        assert_eq!(seconds("2100-03-01T00:00:00Z"), Some(4_107_542_400));
    }

    #[test]
    fn what_names_no_instant_is_refused() {
        for text in ["2027-01-01T00:00:00", "2027-01-01", "00:00:00", "1969-12-31T23:59:59Z"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
