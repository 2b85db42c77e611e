//! Which writes may be in flight at the same time.
//!
//! The server remembers a key only for a write that changed something. A write that was refused or
//! changed nothing is decided anew when it is sent again after a lost connection, by then in a
//! state that later writes of the same client have already changed. Sending again is exact only if
//! no later write in flight can change the decision of an earlier one. So:
//!
//! Invariants:
//! * a write about a pair of users waits until no other write about the same two, in either
//!   direction, is in flight;
//! * a write that frees places in a list of followees (an unfollow by the follower; a block, which
//!   ends the follows of both) waits until no follow by such a user is in flight: that follow may
//!   have been refused by the limit;
//! * a write that may free a place in a list of requests (an unfollow, a block) waits until no follow of that
//!   user is in flight; befriending, approving, denying and becoming private wait until no write about any
//!   pair is in flight, and all of these wait for them;
//! * a write about a group waits until no other write about a group of the same user is in flight; who
//!   is put into one is a pair with its owner too, which a block may forbid;
//! * a write about a post (delete, revise) waits until no other write about it is in flight;
//! * a reaction waits until no other of that user to that target is in flight; the delete of a comment until
//!   no reaction and no comment is; a delete until none of these is; an unblock until no reaction and no
//!   comment of either user is: it may have been refused for the block;
//! * a repost waits until no other repost of that user, nor the end of one, is in flight, and is waited for
//!   as a comment is; the end of a repost waits for these, and as a delete does;
//! * a write about a broadcast waits until no other write about a broadcast is in flight;
//! * a write of a moderator waits until no other write is in flight, and every other write until none of
//!   a moderator is: whom they suspend may write nothing, and who knows what they hide;
//! * what may give somebody a notice (a follow, a reaction, a comment, a repost, a post that mentions somebody) waits until
//!   no reading of notices is in flight: sent again, it would mean what came later, too;
//! * what lets somebody see more (a follow, befriending and approving, being private no more, who is put into a group)
//!   waits until none of their reactions, comments and reposts is in flight: it may have been refused because
//!   they did not see what it is about;
//! * a post that mentions somebody is like a comment: it may be refused for a block; a post for a group is a write
//!   about a group of its author, and so is any repost;
//! * another publish, touch, tag and marks of homes decide nothing that another write changes, and never wait.

use std::collections::{HashMap, HashSet};

use fanfold_protocol::{Audience, Request};

/// What a write touches, as far as other writes care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Footprint {
    /// Nothing that decides another write.
    Free,
    /// The pair only: mute, unmute.
    Pair(u64, u64),
    /// The pair, and lets each respond to the other.
    Unblock(u64, u64),
    /// What a user reacts to.
    Reaction(u64, u64),
    /// A comment by a user, or a post that mentions somebody.
    Comment(u64),
    /// A post for a group, by a user; it may mention somebody.
    Told(u64),
    /// A repost by a user; it may be for a group.
    Repost(u64),
    /// A user's repost goes.
    Unrepost(u64),
    /// A user has read their notices.
    NoticesRead,
    /// A comment goes.
    CommentDelete,
    /// A post goes.
    Delete(u64),
    /// A post says something else.
    Revise(u64),
    /// The pair, and takes a place in the first user's followees.
    Follow(u64, u64),
    /// The pair, and may free a place in the first user's followees.
    Unfollow(u64, u64),
    /// The pair, and may free a place in the followees of both.
    Block(u64, u64),
    /// Requests to follow, and who has to ask: any pair.
    Ties,
    /// The groups of a user.
    Groups(u64),
    /// The groups of the first user, and the pair.
    Member(u64, u64),
    /// Whatever anybody writes.
    Moderation,
    /// Whatever is on any board: whose a broadcast is, only the server knows.
    Boards,
}

