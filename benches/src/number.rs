//! Conversions between the number types of measurements, each total and each in one place.

/// For lengths and indexes that fit into memory anyway.
pub(crate) fn to_usize(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// A measurement as a float: 53 bits are more than any of them needs.
#[expect(clippy::cast_precision_loss, reason = "53 bits are more than any measurement needs")]
pub(crate) fn float(number: u64) -> f64 {
    number as f64
}

/// The nearest whole number; what is negative or no number becomes 0.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast of a float saturates"
)]
pub(crate) fn whole(number: f64) -> u64 {
    number.round() as u64
}

/// `count` per second.
pub(crate) fn rate(count: u64, time: std::time::Duration) -> f64 {
    let seconds = time.as_secs_f64();
    if seconds <= 0.0 { 0.0 } else { float(count) / seconds }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn floats_saturate_instead_of_wrapping() {
        assert_eq!([1.4, 1.5, -3.0, f64::NAN].map(whole), [1, 2, 0, 0]);
        assert_eq!(whole(1e300), u64::MAX);
    }

    #[test]
    fn a_rate_over_no_time_is_none() {
        assert!((rate(10, Duration::from_millis(500)) - 20.0).abs() < 1e-9);
        assert!(rate(10, Duration::ZERO).abs() < 1e-9);
    }
}
