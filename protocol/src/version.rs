//! What the hello negotiates: one version out of two ranges, and a set of optional features.
//!
//! The frame header and the hello itself are the same in every version, so that two peers of any
//! age can at least tell each other that they have no version in common.

/// The first bytes of a hello's body: this is Fanfold and nothing else.
pub const MAGIC: [u8; 4] = *b"FANF";

/// The oldest version spoken here.
pub const VERSION_MIN: u16 = 1;

/// The newest version spoken here.
pub const VERSION_MAX: u16 = 1;

/// The optional features known here, one bit each. Version 1 has none: every bit is reserved.
pub const FEATURES: u64 = 0;

const _: () = assert!(VERSION_MIN <= VERSION_MAX);

/// The newest version that both a peer (`min..=max`) and this crate speak, if there is one.
#[must_use]
pub fn negotiate(min: u16, max: u16) -> Option<u16> {
    let newest = max.min(VERSION_MAX);
    let oldest = min.max(VERSION_MIN);
    (oldest <= newest).then_some(newest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_newest_version_in_common() {
        assert_eq!(negotiate(1, 1), Some(1));
        assert_eq!(negotiate(0, 9), Some(1));
        assert_eq!(negotiate(2, 9), None);
        assert_eq!(negotiate(0, 0), None);
        assert_eq!(negotiate(1, 0), None);
    }
}
