//! `fanfoldd restore`: from a backup to a fresh data directory.

use fanfold_engine::{ErrorKind, Restored, Sequence, Timestamp, Until};
use serde_json::json;
use toml::value::{Datetime, Offset};

use crate::args::RestoreArgs;
use crate::console::{say, warn};
use crate::exit::Failure;

/// Progress is told whenever so many more bytes have arrived.
const STEP_BYTES: u64 = 1 << 30;

const DAY_MINUTES: i64 = 24 * 60;

/// Days from 0000-03-01 to 1970-01-01.
const DAYS_BEFORE_EPOCH: i64 = 719_468;

/// `fanfoldd restore BACKUP --data DIR`
///
/// # Errors
/// A mistake: no such backup, a target that is not empty, a moment that makes no sense or that the
/// backup does not reach. A failure: damage, a full disk, a backup in use.
pub fn run(args: &RestoreArgs) -> Result<(), Failure> {
    if !args.backup.is_dir() {
        let shown = args.backup.display();
        return Err(Failure::mistake(format!("{shown} is no directory; name a backup")));
    }
    let until = args.until.as_deref().map_or(Ok(Until::Newest), until)?;
    let (mut bytes, mut told) = (0, 0);
    let mut progress = |more: u64| {
        bytes += more;
        if STEP_BYTES <= bytes - told {
            told = bytes;
            warn(format!("{} MiB of the log restored", bytes >> 20));
        }
    };
    let restored = fanfold_engine::restore(&args.backup, &args.data, until, &mut progress);
    let restored = restored.map_err(|error| match error.kind() {
        ErrorKind::Invalid | ErrorKind::Conflict => Failure::mistake(error.to_string()),
        _ => error.into(),
    })?;
    say(if args.json { as_json(&restored) } else { as_text(&restored, args) });
    Ok(())
}

fn as_json(restored: &Restored) -> String {
    let Restored { position, log_bytes, has_views } = restored;
    let object = json!({
        "epoch": position.epoch,
        "sequence": position.sequence.0,
        "log_bytes": log_bytes,
        "views_restored": has_views,
    });
    object.to_string()
}

fn as_text(restored: &Restored, args: &RestoreArgs) -> String {
    let data = args.data.display();
    let at = restored.position;
    format!("restored up to {at} into {data}; `fanfoldd serve --data {data}` serves it")
}

/// A position or a time.
fn until(text: &str) -> Result<Until, Failure> {
    let sequence = text.split_once(':').map_or(text, |(epoch, sequence)| {
        if epoch.bytes().all(|byte| byte.is_ascii_digit()) { sequence } else { text }
    });
    if let Ok(sequence) = sequence.parse() {
        return Ok(Until::Sequence(Sequence(sequence)));
    }
    time(text).map(Until::Time).ok_or_else(|| {
        Failure::mistake(format!(
            "--until = `{text}`: neither a position nor a time; give a sequence, EPOCH:SEQUENCE, or \
             a time such as 2026-11-21T06:30:00Z"
        ))
    })
}

/// A date and time (RFC 3339); UTC unless it names an offset.
fn time(text: &str) -> Option<Timestamp> {
    let Datetime { date: Some(date), time: Some(time), offset } = text.parse().ok()? else {
        return None;
    };
    let offset = match offset {
        Some(Offset::Custom { minutes }) => i64::from(minutes),
        Some(Offset::Z) | None => 0,
    };
    let days = days(i64::from(date.year), i64::from(date.month), i64::from(date.day));
    let minutes = days * DAY_MINUTES + i64::from(time.hour) * 60 + i64::from(time.minute) - offset;
    let (second, nanos) = (time.second.unwrap_or(0), time.nanosecond.unwrap_or(0));
    let millis = minutes * 60_000 + i64::from(second) * 1_000 + i64::from(nanos / 1_000_000);
    u64::try_from(millis).ok().map(Timestamp)
}

/// Days since 1970-01-01. Years begin in March, so that the leap day is the last of a year.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let shifted_month = (month + 9) % 12;
    let leap_days = year / 4 - year / 100 + year / 400;
    year * 365 + leap_days + (153 * shifted_month + 2) / 5 + day - 1 - DAYS_BEFORE_EPOCH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_and_times_are_told_apart() {
        assert_eq!(until("17").unwrap(), Until::Sequence(Sequence(17)));
        assert_eq!(until("2:4294967313").unwrap(), Until::Sequence(Sequence(4_294_967_313)));
        let at = |millis| Until::Time(Timestamp(millis));
        assert_eq!(until("1970-01-01T00:00:01Z").unwrap(), at(1_000));
        assert_eq!(until("2013-06-01 01:42:35").unwrap(), at(1_370_050_955_000));
        assert_eq!(until("2000-02-29T00:00:00.250Z").unwrap(), at(951_782_400_250));
        assert_eq!(until("2000-02-29T02:00:00+02:00").unwrap(), at(951_782_400_000));
        for wrong in ["", "yesterday", "12:61", "2013-06-01", "x:5"] {
            let Err(failure) = until(wrong) else {
                assert_eq!(wrong, "12:61", "{wrong} was understood");
                continue;
            };
            assert!(failure.to_string().contains("neither a position nor a time"), "{wrong}");
        }
    }
}
