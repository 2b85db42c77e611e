//! Text to value, for each kind of setting; pure.
//!
//! Each function says in its error what it takes instead. Whose text it was, and where it came from,
//! is added by `resolve.rs`.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use fanfold_engine::{Durability, Policy};

use super::Door;
use crate::logging::LEVELS;

/// Where the machine does not tell how much memory it has.
const MEMORY_BYTES_DEFAULT: u64 = 1024 * 1024 * 1024;

const INTERVAL_MS_DEFAULT: u64 = 100;

pub(super) fn door(text: &str) -> Result<Door, String> {
    if text.eq_ignore_ascii_case("off") {
        return Ok(Door::Off);
    }
    let numeric = match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None => text.to_owned(),
    };
    numeric.parse::<SocketAddr>().map(Door::At).map_err(|_| {
        "not an address; give ADDR:PORT such as 127.0.0.1:7717 or [::1]:7717, or `off`".to_owned()
    })
}

pub(super) fn switch(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" | "" => Ok(false),
        _ => Err("not a switch; give true or false".to_owned()),
    }
}

pub(super) fn count(text: &str, range: RangeInclusive<usize>) -> Result<usize, String> {
    let plain = text.replace('_', "");
    match plain.parse::<usize>() {
        Ok(value) if range.contains(&value) => Ok(value),
        _ => Err(format!("not a number from {} to {}", range.start(), range.end())),
    }
}

/// Bytes of memory: a size, or `quarter` of the machine.
pub(super) fn memory(text: &str) -> Result<u64, String> {
    if text.eq_ignore_ascii_case("quarter") {
        return Ok(machine_bytes().map_or(MEMORY_BYTES_DEFAULT, |bytes| bytes / 4));
    }
    bytes(text).map_err(|what| format!("{what}, or `quarter` of the machine's memory"))
}

/// The memory of the machine, as Linux tells it.
fn machine_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let total = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    total.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1_024)
}

/// A size in bytes: a number, or a number with K, M or G (powers of 1,024).
pub(super) fn bytes(text: &str) -> Result<u64, String> {
    let plain = text.replace('_', "").to_ascii_uppercase();
    let digits = plain.trim_end_matches(|c: char| !c.is_ascii_digit());
    let shift = match plain.strip_prefix(digits).unwrap_or_default() {
        "" | "B" => 0,
        "K" | "KB" | "KIB" => 10,
        "M" | "MB" | "MIB" => 20,
        "G" | "GB" | "GIB" => 30,
        _ => return Err(size_help()),
    };
    let number = digits.parse::<u64>().map_err(|_| size_help())?;
    number.checked_mul(1 << shift).ok_or_else(size_help)
}

/// How many records, at least one.
pub(super) fn records(text: &str) -> Result<u64, String> {
    count(text, 1..=100_000_000).map(|records| records as u64)
}

/// A length of time: a number with ms, s, m, h or d.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let lower = text.replace('_', "").to_ascii_lowercase();
    let digits = lower.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit_ms: u64 = match lower.strip_prefix(digits).unwrap_or_default() {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(duration_help()),
    };
    let number = digits.parse::<u64>().map_err(|_| duration_help())?;
    number.checked_mul(unit_ms).map(Duration::from_millis).ok_or_else(duration_help)
}

pub(super) fn policy(text: &str) -> Result<Policy, String> {
    text.to_ascii_lowercase().parse().map_err(|_| {
        format!("not a policy; give one of {}", Policy::ALL.map(Policy::name).join(", "))
    })
}

/// `vip=8,press=4`, or `none`.
pub(super) fn tag_weights(text: &str) -> Result<Vec<(String, u8)>, String> {
    if text.is_empty() || text.eq_ignore_ascii_case("none") {
        return Ok(Vec::new());
    }
    let weight = |pair: &str| {
        let (tag, weight) = pair.split_once('=')?;
        let weight = weight.trim().parse().ok().filter(|weight| (0..=15).contains(weight))?;
        let tag = tag.trim();
        (!tag.is_empty()).then(|| (tag.to_owned(), weight))
    };
    let weights: Option<Vec<_>> = text.split(',').map(weight).collect();
    weights.ok_or_else(|| {
        "not weights of tags; give TAG=WEIGHT, 0 to 15 each, as in vip=8,press=4, or `none`"
            .to_owned()
    })
}

