//! The keys. Big-endian and turned round, so that the newest entry of a list comes first.

/// Bytes in front of an entry: whose list it is in.
pub(crate) const PREFIX: usize = 4;

/// The key of a post.
pub(crate) fn post(number: u64) -> [u8; 8] {
    number.to_be_bytes()
}

/// What all entries of a user's list begin with.
pub(crate) fn prefix(user: u64) -> [u8; PREFIX] {
    u32::try_from(user).unwrap_or(u32::MAX).to_be_bytes()
}

/// The key of a post's entry in a user's list.
pub(crate) fn entry(user: u64, number: u64) -> [u8; PREFIX + 8] {
    let mut key = [0; PREFIX + 8];
    let (head, tail) = key.split_at_mut(PREFIX);
    head.copy_from_slice(&prefix(user));
    tail.copy_from_slice(&(!number).to_be_bytes());
    key
}

/// Of the key of an entry, the post.
pub(crate) fn number(entry: &[u8]) -> Option<u64> {
    let tail = entry.get(PREFIX..)?.first_chunk::<8>()?;
    Some(!u64::from_be_bytes(*tail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_entry_of_a_list_comes_first() {
        assert!(entry(7, 9) < entry(7, 8));
        assert!(entry(7, 0) < entry(8, u64::MAX));
        assert_eq!(number(&entry(7, 12)), Some(12));
        assert!(entry(7, 1).starts_with(&prefix(7)));
    }
}
