//! `COLLAPSE`: the words, and who else brought a post.

use std::time::Duration;

use fanfold_engine::{BroughtBy, Collapse, Collapsed, HORIZON_DEFAULT, PostId};

use super::answer::line;
use super::command::{Words, Wrong};
use crate::config::duration;

/// Lengths of time that have a word of their own, longest first.
const UNITS: [(u64, &str); 4] = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")];

impl Words<'_> {
    /// `[COLLAPSE [HORIZON time] [TOP id]]`
    pub(super) fn collapse(&mut self) -> Result<Option<Collapse>, Wrong> {
        if !self.is_next("collapse") {
            return Ok(None);
        }
        let mut collapse = Collapse::default();
        if self.is_next("horizon") {
            let word = self.word().unwrap_or_default();
            let horizon = duration(word);
            collapse.horizon =
                horizon.map_err(|wrong| self.wrong(format!("`{word}` is {wrong}")))?;
        }
        if self.is_next("top") {
            collapse.top = Some(PostId(self.number("post")?));
        }
        Ok(Some(collapse))
    }
}

/// The words that ask for the next page.
pub(super) fn words(collapse: Option<&Collapse>, collapsed: Option<&Collapsed>) -> String {
    let (Some(collapse), Some(collapsed)) = (collapse, collapsed) else { return String::new() };
    let horizon = match collapse.horizon {
        HORIZON_DEFAULT => String::new(),
        horizon => format!(" HORIZON {}", length(horizon)),
    };
    format!(" COLLAPSE{horizon} TOP {}", collapsed.top)
}

/// `    also brought by 5, 9, 7 and 3 more`; nothing if nobody did.
pub(super) fn brought_by(out: &mut String, collapsed: Option<&Collapsed>, place: usize) {
    let found = collapsed.and_then(|collapsed| collapsed.brought_by.get(place));
    let Some(BroughtBy { users, count }) = found.filter(|found| 0 < found.count) else { return };
    let names: Vec<String> = users.iter().map(|user| user.to_string()).collect();
    let more = *count as usize - users.len();
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    line(out, format_args!("    also brought by {}{more}", names.join(", ")));
}

/// As it may be asked for.
fn length(time: Duration) -> String {
    let ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let unit = UNITS.iter().find(|(unit, _)| ms.is_multiple_of(*unit));
    unit.map_or_else(|| format!("{ms}ms"), |(unit, word)| format!("{}{word}", ms / unit))
}

#[cfg(test)]
mod tests {
    use fanfold_engine::UserId;

    use super::*;

    #[test]
    fn a_page_says_how_it_was_collapsed() {
        let collapsed = Collapsed { top: PostId(9), brought_by: Vec::new() };
        let of = |ms| Collapse { horizon: Duration::from_millis(ms), top: None };
        let said = |ms| words(Some(&of(ms)), Some(&collapsed));
        assert_eq!(said(3 * 86_400_000), " COLLAPSE TOP 9");
        assert_eq!(said(86_400_000), " COLLAPSE HORIZON 1d TOP 9");
        assert_eq!(said(5_400_000), " COLLAPSE HORIZON 90m TOP 9");
        assert_eq!(said(1_001), " COLLAPSE HORIZON 1001ms TOP 9");
        assert_eq!(words(None, None), "");
    }

    #[test]
    fn the_first_are_named_and_the_others_counted() {
        let brought = |count| {
            let users = [5, 9, 7].map(UserId).into_iter().take(count as usize).collect();
            let mut out = String::new();
            let brought_by = vec![BroughtBy { users, count }];
            brought_by_line(&mut out, brought_by);
            out
        };
        assert_eq!(brought(0), "");
        assert_eq!(brought(1), "    also brought by 5\n");
        assert_eq!(brought(3), "    also brought by 5, 9, 7\n");
        assert_eq!(brought(300), "    also brought by 5, 9, 7 and 297 more\n");
    }

    fn brought_by_line(out: &mut String, brought_by: Vec<BroughtBy>) {
        let collapsed = Collapsed { top: PostId(9), brought_by };
        super::brought_by(out, Some(&collapsed), 0);
        super::brought_by(out, Some(&collapsed), 1);
        super::brought_by(out, None, 0);
    }
}
