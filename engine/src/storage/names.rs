//! Every file name of a data directory, built and parsed here and nowhere else.

use crate::ids::Sequence;
use crate::runs::layout::view_kind;

/// Holds the lock of the process that uses the directory, and its process id.
pub(crate) const LOCK: &str = "LOCK";

/// Says what the directory is. See [`manifest`](super::manifest).
pub(crate) const MANIFEST: &str = "MANIFEST";

/// A segment that is being zeroed ahead of its use.
pub(crate) const SPARE: &str = "spare.tmp";

/// The inboxes of an orderly stop. See [`keep`](crate::delivery::keep).
pub(crate) const INBOXES: &str = "INBOXES";

/// Weights of follows and tags of users. See [`rank_file`](crate::delivery::rank_file).
pub(crate) const RANKS: &str = "RANKS";

/// Room for a full disk. See [`reserve`](super::reserve). Its name is a temporary one: opening makes
/// the room free.
pub(crate) const RESERVE: &str = "reserve.tmp";

const SEGMENT_PREFIX: &str = "log-";
const SEGMENT_SUFFIX: &str = ".seg";
const VIEW_SUFFIX: &str = ".view";
const VIEWS: [(u8, &str); 16] = [
    (view_kind::USERS, "users-"),
    (view_kind::OUTBOX, "outbox-"),
    (view_kind::GRAPH, "graph-"),
    (view_kind::RECEIPTS, "receipts-"),
    (view_kind::GRAVES, "graves-"),
    (view_kind::GROUPS, "groups-"),
    (view_kind::RESPONSES, "responses-"),
    (view_kind::REPOSTS, "reposts-"),
    (view_kind::AUDIENCES, "audiences-"),
    (view_kind::NOTICES, "notices-"),
    (view_kind::MARKS, "marks-"),
    (view_kind::REVISIONS, "revisions-"),
    (view_kind::BROADCASTS, "broadcasts-"),
    (view_kind::MODERATION, "moderation-"),
    (view_kind::FORGOTTEN, "forgotten-"),
    (view_kind::REQUESTS, "requests-"),
];
/// Ends the name of a view file that was put aside.
pub(crate) const DAMAGED_SUFFIX: &str = ".damaged";
const TEMPORARY_SUFFIX: &str = ".tmp";

/// The log segment whose first sequence is `first`; names sort in log order.
pub(crate) fn segment(first: Sequence) -> String {
    format!("{SEGMENT_PREFIX}{:020}{SEGMENT_SUFFIX}", first.0)
}

/// The first sequence in a log segment's name.
pub(crate) fn parse_segment(name: &str) -> Option<Sequence> {
    let digits = name.strip_prefix(SEGMENT_PREFIX)?.strip_suffix(SEGMENT_SUFFIX)?;
    let well_formed = digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !well_formed {
        return None;
    }
    digits.parse().ok().map(Sequence)
}

/// The view file with this number; numbers are never used twice.
pub(crate) fn view(kind: u8, number: u64) -> String {
    let prefix = VIEWS.iter().find(|(known, _)| *known == kind).map_or("view-", |(_, name)| name);
    format!("{prefix}{number:012}{VIEW_SUFFIX}")
}

/// The kind and the number in a view file's name.
pub(crate) fn parse_view(name: &str) -> Option<(u8, u64)> {
    let stem = name.strip_suffix(VIEW_SUFFIX)?;
    let (kind, digits) =
        VIEWS.iter().find_map(|(kind, prefix)| Some((*kind, stem.strip_prefix(prefix)?)))?;
    let number = digits.parse().ok()?;
    (view(kind, number) == name).then_some((kind, number))
}

/// Whether it is the name of a view file, or of one that is being written.
pub(crate) fn is_of_view(name: &str) -> bool {
    parse_view(name.strip_suffix(TEMPORARY_SUFFIX).unwrap_or(name)).is_some()
}

/// The name that a damaged view file gets, out of the way and kept for whoever wants to look.
pub(crate) fn quarantined(name: &str) -> String {
    format!("{name}{DAMAGED_SUFFIX}")
}

/// The name under which a new version of `name` is written.
pub(crate) fn temporary(name: &str) -> String {
    format!("{name}{TEMPORARY_SUFFIX}")
}

/// Whether an interrupted run left this behind; such files mean nothing and are removed at open.
pub(crate) fn is_temporary(name: &str) -> bool {
    name.ends_with(TEMPORARY_SUFFIX)
}

/// A directory that file systems make at their top; a data directory may be such a top.
pub(crate) const LOST_AND_FOUND: &str = "lost+found";

/// Whether the name is one of ours, or may stand beside ours.
pub(crate) fn is_ours(name: &str) -> bool {
    name == LOST_AND_FOUND
        || name == LOCK
        || name == MANIFEST
        || name == INBOXES
        || name == RANKS
        || is_temporary(name)
        || is_segment_or_view(name.strip_suffix(DAMAGED_SUFFIX).unwrap_or(name))
}

fn is_segment_or_view(name: &str) -> bool {
    parse_segment(name).is_some() || parse_view(name).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segment_names_round_trip_and_sort() {
        let name = segment(Sequence(42));
        assert_eq!(parse_segment(&name), Some(Sequence(42)));
        assert!(name < segment(Sequence(1_000_000_000_000)));
    }

    #[test]
    fn view_names_round_trip() {
        for (kind, _) in VIEWS {
            let name = view(kind, 42);
            assert_eq!(parse_view(&name), Some((kind, 42)));
            assert!(is_ours(&name) && is_ours(&quarantined(&name)));
        }
        assert_eq!(parse_view("outbox-42.view"), None, "one name for one file");
    }

    #[test]
    fn foreign_names_are_not_segments() {
        for name in ["log-1.seg", "log-0000000000000000000x.seg", "log-.seg", "notes.txt"] {
            assert_eq!(parse_segment(name), None, "{name}");
            assert!(!is_ours(name), "{name}");
        }
        assert!(is_ours(LOST_AND_FOUND), "the top of a fresh file system");
    }
}
