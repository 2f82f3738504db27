//! Points in time as the clouds write them.

use std::time::{Duration, SystemTime};

use formats::rfc3339::unix_seconds;

use crate::clock::since_1970;

/// Seconds since 1970.
pub(super) fn unix(time: SystemTime) -> u64 {
    since_1970(time).as_secs()
}

/// `20250102T030405Z`: ISO 8601's basic format.
pub(super) fn basic(time: SystemTime) -> String {
    let seconds = unix(time);
    let (year, month, day) = date(seconds / DAY);
    let (hour, minute, second) = (seconds % DAY / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

/// How long it is until a time such as `2025-01-02T03:04:05Z`; nothing if it is none.
pub(super) fn until(text: &str, now: SystemTime) -> Option<Duration> {
    Some(Duration::from_secs(unix_seconds(text)?.saturating_sub(unix(now))))
}

const DAY: u64 = 86_400;

/// From the 1st of March of the year 0.
const DAYS_TO_1970: u64 = 719_468;

/// The date of a day since 1970. Years begin in March here, so that the day that is not always there is the
/// last one.
fn date(day: u64) -> (u64, u64, u64) {
    let days = day + DAYS_TO_1970;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + next, month, day)
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use proptest::prelude::*;

    use super::*;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn known_points_in_time() {
        assert_eq!(basic(at(0)), "19700101T000000Z");
        assert_eq!(basic(at(1_735_787_045)), "20250102T030405Z");
        assert_eq!(basic(at(951_782_399)), "20000228T235959Z");
        assert_eq!(basic(at(951_782_400)), "20000229T000000Z");
        assert_eq!(until("2025-01-02T03:04:05Z", at(1_735_787_000)), Some(Duration::from_secs(45)));
        assert_eq!(until("2025-01-02T03:04:05.678Z", at(1_735_787_045)), Some(Duration::ZERO));
        assert_eq!(until("2025-01-02", at(0)), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(seconds in 0..253_402_300_800_u64) {
            let text = basic(at(seconds));
            let part = |range: std::ops::Range<usize>| &text[range];
            let extended = format!(
                "{}-{}-{}T{}:{}:{}Z",
                part(0..4), part(4..6), part(6..8), part(9..11), part(11..13), part(13..15)
            );
            prop_assert_eq!(unix_seconds(&extended), Some(seconds));
        }
    }
}
