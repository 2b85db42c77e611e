//! A page against what it should hold: equal, or the first difference, told precisely.

use std::fmt::{self, Display};

use fanfold_client::{Page, PageEnd, Post};

use super::walk::Walk;
use crate::naive::{Naive, NaivePost};

/// The byte budget of a page; see the contract.
const PAGE_BYTES_MAX: usize = 1024 * 1024;

/// How many characters of a text are shown.
const SHOWN: usize = 60;

/// The first thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Difference(String);

impl Difference {
    pub(super) fn failed(error: impl Display) -> Self {
        Self(error.to_string())
    }
}

impl Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a page should hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected<'a> {
    pub(super) naive: &'a Naive,
    pub(super) walk: &'a Walk,
    /// The entry of the home that the page starts at.
    pub(super) entry: usize,
    /// The posts of a full page, newest first.
    pub(super) posts: &'a [usize],
}

impl Expected<'_> {
    /// Compares `page`, when `left` entries exist in its direction, its own included.
    pub(super) fn compare(&self, page: &Page, left: usize) -> Result<(), Difference> {
        for (offset, (index, got)) in self.posts.iter().zip(&page.posts).enumerate() {
            match self.naive.post(*index) {
                Some(expected) if is_equal(expected, got) => {}
                expected => return Err(self.differs(offset, expected, Some(got))),
            }
        }
        self.compare_length(page)?;
        self.compare_others(page)?;
        self.compare_end(page, left)
    }

    /// Who else brought the posts of a collapsed page.
    fn compare_others(&self, page: &Page) -> Result<(), Difference> {
        let Some(brought_by) = &self.walk.brought_by else { return Ok(()) };
        let found = page.collapsed.as_ref().map_or(&[][..], |found| &found.brought_by);
        for (offset, post) in page.posts.iter().enumerate() {
            let expected = brought_by.get(self.entry + offset).map_or(&[][..], Vec::as_slice);
            let named: Vec<u64> = expected.iter().copied().take(3).collect();
            let got = found
                .get(offset)
                .map(|got| (got.users.iter().map(|user| user.0).collect::<Vec<_>>(), got.count));
            if got != Some((named, expected.len() as u64)) {
                return Err(self.told(format_args!(
                    "post {} was also brought by {expected:?}, got {got:?}",
                    post.id
                )));
            }
        }
        Ok(())
    }

    fn compare_length(&self, page: &Page) -> Result<(), Difference> {
        let (expected, got) = (self.posts.len(), page.posts.len());
        if expected == got {
            return Ok(());
        }
        let bytes: usize = page.posts.iter().map(|post| post.text.len() + post.meta.len()).sum();
        let is_cut = got < expected && page.end == PageEnd::Bytes && PAGE_BYTES_MAX <= bytes;
        if is_cut {
            return Ok(());
        }
        let at = expected.min(got);
        let missing = self.posts.get(at).and_then(|index| self.naive.post(*index));
        Err(self.differs(at, missing, page.posts.get(at)))
    }

    fn compare_end(&self, page: &Page, left: usize) -> Result<(), Difference> {
        let beyond = left - page.posts.len();
        let is_right = match page.end {
            PageEnd::End => beyond == 0,
            PageEnd::More => beyond != 0 && page.posts.len() == self.walk.page,
            PageEnd::Bytes => beyond != 0,
        };
        if is_right {
            return Ok(());
        }
        let (end, got) = (page.end, page.posts.len());
        Err(self.told(format_args!(
            "the page at entry {} holds {got} posts and ends with {end:?}, but {beyond} entries \
             are beyond it",
            self.entry
        )))
    }

    fn differs(
        &self,
        offset: usize,
        expected: Option<&NaivePost>,
        got: Option<&Post>,
    ) -> Difference {
        let entry = self.entry + offset;
        let expected = expected.map_or_else(
            || "nothing more".to_owned(),
            |post| shown(post.id, post.author, post.at, &post.text),
        );
        let got = got.map_or_else(
            || "nothing more".to_owned(),
            |post| shown(post.id.0, post.author.0, post.at.0, &post.text),
        );
        self.told(format_args!("entry {entry}: expected {expected}, got {got}"))
    }

    fn told(&self, what: fmt::Arguments<'_>) -> Difference {
        Difference(format!("{}: {what}", self.walk))
    }
}