impl Footprint {
    pub(crate) fn of(request: &Request) -> Self {
        match request {
            Request::Follow(follow) => Self::Follow(follow.user, follow.other),
            Request::Unfollow(pair) => Self::Unfollow(pair.user, pair.other),
            Request::Block(pair) => Self::Block(pair.user, pair.other),
            Request::Mute(pair) | Request::Unmute(pair) => Self::Pair(pair.user, pair.other),
            Request::Unblock(pair) => Self::Unblock(pair.user, pair.other),
            Request::Befriend(_) | Request::Private(_) | Request::Approve(_) | Request::Deny(_) => {
                Self::Ties
            }
            Request::React(reaction) | Request::Unreact(reaction) => {
                Self::Reaction(reaction.user, reaction.target)
            }
            Request::Comment(comment) => Self::Comment(comment.user),
            Request::Publish(post) if matches!(post.audience, Audience::Group { .. }) => {
                Self::Told(post.author)
            }
            Request::Publish(post) if !post.mentions.is_empty() => Self::Comment(post.author),
            Request::NoticesRead(_) => Self::NoticesRead,
            // It decides what anybody may write, as a moderator does.
            Request::Forget(_) => Self::Moderation,
            Request::CommentDelete(_) => Self::CommentDelete,
            Request::Repost(repost) => Self::Repost(repost.user),
            Request::Unrepost(unrepost) => Self::Unrepost(unrepost.user),
            Request::Delete(delete) => Self::Delete(delete.post),
            Request::Revise(revise) => Self::Revise(revise.post),
            Request::Mark(mark) if mark.feed.is_some() => Self::Groups(mark.user),
            Request::GroupCreate(group) => Self::Groups(group.user),
            Request::GroupDelete(group) => Self::Groups(group.user),
            Request::GroupAdd(member) | Request::GroupRemove(member) => {
                Self::Member(member.user, member.author)
            }
            Request::Suspend(_) | Request::Unsuspend(_) | Request::Hide(_) | Request::Unhide(_) => {
                Self::Moderation
            }
            Request::BroadcastSchedule(_)
            | Request::BroadcastReschedule(_)
            | Request::BroadcastStart(_)
            | Request::BroadcastEnd(_)
            | Request::BroadcastCancel(_) => Self::Boards,
            _ => Self::Free,
        }
    }

    /// The user whose groups it is about.
    fn owner(self) -> Option<u64> {
        match self {
            Self::Groups(user) | Self::Member(user, _) | Self::Told(user) | Self::Repost(user) => {
                Some(user)
            }
            _ => None,
        }
    }

    /// The user who responds.
    fn responder(self) -> Option<u64> {
        match self {
            Self::Reaction(user, _)
            | Self::Comment(user)
            | Self::Told(user)
            | Self::Repost(user) => Some(user),
            _ => None,
        }
    }

    /// The user whose reposts it is about.
    fn reposter(self) -> Option<u64> {
        match self {
            Self::Repost(user) | Self::Unrepost(user) => Some(user),
            _ => None,
        }
    }

    /// The post whose text or end it is.
    fn post(self) -> Option<u64> {
        match self {
            Self::Delete(post) | Self::Revise(post) => Some(post),
            _ => None,
        }
    }

    /// The two users, smaller first.
    fn pair(self) -> Option<(u64, u64)> {
        match self {
            Self::Free
            | Self::Moderation
            | Self::Ties
            | Self::Boards
            | Self::Groups(_)
            | Self::Reaction(..)
            | Self::Comment(_)
            | Self::Told(_)
            | Self::Repost(_)
            | Self::Unrepost(_)
            | Self::CommentDelete
            | Self::NoticesRead
            | Self::Revise(_)
            | Self::Delete(_) => None,
            Self::Pair(a, b)
            | Self::Unblock(a, b)
            | Self::Follow(a, b)
            | Self::Unfollow(a, b)
            | Self::Block(a, b)
            | Self::Member(a, b) => Some((a.min(b), a.max(b))),
        }
    }
}

/// The footprints of the writes in flight. Each check costs two lookups.
#[derive(Debug, Default)]
pub(crate) struct Dependencies {
    pairs: HashSet<(u64, u64)>,
    followers: HashMap<u64, u32>,
    /// By whom each is being followed, or asked: how many such writes are in flight.
    followed: HashMap<u64, u32>,
    /// Whether a write about requests is in flight.
    ties: bool,
    /// Users about whose groups a write is in flight.
    owners: HashSet<u64>,
    /// Users about whose reposts a write is in flight.
    reposters: HashSet<u64>,
    /// Reactions in flight: who, and to what.
    reactions: HashSet<(u64, u64)>,
    /// How many reactions and comments of each user are in flight.
    responders: HashMap<u64, u32>,
    /// How many deletes of comments are.
    comment_deletes: u32,
    /// How many readings of notices are.
    notices_reads: u32,
    /// Posts about which a write is in flight.
    posts: HashSet<u64>,
    /// Whether a write about a broadcast is in flight.
    boards: bool,
    /// How many writes are, of all kinds.
    all: usize,
    /// Whether one of a moderator is.
    moderation: bool,
}

