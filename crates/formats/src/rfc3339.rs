//! Points in time as text (RFC 3339), read as seconds since 1970.

/// Seconds since 1970 of a time such as `2023-08-04T19:22:45.499127Z`, fractions cut. Nothing if it is no
/// time, or one before 1970.
pub fn unix_seconds(text: &str) -> Option<u64> {
    let (date, time) = text.split_once(['T', 't', ' '])?;
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let clock = time.get(..8)?;
    let [hour, minute, second] = numbers(clock, ':', [2, 2, 2])?;
    let offset = offset(fraction_skipped(&time[8..])?)?;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days_of_month = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    // A leap second is a second 60.
    let is_valid = (1..=days_of_month).contains(&day) && hour < 24 && minute < 60 && second <= 60;
    let seconds = days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - offset;
    u64::try_from(seconds).ok().filter(|_| is_valid)
}

/// Days since 1970 of a date of the Gregorian calendar, whose years are counted from March here, so that
/// the leap day is the last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month < 3 { (year - 1, month + 9) } else { (year, month - 3) };
    let of_year = (153 * month + 2) / 5 + day - 1;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + of_year - 719_468
}

/// Numbers of as many digits as `widths` says.
fn numbers<const N: usize>(text: &str, separator: char, widths: [usize; N]) -> Option<[i64; N]> {
    let mut numbers = [0; N];
    let mut parts = text.split(separator);
    for (number, width) in numbers.iter_mut().zip(widths) {
        let digits = parts.next().filter(|part| part.len() == width)?;
        *number = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())??;
    }
    parts.next().is_none().then_some(numbers)
}

/// What follows the fraction of a second, if there is one.
fn fraction_skipped(text: &str) -> Option<&str> {
    let Some(fraction) = text.strip_prefix('.') else { return Some(text) };
    let rest = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
    (rest.len() < fraction.len()).then_some(rest)
}

/// The seconds that a place's clock is ahead of UTC.
fn offset(text: &str) -> Option<i64> {
    if matches!(text, "Z" | "z") {
        return Some(0);
    }
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let [hours, minutes] = numbers(&text[1..], ':', [2, 2])?;
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_are_read() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-01t01:00:00+01:00", 0),
            ("2023-11-14T22:13:20.123456789Z", 1_700_000_000),
            ("2023-11-14 16:43:20.5-05:30", 1_700_000_000),
            ("2024-02-29T23:59:60Z", 1_709_251_200),
            ("2000-03-01T00:00:00Z", 951_868_800),
            ("9999-12-31T23:59:59Z", 253_402_300_799),
        ] {
            assert_eq!(unix_seconds(text), Some(seconds), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_not_read() {
        for text in [
            "",
            "T",
            "1700000000",
            "2023-11-14",
            "2023-11-14T22:13:20",
            "2023-11-14T22:13:20.Z",
            "2023-11-14T22:13:20Zulu",
            "2023-11-14T22:13:20+1:00",
            "2023-11-14T24:00:00Z",
            "2023-02-29T00:00:00Z",
            "2023-13-01T00:00:00Z",
            "2023-00-10T00:00:00Z",
            "23-11-14T22:13:20Z",
            "2023-11-14T22:13:é20Z",
            "1969-12-31T23:59:59Z",
            "-001-12-31T23:59:59Z",
        ] {
            assert_eq!(unix_seconds(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn days_follow_each_other(day in 0_i64..200_000) {
            // Counting from the year's start, the slow way.
            let (mut year, mut rest) = (1970, day);
            let is_leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            while rest >= 365 + i64::from(is_leap(year)) {
                rest -= 365 + i64::from(is_leap(year));
                year += 1;
            }
            let lengths = [31, 28 + i64::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
            let mut month = 1;
            while rest >= lengths[month - 1] {
                rest -= lengths[month - 1];
                month += 1;
            }
            let text = format!("{year:04}-{month:02}-{:02}T00:00:00Z", rest + 1);
            prop_assert_eq!(unix_seconds(&text), Some(day as u64 * 86400));
        }

        #[test]
        fn any_text_is_survived(text in "\\PC*|[0-9TZ:+.-]{0,30}") {
            unix_seconds(&text);
        }
    }
}