fn is_equal(expected: &NaivePost, got: &Post) -> bool {
    let NaivePost { id, author, at, text } = expected;
    (*id, *author, *at) == (got.id.0, got.author.0, got.at.0) && **text == *got.text
}

fn shown(id: u64, author: u64, at: u64, text: &str) -> String {
    let start: String = text.chars().take(SHOWN).collect();
    format!("post {id} by {author} at {at} ({} bytes: {start:?})", text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::InputPost;
    use crate::verify::walk::Direction;
    use fanfold_client::{Position, PostId, Timestamp, UserId};
    use std::sync::Arc;

    /// User 1 follows 7, who published posts 10, 20 and 30.
    fn naive() -> Naive {
        let mut naive = Naive::new(&[(1, 7)]);
        for id in [10, 20, 30] {
            naive
                .import(InputPost { id, author: 7, at: id, text: "x".into(), repost: None }, id)
                .unwrap();
        }
        naive
    }

    fn page(ids: &[u64], end: PageEnd) -> Page {
        let post = |id: &u64| Post {
            id: PostId(*id),
            author: UserId(7),
            at: Timestamp(*id),
            committed_at: Timestamp(0),
            kind: 0,
            text: "x".to_owned(),
            meta: Vec::new(),
            repost: None,
            mentions: Vec::new(),
            revision: 0,
            edited_at: None,
            hidden: false,
            suspended: false,
            audience: fanfold_client::Audience::Everybody,
        };
        let posts = ids.iter().map(post).collect();
        Page {
            position: Position::default(),
            end,
            posts,
            counts: Vec::new(),
            originals: Vec::new(),
            original_counts: Vec::new(),
            groups: Vec::new(),
            collapsed: None,
        }
    }

    /// Compares the first page of two.
    fn compare(page: &Page) -> Result<(), String> {
        let naive = naive();
        let home: Arc<[usize]> = naive.home(1).into();
        let part = 0..home.len();
        let (direction, brought_by) = (Direction::Down, None);
        let walk = Walk { reader: 1, direction, page: 2, home, brought_by, part };
        let posts = &walk.home[..2];
        let expected = Expected { naive: &naive, walk: &walk, entry: 0, posts };
        expected.compare(page, 3).map_err(|difference| difference.to_string())
    }

    #[test]
    fn the_right_page_is_equal() {
        assert_eq!(compare(&page(&[30, 20], PageEnd::More)), Ok(()));
    }

    #[test]
    fn every_kind_of_wrong_page_is_told_precisely() {
        let mut other_text = page(&[30, 20], PageEnd::More);
        other_text.posts[1].text = "y".to_owned();
        let mut other_time = page(&[30, 20], PageEnd::More);
        other_time.posts[0].at = Timestamp(1);
        let cases = [
            (page(&[30, 10], PageEnd::More), "entry 1: expected post 20 by 7 at 20 (1 bytes"),
            (page(&[30], PageEnd::More), "entry 1: expected post 20 by 7 at 20"),
            (page(&[30], PageEnd::Bytes), "got nothing more"),
            (page(&[30, 20, 10], PageEnd::End), "entry 2: expected nothing more, got post 10"),
            (page(&[30, 20], PageEnd::End), "ends with End, but 1 entries are beyond it"),
            (other_text, "got post 20 by 7 at 20 (1 bytes: \"y\")"),
            (other_time, "got post 30 by 7 at 1 "),
        ];
        for (page, expected) in cases {
            let told = compare(&page).unwrap_err();
            assert!(told.starts_with("home of user 1 (3 entries) in pages of 2"), "{told}");
            assert!(told.contains(expected), "{told}");
        }
    }
}
