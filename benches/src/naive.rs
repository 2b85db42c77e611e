//! The naive feeds: what every home must read, computed from the input files alone.
//!
//! Deliberately slow and obvious: a home is the posts of all followees, thrown together and sorted.
//! It shares no code with the engine, the server or the client. Invariant: a larger index is a
//! newer post, because posts are imported in file order and new ones are appended.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::exit::{Failure, Outcome};
use crate::input::InputPost;

/// A post with the id that the database gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NaivePost {
    pub(crate) id: u64,
    pub(crate) author: u64,
    pub(crate) at: u64,
    pub(crate) text: Box<str>,
}

/// A change of what is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Publish {
        author: u64,
        at: u64,
        text: String,
    },
    /// By index.
    Delete(usize),
    Follow(u64, u64),
    Unfollow(u64, u64),
    Mute(u64, u64),
    Unmute(u64, u64),
    Block(u64, u64),
    Unblock(u64, u64),
}

/// All posts and edges.
#[derive(Clone, Debug, Default)]
pub(crate) struct Naive {
    posts: Vec<NaivePost>,
    by_author: BTreeMap<u64, Vec<usize>>,
    deleted: BTreeSet<usize>,
    follows: BTreeMap<u64, BTreeSet<u64>>,
    mutes: BTreeSet<(u64, u64)>,
    blocks: BTreeSet<(u64, u64)>,
    reposts: Reposts,
}

/// What refers to what, by index.
#[derive(Clone, Debug, Default)]
struct Reposts {
    /// By the ids of the file.
    lines: HashMap<u64, usize>,
    /// The root of each repost.
    roots: HashMap<usize, usize>,
    /// Bare reposts by author and root.
    bare: HashMap<(u64, usize), usize>,
}

impl Naive {
    pub(crate) fn new(follows: &[(u64, u64)]) -> Self {
        let mut naive = Self::default();
        for (user, author) in follows {
            naive.follows.entry(*user).or_default().insert(*author);
        }
        naive
    }

    /// Appends an imported post. Ids must ascend: the order of the file is the order of the feed.
    pub(crate) fn import(&mut self, post: InputPost, id: u64) -> Outcome<()> {
        let InputPost { id: line, author, at, text, .. } = post;
        self.reposts.lines.insert(line, self.posts.len());
        if let Some(last) = self.posts.last().filter(|last| id <= last.id) {
            let above = last.id;
            return Err(Failure::failed(format!(
                "the post with id {line} in the file became {id}, which is not above {above}, the \
                 id of the post before it"
            )));
        }
        self.append(NaivePost { id, author, at, text });
        Ok(())
    }

    /// The same, where rows of kind repost refer to others: `id` is what the import said of the row. Whether
    /// it became a post: what refers to nothing known does not, and what was reposted barely before is that.
    pub(crate) fn import_repost(&mut self, post: InputPost, id: Option<u64>) -> Outcome<bool> {
        let line = post.id;
        let wrong = |what: &str| Failure::failed(format!("the post with id {line} {what}"));
        let Some(link) = post.repost else {
            return self.import(post, id.ok_or_else(|| wrong("got no post id"))?).map(|()| true);
        };
        let lines = &self.reposts.lines;
        let parent = link.into_iter().flatten().find_map(|line| lines.get(&line).copied());
        let (Some(parent), Some(id)) = (parent, id) else {
            return match (parent, id) {
                (None, None) => Ok(false),
                (None, _) => Err(wrong("refers to nothing known, and was imported")),
                (Some(_), _) => Err(wrong("refers to a post, and got no post id")),
            };
        };
        let root = self.reposts.roots.get(&parent).copied().unwrap_or(parent);
        let (author, index, is_bare) = (post.author, self.posts.len(), post.text.is_empty());
        if is_bare && let Some(first) = self.reposts.bare.get(&(author, root)).copied() {
            let is_first = self.post(first).is_some_and(|first| first.id == id);
            self.reposts.lines.insert(line, first);
            return if is_first { Ok(false) } else { Err(wrong("repeats another one")) };
        }
        self.import(post, id)?;
        self.reposts.roots.insert(index, root);
        if is_bare {
            self.reposts.bare.insert((author, root), index);
        }
        Ok(true)
    }

    /// Whether who sees the author of a post sees it: of a repost, whether it is there and its original shows.
    fn shows(&self, user: u64, index: usize) -> bool {
        let Some(root) = self.reposts.roots.get(&index) else { return true };
        let Some(author) = self.post(*root).map(|root| root.author) else { return false };
        !self.is_orphan(index)
            && !self.mutes.contains(&(user, author))
            && !self.is_blocked(user, author)
    }