impl Dependencies {
    /// Whether a write with this footprint may be sent now.
    pub(crate) fn allow(&self, footprint: Footprint) -> bool {
        if self.moderation || footprint == Footprint::Moderation && self.all != 0 {
            return false;
        }
        let is_taken = footprint.owner().is_some_and(|owner| self.owners.contains(&owner))
            || footprint.reposter().is_some_and(|user| self.reposters.contains(&user))
            || footprint.post().is_some_and(|post| self.posts.contains(&post))
            || footprint.pair().is_some_and(|pair| self.pairs.contains(&pair));
        if is_taken {
            return false;
        }
        if self.ties && footprint.pair().is_some() {
            return false;
        }
        let notifies = matches!(
            footprint,
            Footprint::Follow(..)
                | Footprint::Ties
                | Footprint::Reaction(..)
                | Footprint::Comment(_)
                | Footprint::Told(_)
                | Footprint::Repost(_)
        );
        if notifies && self.notices_reads != 0 {
            return false;
        }
        match footprint {
            Footprint::Unfollow(user, author) => {
                !self.followers.contains_key(&user) && !self.followed.contains_key(&author)
            }
            Footprint::Block(a, b) => [a, b].iter().all(|user| {
                !self.followers.contains_key(user) && !self.followed.contains_key(user)
            }),
            Footprint::Ties => !self.ties && self.pairs.is_empty() && self.responders.is_empty(),
            Footprint::Follow(user, _) | Footprint::Member(_, user) => {
                !self.responders.contains_key(&user)
            }
            Footprint::Unblock(a, b) => {
                !self.responders.contains_key(&a) && !self.responders.contains_key(&b)
            }
            Footprint::Reaction(user, target) => !self.reactions.contains(&(user, target)),
            Footprint::CommentDelete => self.responders.is_empty(),
            Footprint::Delete(_) | Footprint::Unrepost(_) => {
                self.responders.is_empty() && self.comment_deletes == 0
            }
            Footprint::Boards => !self.boards,
            Footprint::Free
            | Footprint::Moderation
            | Footprint::NoticesRead
            | Footprint::Comment(_)
            | Footprint::Told(_)
            | Footprint::Repost(_)
            | Footprint::Revise(_)
            | Footprint::Pair(..)
            | Footprint::Groups(_) => true,
        }
    }

    /// The write was sent.
    pub(crate) fn begin(&mut self, footprint: Footprint) {
        self.boards |= footprint == Footprint::Boards;
        self.moderation |= footprint == Footprint::Moderation;
        self.all += 1;
        self.ties |= footprint == Footprint::Ties;
        self.owners.extend(footprint.owner());
        self.reposters.extend(footprint.reposter());
        self.posts.extend(footprint.post());
        if let Some(user) = footprint.responder() {
            *self.responders.entry(user).or_default() += 1;
        }
        match footprint {
            Footprint::Reaction(user, target) => {
                self.reactions.insert((user, target));
            }
            Footprint::CommentDelete => self.comment_deletes += 1,
            Footprint::NoticesRead => self.notices_reads += 1,
            _ => {}
        }
        let Some(pair) = footprint.pair() else { return };
        self.pairs.insert(pair);
        if let Footprint::Follow(user, author) = footprint {
            *self.followers.entry(user).or_default() += 1;
            *self.followed.entry(author).or_default() += 1;
        }
    }

