//! The arguments of the commands that show posts in order.

use std::time::Duration;

use clap::Args;
use fanfold_client::{PostId, UserId};

use super::page_limit;

/// A part of a timeline.
#[derive(Args, Debug)]
pub(crate) struct Timeline {
    /// Whose
    #[arg(allow_negative_numbers = true)]
    pub(crate) user: UserId,
    /// Posts a page [default: 20, at most 200]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = page_limit)]
    pub(crate) limit: Option<u32>,
    /// Only posts below this one
    #[arg(long, value_name = "POST", allow_negative_numbers = true, conflicts_with = "after")]
    pub(crate) before: Option<PostId>,
    /// The posts nearest above this one
    #[arg(long, value_name = "POST", allow_negative_numbers = true)]
    pub(crate) after: Option<PostId>,
    /// All pages, to the end; with --after oldest first
    #[arg(long)]
    pub(crate) all: bool,
    /// With comments and reactions counted, and which of these are the viewer's
    #[arg(long)]
    pub(crate) counts: bool,
    /// Reposts without what they refer to
    #[arg(long)]
    pub(crate) no_originals: bool,
    /// With the reader's groups that have the authors
    #[arg(long)]
    pub(crate) groups: bool,
    /// Of several reposts of one post, and the post, the newest alone, and who else brought it
    #[arg(long)]
    pub(crate) collapse: bool,
    /// How far apart those may be: a number with ms, s, m, h or d [default: 3d, at most 366d]
    #[arg(long, value_name = "TIME", requires = "collapse", value_parser = horizon)]
    pub(crate) horizon: Option<Duration>,
    /// Only what is not newer than this, as the first page said
    #[arg(long, value_name = "POST", requires = "collapse", allow_negative_numbers = true)]
    pub(crate) top: Option<PostId>,
}

/// How far apart entries of a collapsed page may be.
fn horizon(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit_ms = match text.strip_prefix(digits).unwrap_or_default() {
        "ms" => Some(1),
        "s" => Some(1_000),
        "m" => Some(60_000),
        "h" => Some(3_600_000),
        "d" => Some(86_400_000),
        _ => None,
    };
    let ms = unit_ms.zip(digits.parse::<u64>().ok());
    let horizon = ms.and_then(|(unit, number)| number.checked_mul(unit)).map(Duration::from_millis);
    let horizon = horizon.filter(|horizon| Duration::ZERO < *horizon && *horizon <= HORIZON_MAX);
    horizon
        .ok_or_else(|| "expected a number with ms, s, m, h or d, such as 3d; at most 366d".into())
}

/// The longest horizon that a server takes.
const HORIZON_MAX: Duration = Duration::from_secs(366 * 86_400);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_horizon_is_a_number_with_a_unit() {
        let millis = |text| horizon(text).map(|horizon| horizon.as_millis()).ok();
        let known = ["1ms", "20s", "5m", "2h", "3d", "366d"].map(millis);
        let expected = [1, 20_000, 300_000, 7_200_000, 259_200_000, 31_622_400_000];
        assert_eq!(known, expected.map(Some));
        for wrong in ["", "3", "d", "0s", "367d", "-1d", "1.5h", "3 d", "99999999999999999999d"] {
            assert_eq!(millis(wrong), None, "{wrong}");
        }
    }
}