    /// Whether it is a bare repost of what was deleted.
    fn is_orphan(&self, index: usize) -> bool {
        let root = self.reposts.roots.get(&index);
        root.is_some_and(|root| self.deleted.contains(root))
            && self.post(index).is_some_and(|post| post.text.is_empty())
    }

    fn append(&mut self, post: NaivePost) {
        self.by_author.entry(post.author).or_default().push(self.posts.len());
        self.posts.push(post);
    }

    /// Gives the post at `index` the id that the database answered.
    pub(crate) fn name(&mut self, index: usize, id: u64) {
        if let Some(post) = self.posts.get_mut(index) {
            post.id = id;
        }
    }

    pub(crate) fn post(&self, index: usize) -> Option<&NaivePost> {
        self.posts.get(index)
    }

    pub(crate) fn posts(&self) -> usize {
        self.posts.len()
    }

    pub(crate) fn followees(&self, user: u64) -> impl Iterator<Item = u64> {
        self.follows.get(&user).into_iter().flatten().copied()
    }

    pub(crate) fn posts_of(&self, author: u64) -> &[usize] {
        self.by_author.get(&author).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn is_blocked(&self, a: u64, b: u64) -> bool {
        self.blocks.contains(&(a, b)) || self.blocks.contains(&(b, a))
    }

    /// Everybody who follows, is followed, or published.
    pub(crate) fn everybody(&self) -> BTreeSet<u64> {
        let followed = self.follows.values().flatten();
        self.follows.keys().chain(followed).chain(self.by_author.keys()).copied().collect()
    }

    /// The indexes of the posts in the home of `user`, newest first.
    pub(crate) fn home(&self, user: u64) -> Vec<usize> {
        let authors = self.followees(user).filter(|author| !self.mutes.contains(&(user, *author)));
        let posts = authors.flat_map(|author| self.posts_of(author).iter().copied());
        let stands = |index: &usize| !self.deleted.contains(index) && self.shows(user, *index);
        let mut home: Vec<usize> = posts.filter(stands).collect();
        home.sort_unstable_by(|a, b| b.cmp(a));
        home
    }

    /// The home of `user` collapsed, newest first: which posts are kept, and who else brought each.
    pub(crate) fn collapsed_home(&self, user: u64, horizon_ms: u64) -> Vec<(usize, Vec<u64>)> {
        let home = self.home(user);
        let root = |index: &usize| self.reposts.roots.get(index).copied().unwrap_or(*index);
        let mut lines: HashMap<usize, Vec<usize>> = HashMap::new();
        home.iter().for_each(|index| lines.entry(root(index)).or_default().push(*index));
        let at = |index: usize| self.post(index).map_or(0, |post| post.at);
        let is_near = |one: usize, other: usize| at(one).abs_diff(at(other)) <= horizon_ms;
        let mut kept = Vec::new();
        for index in home {
            let line = lines.get(&root(&index)).map_or(&[][..], Vec::as_slice);
            if line.iter().any(|newer| index < *newer && is_near(index, *newer)) {
                continue;
            }
            let (mut last, mut others) = (index, Vec::new());
            for older in line.iter().copied().filter(|older| *older < index) {
                if !is_near(last, older) {
                    break;
                }
                last = older;
                let author = self.author(older);
                if author != self.author(index) && !others.contains(&author) {
                    others.push(author);
                }
            }
            kept.push((index, others));
        }
        kept
    }

    fn author(&self, index: usize) -> u64 {
        self.post(index).map_or(0, |post| post.author)
    }

    /// Applies a change that the database accepts. Whether anything changed.
    pub(crate) fn apply(&mut self, change: &Change) -> bool {
        match change {
            Change::Publish { author, at, text } => {
                let text = text.as_str().into();
                // The id comes with the answer; until then the post is the newest.
                self.append(NaivePost { id: u64::MAX, author: *author, at: *at, text });
                true
            }
            Change::Delete(index) => !self.is_orphan(*index) && self.deleted.insert(*index),
            Change::Follow(user, author) => self.follows.entry(*user).or_default().insert(*author),
            Change::Unfollow(user, author) => self.unfollow(*user, *author),
            Change::Mute(user, author) => self.mutes.insert((*user, *author)),
            Change::Unmute(user, author) => self.mutes.remove(&(*user, *author)),
            Change::Block(user, other) => {
                self.unfollow(*user, *other);
                self.unfollow(*other, *user);
                self.blocks.insert((*user, *other))
            }
            Change::Unblock(user, other) => self.blocks.remove(&(*user, *other)),
        }
    }

    fn unfollow(&mut self, user: u64, author: u64) -> bool {
        self.follows.get_mut(&user).is_some_and(|authors| authors.remove(&author))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(id: u64, author: u64) -> InputPost {
        InputPost { id, author, at: id, text: "x".into(), repost: None }
    }

    fn naive() -> Naive {
        let mut naive = Naive::new(&[(1, 7), (1, 8), (2, 7)]);
        for (id, author) in [(10, 7), (11, 8), (12, 9), (13, 7)] {
            naive.import(post(id, author), id).unwrap();
        }
        naive
    }

    #[test]
    fn a_home_holds_the_posts_of_all_followees_newest_first() {
        let naive = naive();
        assert_eq!(naive.home(1), [3, 1, 0]);
        assert_eq!(naive.home(2), [3, 0]);
        assert_eq!(naive.home(9), [0_usize; 0]);
    }

    #[test]
    fn reposts_refer_to_rows_above_and_go_with_them() {
        let mut naive = Naive::new(&[(1, 7), (1, 8)]);
        let repost = |id, author, text: &str, parent| InputPost {
            id,
            author,
            at: id,
            text: text.into(),
            repost: Some([Some(parent), None]),
        };
        assert!(naive.import_repost(post(10, 9), Some(100)).unwrap());
        assert!(naive.import_repost(repost(11, 7, "", 10), Some(101)).unwrap());
        assert!(naive.import_repost(repost(12, 8, "quote", 11), Some(102)).unwrap());
        assert!(!naive.import_repost(repost(13, 7, "", 12), Some(101)).unwrap(), "a second one");
        assert!(!naive.import_repost(repost(14, 7, "", 99), None).unwrap(), "of nothing known");
        assert!(naive.import_repost(repost(15, 7, "", 10), Some(103)).is_err());
        assert_eq!(naive.home(1), [2, 1]);
        assert!(naive.apply(&Change::Delete(0)));
        assert_eq!(naive.home(1), [2]);
        assert!(naive.apply(&Change::Mute(1, 9)));
        assert_eq!(naive.home(1), [0_usize; 0]);
    }

    #[test]
    fn a_collapsed_home_has_the_newest_of_each_while() {
        let mut naive = Naive::new(&[(1, 6), (1, 7), (1, 8), (1, 9)]);
        let repost = |at, author| InputPost {
            id: at,
            author,
            at,
            text: "".into(),
            repost: Some([Some(10), None]),
        };
        assert!(naive.import_repost(post(10, 9), Some(10)).unwrap());
        for (at, author) in [(12, 7), (20, 8), (23, 6)] {
            assert!(naive.import_repost(repost(at, author), Some(at)).unwrap());
        }
        let expected = [(3, vec![8]), (1, vec![9])];
        assert_eq!(naive.collapsed_home(1, 3), expected);
        assert_eq!(naive.collapsed_home(1, 8), [(3, vec![8, 7, 9])]);
        assert_eq!(naive.collapsed_home(1, 1).len(), 4);
    }

    #[test]
    fn changes_change_the_home() {
        let mut naive = naive();
        assert!(naive.apply(&Change::Mute(1, 7)));
        assert_eq!(naive.home(1), [1]);
        assert!(naive.apply(&Change::Unmute(1, 7)));
        assert!(naive.apply(&Change::Delete(3)));
        assert!(!naive.apply(&Change::Delete(3)));
        assert_eq!(naive.home(1), [1, 0]);
        assert!(naive.apply(&Change::Block(8, 1)));
        assert!(naive.is_blocked(1, 8));
        assert_eq!(naive.home(1), [0]);
        assert!(naive.apply(&Change::Unblock(8, 1)));
        assert_eq!(naive.home(1), [0]);
        assert!(naive.apply(&Change::Follow(1, 9)));
        assert!(!naive.apply(&Change::Unfollow(1, 8)));
        assert_eq!(naive.home(1), [2, 0]);
        assert!(naive.apply(&Change::Publish { author: 9, at: 1, text: String::new() }));
        assert_eq!(naive.home(1), [4, 2, 0]);
    }

    #[test]
    fn ids_that_do_not_ascend_are_refused() {
        let mut naive = naive();
        let error = naive.import(post(5, 7), 13).unwrap_err();
        assert!(error.to_string().contains("became 13"), "{error}");
    }
}