    /// The write was answered.
    pub(crate) fn end(&mut self, footprint: Footprint) {
        self.boards &= footprint != Footprint::Boards;
        self.moderation &= footprint != Footprint::Moderation;
        self.all -= 1;
        self.ties &= footprint != Footprint::Ties;
        if let Some(owner) = footprint.owner() {
            self.owners.remove(&owner);
        }
        if let Some(user) = footprint.reposter() {
            self.reposters.remove(&user);
        }
        if let Some(post) = footprint.post() {
            self.posts.remove(&post);
        }
        if let Some(user) = footprint.responder() {
            count_down(&mut self.responders, user);
        }
        match footprint {
            Footprint::Reaction(user, target) => {
                self.reactions.remove(&(user, target));
            }
            Footprint::CommentDelete => self.comment_deletes -= 1,
            Footprint::NoticesRead => self.notices_reads -= 1,
            _ => {}
        }
        let Some(pair) = footprint.pair() else { return };
        self.pairs.remove(&pair);
        let Footprint::Follow(user, author) = footprint else { return };
        count_down(&mut self.followers, user);
        count_down(&mut self.followed, author);
    }

    /// Nothing is in flight any more.
    pub(crate) fn clear(&mut self) {
        self.pairs.clear();
        self.followers.clear();
        self.followed.clear();
        self.ties = false;
        self.owners.clear();
        self.reposters.clear();
        self.boards = false;
        self.moderation = false;
        self.all = 0;
        self.posts.clear();
        self.reactions.clear();
        self.responders.clear();
        self.comment_deletes = 0;
        self.notices_reads = 0;
    }
}

