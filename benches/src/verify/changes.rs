//! A seeded round of changes, sent to the database and applied to the model in the same order.
//!
//! Every kind of change that the home feed knows, also such as change nothing, follow past posts
//! in, or collide: a block of a followee, a mute of somebody who is not followed. Each answer must
//! say what the model says about whether anything changed.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;

use fanfold_client::{Client, NewPost, Pending, PostId, Timestamp, UserId, Write};
use fanfold_engine::testing::seed::Random;

use crate::exit::{Explain, Failure, Outcome};
use crate::naive::{Change, Naive};
use crate::number::to_usize;

/// Changes drawn for each reader.
const CHANGES_PER_READER: usize = 8;

/// Changes in flight at once.
const WINDOW: usize = 512;

/// How many changes of each kind were made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Changed(BTreeMap<&'static str, usize>);

impl fmt::Display for Changed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> =
            self.0.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        f.write_str(&parts.join(", "))
    }
}

/// A change on its way.
struct Sent {
    change: Change,
    expected: bool,
    /// The model's index of a new post.
    index: usize,
    answer: Pending,
}

/// Plays a round for `readers`.
pub(super) async fn play(
    client: &Client,
    naive: &mut Naive,
    readers: &[u64],
    seed: u64,
) -> Outcome<Changed> {
    let mut random = Random::new(seed);
    let everybody: Vec<u64> = naive.everybody().into_iter().collect();
    let mut changed = Changed::default();
    let mut window = VecDeque::new();
    for reader in readers.iter().cycle().take(readers.len() * CHANGES_PER_READER) {
        let stranger = pick(&everybody, &mut random);
        let Some(change) = draw(naive, *reader, stranger, &mut random) else { continue };
        let write = write_of(&change, naive)?;
        let index = naive.posts();
        let expected = naive.apply(&change);
        let answer = client.start(write).await.explain(|| format!("{change:?}"))?;
        window.push_back(Sent { change, expected, index, answer });
        if WINDOW <= window.len() {
            settle(&mut window, naive, &mut changed).await?;
        }
    }
    while !window.is_empty() {
        settle(&mut window, naive, &mut changed).await?;
    }
    Ok(changed)
}

/// Waits for the oldest answer and compares it.
async fn settle(
    window: &mut VecDeque<Sent>,
    naive: &mut Naive,
    changed: &mut Changed,
) -> Outcome<()> {
    let Some(Sent { change, expected, index, answer }) = window.pop_front() else { return Ok(()) };
    let written = answer.await.explain(|| format!("{change:?}"))?;
    if written.changed != expected {
        let got = written.changed;
        return Err(Failure::failed(format!("{change:?}: expected changed {expected}, got {got}")));
    }
    if let (Change::Publish { .. }, Some(post)) = (&change, written.post) {
        naive.name(index, post.0);
    }
    *changed.0.entry(kind_of(&change)).or_default() += 1;
    Ok(())
}

/// A change that the database accepts. `stranger` is anybody.
fn draw(naive: &Naive, reader: u64, stranger: u64, random: &mut Random) -> Option<Change> {
    let followees: Vec<u64> = naive.followees(reader).collect();
    let followee = if followees.is_empty() { stranger } else { pick(&followees, random) };
    let change = match random.below(10) {
        0 | 1 => Change::Unfollow(reader, followee),
        2 => Change::Mute(reader, followee),
        3 => Change::Unmute(reader, followee),
        4 => Change::Block(reader, followee),
        5 => Change::Unblock(reader, stranger),
        6 => Change::Follow(reader, stranger),
        7 => {
            Change::Publish { author: followee, at: 1 + random.below(1 << 40), text: text(random) }
        }
        _ => {
            let posts = naive.posts_of(followee);
            let count = posts.len() as u64;
            Change::Delete(*posts.get(to_usize(random.below(count)))?)
        }
    };
    is_accepted(naive, &change).then_some(change)
}

fn is_accepted(naive: &Naive, change: &Change) -> bool {
    match change {
        Change::Follow(user, author) => !naive.is_blocked(*user, *author),
        Change::Mute(user, other) | Change::Block(user, other) => user != other,
        // A post whose id is not known yet cannot be deleted.
        Change::Delete(index) => naive.post(*index).is_some_and(|post| post.id != u64::MAX),
        _ => true,
    }
}

fn text(random: &mut Random) -> String {
    format!("new {:x} \u{65b0}", random.bits())
}

fn pick(users: &[u64], random: &mut Random) -> u64 {
    users.get(to_usize(random.below(users.len() as u64))).copied().unwrap_or_default()
}

fn write_of(change: &Change, naive: &Naive) -> Outcome<Write> {
    let user = UserId;
    Ok(match change {
        Change::Publish { author, at, text } => {
            NewPost::new(user(*author), text.as_str()).created_at(Timestamp(*at)).into()
        }
        Change::Delete(index) => {
            let post = naive.post(*index).map(|post| PostId(post.id));
            Write::delete(post.ok_or_else(|| Failure::failed(format!("no post {index}")))?)
        }
        Change::Follow(a, b) => Write::follow(user(*a), user(*b)),
        Change::Unfollow(a, b) => Write::unfollow(user(*a), user(*b)),
        Change::Mute(a, b) => Write::mute(user(*a), user(*b)),
        Change::Unmute(a, b) => Write::unmute(user(*a), user(*b)),
        Change::Block(a, b) => Write::block(user(*a), user(*b)),
        Change::Unblock(a, b) => Write::unblock(user(*a), user(*b)),
    })
}

fn kind_of(change: &Change) -> &'static str {
    match change {
        Change::Publish { .. } => "publishes",
        Change::Delete(_) => "deletes",
        Change::Follow(..) => "follows",
        Change::Unfollow(..) => "unfollows",
        Change::Mute(..) => "mutes",
        Change::Unmute(..) => "unmutes",
        Change::Block(..) => "blocks",
        Change::Unblock(..) => "unblocks",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::InputPost;

    #[test]
    fn every_kind_is_drawn_and_none_that_would_be_refused() {
        let mut naive = Naive::new(&[(1, 7), (1, 8), (1, 1)]);
        naive
            .import(InputPost { id: 1, author: 7, at: 1, text: "x".into(), repost: None }, 1)
            .unwrap();
        let mut random = Random::new(1);
        let mut kinds = BTreeMap::new();
        for _ in 0..2_000 {
            let Some(change) = draw(&naive, 1, 9, &mut random) else { continue };
            assert!(!matches!(change, Change::Mute(a, b) | Change::Block(a, b) if a == b));
            *kinds.entry(kind_of(&change)).or_insert(0) += 1;
        }
        assert_eq!(kinds.len(), 8, "{kinds:?}");
        naive.apply(&Change::Block(1, 9));
        assert!(!is_accepted(&naive, &Change::Follow(1, 9)));
        assert!(is_accepted(&naive, &Change::Follow(1, 8)));
    }
}
