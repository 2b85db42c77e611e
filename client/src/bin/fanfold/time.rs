//! Unix milliseconds as people read them, in UTC.
//!
//! The civil date comes from the day count by the usual arithmetic on years that begin in March,
//! so that the leap day is the last day of a year and needs no special case. No time zones, no
//! leap seconds: unix time has none.

use fanfold_client::Timestamp;

const DAY_MILLIS: u64 = 86_400_000;

/// Days from 0000-03-01 to 1970-01-01.
const DAYS_BEFORE_EPOCH: u64 = 719_468;

/// Days of 400 years.
const ERA_DAYS: u64 = 146_097;

/// `2013-06-01 00:49`
pub(crate) fn minute(at: Timestamp) -> String {
    let (year, month, day) = date(at.0 / DAY_MILLIS);
    let minutes = at.0 % DAY_MILLIS / 60_000;
    let (hour, minute) = (minutes / 60, minutes % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}")
}

/// Year, month and day of the given count of days since 1970-01-01.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + DAYS_BEFORE_EPOCH;
    let (era, day_of_era) = (days / ERA_DAYS, days % ERA_DAYS);
    let leap_days = day_of_era / 1_460 + day_of_era / 146_096;
    let year_of_era = (day_of_era + day_of_era / 36_524 - leap_days) / 365;
    let year_start = year_of_era * 365 + year_of_era / 4 - year_of_era / 100;
    let day_of_year = day_of_era - year_start;
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_times_read_right() {
        let cases = [
            (0, "1970-01-01 00:00"),
            (59_999, "1970-01-01 00:00"),
            (60_000, "1970-01-01 00:01"),
            (951_782_399_999, "2000-02-28 23:59"),
            (951_782_400_000, "2000-02-29 00:00"),
            (951_868_800_000, "2000-03-01 00:00"),
            (1_370_047_740_000, "2013-06-01 00:49"),
            (1_709_164_800_000, "2024-02-29 00:00"),
            (4_107_542_400_000, "2100-03-01 00:00"),
            (253_402_300_799_000, "9999-12-31 23:59"),
        ];
        for (millis, expected) in cases {
            assert_eq!(minute(Timestamp(millis)), expected);
        }
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let mut previous = date(0);
        for days in 1..200_000 {
            let (year, month, day) = date(days);
            let next_day = (year, month) == (previous.0, previous.1) && day == previous.2 + 1;
            let next_month =
                day == 1 && 28 <= previous.2 && (year, month) != (previous.0, previous.1);
            assert!(next_day || next_month, "{previous:?} -> {year}-{month}-{day}");
            previous = (year, month, day);
        }
    }

    #[test]
    fn the_last_instant_prints() {
        assert_eq!(minute(Timestamp(u64::MAX)), "584556019-04-03 14:25");
    }
}