/// A directory, or `off`.
#[expect(clippy::unnecessary_wraps, reason = "it stands in a table of functions that may fail")]
pub(super) fn directory(text: &str) -> Result<Option<PathBuf>, String> {
    Ok((!text.eq_ignore_ascii_case("off")).then(|| PathBuf::from(text)))
}

pub(super) fn durability(text: &str) -> Result<Durability, String> {
    let lower = text.to_ascii_lowercase();
    let (mode, interval) = lower.split_once(':').unwrap_or((&lower, ""));
    match (mode, interval) {
        ("fsync", "") => Ok(Durability::Fsync),
        ("os", "") => Ok(Durability::Os),
        ("interval", "") => Ok(Durability::Interval(Duration::from_millis(INTERVAL_MS_DEFAULT))),
        ("interval", text) => interval_ms(text),
        _ => Err(durability_help()),
    }
}

pub(super) fn workers(text: &str) -> Result<usize, String> {
    if text.eq_ignore_ascii_case("cores") {
        return Ok(super::cores());
    }
    count(text, 1..=1024).map_err(|error| format!("{error}, nor `cores`"))
}

pub(super) fn level(text: &str) -> Result<String, String> {
    let lower = text.to_ascii_lowercase();
    if LEVELS.contains(&lower.as_str()) {
        return Ok(lower);
    }
    Err(format!("not a level; give one of {}", LEVELS.join(", ")))
}

fn interval_ms(text: &str) -> Result<Durability, String> {
    let number = text.strip_suffix("ms").unwrap_or(text);
    match number.parse::<u64>() {
        Ok(ms) if (1..=60_000).contains(&ms) => Ok(Durability::Interval(Duration::from_millis(ms))),
        _ => Err(durability_help()),
    }
}

fn size_help() -> String {
    "not a size; give a number of bytes, or one with K, M or G such as 64M".to_owned()
}

fn duration_help() -> String {
    "not a length of time; give a number with ms, s, m, h or d such as 7d".to_owned()
}

fn durability_help() -> String {
    "not a durability; give fsync, interval (every 100 ms), interval:MS (1 to 60000), or os"
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        assert_eq!(bytes("65536"), Ok(65_536));
        assert_eq!(bytes("64K"), Ok(65_536));
        assert_eq!(bytes("64MiB"), Ok(64 << 20));
        assert_eq!(bytes("1g"), Ok(1 << 30));
        assert_eq!(bytes("64X"), Err(size_help()));
        assert_eq!(bytes("M"), Err(size_help()));
        assert_eq!(bytes("99999999999999G"), Err(size_help()));
    }

    #[test]
    fn lengths_of_time_have_units() {
        assert_eq!(duration("7d"), Ok(Duration::from_secs(7 * 86_400)));
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("0s"), Ok(Duration::ZERO));
        for wrong in ["7", "d", "1w", "99999999999999999999d", "400000000000000000d"] {
            assert_eq!(duration(wrong), Err(duration_help()), "{wrong}");
        }
    }

    #[test]
    fn durability_names_its_modes() {
        assert_eq!(durability("fsync"), Ok(Durability::Fsync));
        assert_eq!(durability("OS"), Ok(Durability::Os));
        let interval = |ms| Ok(Durability::Interval(Duration::from_millis(ms)));
        assert_eq!(durability("interval"), interval(100));
        assert_eq!(durability("interval:5"), interval(5));
        assert_eq!(durability("interval:250ms"), interval(250));
        assert_eq!(durability("interval:0"), Err(durability_help()));
        assert_eq!(durability("never"), Err(durability_help()));
    }

    #[test]
    fn doors_are_addresses_or_off() {
        assert_eq!(door("off"), Ok(Door::Off));
        assert_eq!(door("localhost:80"), Ok(Door::At("127.0.0.1:80".parse().unwrap())));
        assert!(door("7717").unwrap_err().contains("ADDR:PORT"));
    }

    #[test]
    fn counts_have_bounds() {
        assert_eq!(count("10_000", 1..=20_000), Ok(10_000));
        assert_eq!(count("0", 1..=9), Err("not a number from 1 to 9".to_owned()));
    }
}
