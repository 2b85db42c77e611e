//! The posts that ship with the repository; see `sample/README.md` for source and licence.
//!
//! Compiled into the binary, so that the quickstart needs no file and no network.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::exit::Failure;

const LINES: &str = include_str!("../../sample/sample-posts.jsonl");

/// One post of the sample.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct SamplePost {
    pub(super) author: u64,
    pub(super) author_name: String,
    /// Unix milliseconds.
    pub(super) at: u64,
    pub(super) text: String,
}

/// All posts, in time order.
pub(super) fn posts() -> Result<Vec<SamplePost>, Failure> {
    let read = LINES.lines().enumerate().map(|(number, line)| {
        serde_json::from_str(line).map_err(|error| {
            Failure::new(format!("line {} of the sample is no post: {error}", number + 1))
        })
    });
    read.collect()
}

/// What each author is called.
pub(super) fn names(posts: &[SamplePost]) -> BTreeMap<u64, String> {
    posts.iter().map(|post| (post.author, post.author_name.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_what_its_readme_says() {
        let posts = posts().unwrap();
        assert_eq!(posts.len(), 3_603);
        assert!(posts.is_sorted_by_key(|post| post.at));
        let names = names(&posts);
        assert_eq!(names.len(), 62);
        assert_eq!((names.keys().min(), names.keys().max()), (Some(&1), Some(&62)));
        assert_eq!(names.get(&14).map(String::as_str), Some("AskHistorians"));
    }
}