fn count_down(counts: &mut HashMap<u64, u32>, user: u64) {
    if let Some(count) = counts.get_mut(&user) {
        *count -= 1;
        if *count == 0 {
            counts.remove(&user);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(footprint: Footprint) -> Dependencies {
        let mut dependencies = Dependencies::default();
        dependencies.begin(footprint);
        dependencies
    }

    #[test]
    fn a_moderator_waits_for_everybody_and_everybody_for_a_moderator() {
        for footprint in [Footprint::Free, Footprint::Comment(7), Footprint::Moderation] {
            let mut busy = with(footprint);
            assert!(!busy.allow(Footprint::Moderation), "{footprint:?}");
            assert!(!with(Footprint::Moderation).allow(footprint), "{footprint:?}");
            busy.end(footprint);
            assert!(busy.allow(Footprint::Moderation), "{footprint:?}");
        }
    }

    #[test]
    fn the_same_pair_waits_in_both_directions() {
        let busy = with(Footprint::Pair(1, 2));
        for footprint in [
            Footprint::Pair(2, 1),
            Footprint::Follow(2, 1),
            Footprint::Unfollow(1, 2),
            Footprint::Block(2, 1),
        ] {
            assert!(!busy.allow(footprint), "{footprint:?}");
        }
        assert!(busy.allow(Footprint::Follow(1, 3)));
        assert!(busy.allow(Footprint::Free));
    }

    #[test]
    fn freeing_a_place_waits_for_the_follows_of_that_user() {
        let busy = with(Footprint::Follow(1, 2));
        assert!(!busy.allow(Footprint::Unfollow(1, 9)));
        assert!(!busy.allow(Footprint::Block(1, 9)));
        assert!(!busy.allow(Footprint::Block(9, 1)), "a block ends the other's follows too");
        assert!(busy.allow(Footprint::Unfollow(2, 9)), "the followed user has its own places");
        assert!(busy.allow(Footprint::Follow(1, 9)));
        assert!(busy.allow(Footprint::Pair(1, 9)));
    }

    #[test]
    fn whoever_comes_to_see_more_waits_for_what_they_wrote() {
        for footprint in [Footprint::Reaction(1, 5), Footprint::Comment(1), Footprint::Told(1)] {
            let mut busy = with(footprint);
            for more in [Footprint::Follow(1, 2), Footprint::Member(9, 1), Footprint::Ties] {
                assert!(!busy.allow(more), "{more:?} beside {footprint:?}");
            }
            assert!(busy.allow(Footprint::Follow(2, 1)) && busy.allow(Footprint::Member(8, 9)));
            busy.end(footprint);
            assert!(busy.allow(Footprint::Ties));
        }
    }

    #[test]
    fn what_is_for_a_group_waits_for_writes_about_its_author_s_groups() {
        let busy = with(Footprint::Groups(7));
        assert!(!busy.allow(Footprint::Told(7)) && !busy.allow(Footprint::Repost(7)));
        assert!(busy.allow(Footprint::Told(8)) && busy.allow(Footprint::Comment(7)));
        assert!(!with(Footprint::Told(7)).allow(Footprint::Groups(7)));
    }

    #[test]
    fn what_gives_notices_waits_for_their_readers() {
        let mut busy = with(Footprint::NoticesRead);
        for footprint in [Footprint::Follow(1, 2), Footprint::Reaction(1, 5), Footprint::Comment(1)]
        {
            assert!(!busy.allow(footprint), "{footprint:?}");
        }
        assert!(busy.allow(Footprint::NoticesRead), "marks only rise");
        assert!(busy.allow(Footprint::Free));
        busy.end(Footprint::NoticesRead);
        assert!(busy.allow(Footprint::Comment(1)));
    }

    #[test]
    fn an_answer_releases_what_the_write_held() {
        let mut busy = with(Footprint::Follow(1, 2));
        busy.begin(Footprint::Follow(1, 3));
        busy.end(Footprint::Follow(1, 2));
        assert!(busy.allow(Footprint::Pair(2, 1)));
        assert!(!busy.allow(Footprint::Unfollow(1, 9)), "one follow is still in flight");
        busy.end(Footprint::Follow(1, 3));
        assert!(busy.allow(Footprint::Unfollow(1, 9)));
    }

    #[test]
    fn groups_of_one_user_wait_for_each_other_and_members_for_blocks() {
        let busy = with(Footprint::Member(1, 2));
        for footprint in [Footprint::Groups(1), Footprint::Member(1, 3), Footprint::Block(2, 1)] {
            assert!(!busy.allow(footprint), "{footprint:?}");
        }
        assert!(busy.allow(Footprint::Groups(2)));
        assert!(busy.allow(Footprint::Follow(1, 3)));
        let mut busy = with(Footprint::Groups(1));
        assert!(!busy.allow(Footprint::Member(1, 2)));
        busy.end(Footprint::Groups(1));
        assert!(busy.allow(Footprint::Member(1, 2)));
    }

    #[test]
    fn responses_wait_for_their_like_and_deletes_for_all_of_them() {
        let mut busy = with(Footprint::Reaction(1, 300));
        for footprint in [
            Footprint::Reaction(1, 300),
            Footprint::Unblock(9, 1),
            Footprint::CommentDelete,
            Footprint::Delete(300),
        ] {
            assert!(!busy.allow(footprint), "{footprint:?}");
        }
        for footprint in
            [Footprint::Reaction(2, 300), Footprint::Comment(1), Footprint::Unblock(8, 9)]
        {
            assert!(busy.allow(footprint), "{footprint:?}");
        }
        busy.begin(Footprint::Comment(1));
        busy.end(Footprint::Reaction(1, 300));
        assert!(busy.allow(Footprint::Reaction(1, 300)));
        assert!(!busy.allow(Footprint::Unblock(1, 9)), "the comment is still in flight");
        busy.end(Footprint::Comment(1));
        busy.begin(Footprint::CommentDelete);
        assert!(busy.allow(Footprint::CommentDelete));
        assert!(!busy.allow(Footprint::Delete(300)));
    }

    #[test]
    fn writes_about_one_post_wait_for_each_other() {
        let mut busy = with(Footprint::Revise(1));
        assert!(!busy.allow(Footprint::Revise(1)) && !busy.allow(Footprint::Delete(1)));
        assert!(busy.allow(Footprint::Revise(2)) && busy.allow(Footprint::Groups(1)));
        busy.end(Footprint::Revise(1));
        busy.begin(Footprint::Delete(1));
        assert!(!busy.allow(Footprint::Revise(1)));
    }

    #[test]
    fn broadcasts_wait_for_each_other_alone() {
        let mut busy = with(Footprint::Boards);
        assert!(!busy.allow(Footprint::Boards));
        assert!(busy.allow(Footprint::Free) && busy.allow(Footprint::Groups(1)));
        busy.end(Footprint::Boards);
        assert!(busy.allow(Footprint::Boards));
    }

    #[test]
    fn clearing_forgets_everything() {
        let mut busy = with(Footprint::Follow(1, 2));
        busy.clear();
        assert!(busy.allow(Footprint::Block(1, 2)));
    }
}
