//! A write, before it is sent: what to do, and under which key and for which acting user.
//!
//! Nothing is sent here and nothing is checked that the server checks. A write is plain data and
//! can be cloned, so that a caller can repeat it under the same key.

use bytes::Bytes;
use fanfold_protocol as wire;

use crate::audience::Audience;
use crate::ids::{Key, PostId, Timestamp, UserId};
use crate::marks::Feed;

/// What every write may carry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WriteOptions {
    /// The idempotency key. Absent: the client draws one, which makes its own retries safe. Give
    /// one to make *your* retries safe, across restarts of your process too.
    pub key: Option<Key>,
    /// On whose behalf. Absent: the trusted application.
    pub actor: Option<UserId>,
}

/// A post to be published.
///
/// ```
/// use fanfold_client::{NewPost, Timestamp, UserId};
/// let post = NewPost::new(UserId(9), "hello").kind(2).created_at(Timestamp(1_370_047_740_000));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPost {
    author: UserId,
    text: Bytes,
    kind: u16,
    created_at: Option<Timestamp>,
    meta: Bytes,
    pub(crate) audience: Audience,
}

impl NewPost {
    /// A post by `author` that says `text`: UTF-8, at most 64 KiB, may be empty.
    pub fn new(author: UserId, text: impl Into<String>) -> Self {
        let text = Bytes::from(text.into());
        let audience = Audience::Everybody;
        Self { author, text, kind: 0, created_at: None, meta: Bytes::new(), audience }
    }

    /// A number of the application's own; the server stores it and does not look at it. Default 0.
    #[must_use]
    pub fn kind(mut self, kind: u16) -> Self {
        self.kind = kind;
        self
    }

    /// The time to show, for imports. It does not change the order. Default: the commit time.
    #[must_use]
    pub fn created_at(mut self, at: Timestamp) -> Self {
        self.created_at = Some(at);
        self
    }

    /// Bytes of the application's own, at most 4 KiB. Default: none.
    #[must_use]
    pub fn meta(mut self, meta: impl Into<Vec<u8>>) -> Self {
        self.meta = Bytes::from(meta.into());
        self
    }
}

impl NewPost {
    /// The same as a repost of `parent`; with a text it is a quote.
    #[must_use]
    pub fn reposting(self, parent: PostId) -> Write {
        let repost = wire::NewRepost {
            options: wire::WriteOptions::default(),
            user: self.author.0,
            parent: parent.0,
            kind: self.kind,
            created_at: self.created_at.map(|at| at.0),
            text: self.text,
            meta: self.meta,
            mentions: Vec::new(),
            audience: self.audience.said(),
        };
        Write { request: wire::Request::Repost(repost) }
    }
}

/// One write: what [`Client::write`](crate::Client::write) and
/// [`Client::start`](crate::Client::start) take.
#[derive(Clone, Debug)]
pub struct Write {
    pub(crate) request: wire::Request,
}

/// A constructor per write about two users.
macro_rules! pair_writes {
    ($($(#[$doc:meta])* $name:ident($user:ident, $other:ident) => $variant:ident;)*) => {
        $(
            $(#[$doc])*
            #[must_use]
            pub fn $name($user: UserId, $other: UserId) -> Self {
                let options = wire::WriteOptions::default();
                let pair = wire::Pair { options, user: $user.0, other: $other.0 };
                Self { request: wire::Request::$variant(pair) }
            }
        )*
    };
}

impl Write {
    /// Publishes a post; `author` and `text` as in [`NewPost::new`].
    pub fn publish(author: UserId, text: impl Into<String>) -> Self {
        NewPost::new(author, text).into()
    }

    /// Deletes a post. With an actor who is not its author: `Denied`.
    #[must_use]
    pub fn delete(post: PostId) -> Self {
        let options = wire::WriteOptions::default();
        Self { request: wire::Request::Delete(wire::Delete { options, post: post.0 }) }
    }

    /// Gives a post another text; it must have that revision, 0 when it is new, else `Conflict`. With an
    /// actor who is not its author: `Denied`.
    #[must_use]
    pub fn revise(post: PostId, revision: u32, text: impl Into<String>) -> Self {
        let (options, text) = (wire::WriteOptions::default(), Bytes::from(text.into()));
        let revise = wire::Revise { options, post: post.0, revision, text, meta: None };
        Self { request: wire::Request::Revise(revise) }
    }

    /// A revise that replaces the application's own bytes too, at most 4 KiB. Other writes stay as they
    /// are.
    #[must_use]
    pub fn meta(mut self, meta: impl Into<Vec<u8>>) -> Self {
        if let wire::Request::Revise(revise) = &mut self.request {
            revise.meta = Some(Bytes::from(meta.into()));
        }
        self
    }

    /// A device of the user has seen a feed up to a post. Marks only rise.
    #[must_use]
    pub fn mark(user: UserId, feed: &Feed, device: u64, post: PostId) -> Self {
        let (options, feed) = (wire::WriteOptions::default(), feed.to_wire());
        let mark = wire::Mark { options, user: user.0, feed, device, post: post.0 };
        Self { request: wire::Request::Mark(mark) }
    }

    /// Marks a user as active.
    #[must_use]
    pub fn touch(user: UserId) -> Self {
        let options = wire::WriteOptions::default();
        Self { request: wire::Request::Touch(wire::Touch { options, user: user.0 }) }
    }

    /// Lets `user` follow `author`, past posts included. See [`weight`](Self::weight).
    #[must_use]
    pub fn follow(user: UserId, author: UserId) -> Self {
        let options = wire::WriteOptions::default();
        let follow = wire::NewFollow { options, user: user.0, other: author.0, weight: None };
        Self { request: wire::Request::Follow(follow) }
    }

    /// A follow with a weight, 0 to 15: how much it matters that posts of the author come early. A hint for
    /// delivery, never part of an answer. On a follow that stands it changes the weight. Other
    /// writes have none and stay as they are.
    #[must_use]
    pub fn weight(mut self, weight: u8) -> Self {
        if let wire::Request::Follow(follow) = &mut self.request {
            follow.weight = Some(weight);
        }
        self
    }

    /// Gives a user a tag, or takes it away: a hint for delivery. A tag has 1 to 32 letters, digits,
    /// `.`, `_` and `-`, a user at most 8 tags.
    pub fn tag(user: UserId, tag: impl Into<String>, set: bool) -> Self {
        let (options, tag) = (wire::WriteOptions::default(), Bytes::from(tag.into()));
        Self { request: wire::Request::Tag(wire::Tag { options, user: user.0, tag, set }) }
    }

    /// Begins a group of that name; its members are left out of the owner's home if it is `exclusive`.
    #[must_use]
    pub fn group_create(user: UserId, name: &str, exclusive: bool) -> Self {
        let (options, user, name) = (wire::WriteOptions::default(), user.0, copy(name));
        let create = wire::GroupCreate { options, user, name, exclusive };
        Self { request: wire::Request::GroupCreate(create) }
    }

    /// Ends a group and all memberships in it.
    #[must_use]
    pub fn group_delete(user: UserId, name: &str) -> Self {
        let (options, user, name) = (wire::WriteOptions::default(), user.0, copy(name));
        let delete = wire::GroupDelete { options, user, name };
        Self { request: wire::Request::GroupDelete(delete) }
    }

    /// Puts an author into a group, past posts included.
    #[must_use]
    pub fn group_add(user: UserId, name: &str, author: UserId) -> Self {
        Self { request: wire::Request::GroupAdd(member(user, name, author)) }
    }

    /// Takes an author out of a group.
    #[must_use]
    pub fn group_remove(user: UserId, name: &str, author: UserId) -> Self {
        Self { request: wire::Request::GroupRemove(member(user, name, author)) }
    }

    pair_writes! {
        /// Ends a follow.
        unfollow(user, author) => Unfollow;
        /// Hides `author` from `user`'s home and keeps the follow.
        mute(user, author) => Mute;
        /// Ends a mute.
        unmute(user, author) => Unmute;
        /// Ends the follows both ways, refuses new ones, hides each from the other.
        block(user, other) => Block;
        /// Ends a block; no follow comes back.
        unblock(user, other) => Unblock;
        /// Lets the two follow each other, in one step; nobody is asked. Either may be the actor.
        befriend(user, other) => Befriend;
        /// Lets `follower` follow, who asked. `NotFound` if they did not.
        approve(user, follower) => Approve;
        /// Ends a request to follow.
        deny(user, follower) => Deny;
    }

    /// Makes a user private, so that whoever wants to follow them has to ask, and only who follows them
    /// sees what they have for everybody; or ends that.
    #[must_use]
    pub fn private(user: UserId, on: bool) -> Self {
        let options = wire::WriteOptions::default();
        Self { request: wire::Request::Private(wire::Private { options, user: user.0, on }) }
    }

    /// The same write under these options.
    #[must_use]
    pub fn with(mut self, options: WriteOptions) -> Self {
        *self.options_mut() = wire::WriteOptions {
            key: options.key.map(|key| key.0),
            actor: options.actor.map(|actor| actor.0),
        };
        self
    }

    /// Gives the write a key unless it has one.
    pub(crate) fn ensure_key(&mut self, next: impl FnOnce() -> Key) {
        self.options_mut().key.get_or_insert_with(|| next().0);
    }

    fn options_mut(&mut self) -> &mut wire::WriteOptions {
        match &mut self.request {
            wire::Request::Publish(publish) => &mut publish.options,
            wire::Request::Delete(delete) => &mut delete.options,
            wire::Request::Touch(touch) => &mut touch.options,
            wire::Request::Revise(revise) => &mut revise.options,
            wire::Request::Mark(mark) => &mut mark.options,
            wire::Request::Tag(tag) => &mut tag.options,
            wire::Request::Follow(follow) => &mut follow.options,
            wire::Request::Unfollow(pair)
            | wire::Request::Mute(pair)
            | wire::Request::Unmute(pair)
            | wire::Request::Block(pair)
            | wire::Request::Unblock(pair)
            | wire::Request::Befriend(pair)
            | wire::Request::Approve(pair)
            | wire::Request::Deny(pair) => &mut pair.options,
            wire::Request::Private(private) => &mut private.options,
            wire::Request::Repost(repost) => &mut repost.options,
            wire::Request::Unrepost(unrepost) => &mut unrepost.options,
            wire::Request::Suspend(of) | wire::Request::Unsuspend(of) => &mut of.options,
            wire::Request::Hide(of) | wire::Request::Unhide(of) => &mut of.options,
            wire::Request::React(reaction) | wire::Request::Unreact(reaction) => {
                &mut reaction.options
            }
            wire::Request::Comment(comment) => &mut comment.options,
            wire::Request::CommentDelete(delete) => &mut delete.options,
            wire::Request::NoticesRead(read) => &mut read.options,
            wire::Request::Forget(forget) => &mut forget.options,
            wire::Request::GroupCreate(group) => &mut group.options,
            wire::Request::GroupDelete(group) => &mut group.options,
            wire::Request::BroadcastSchedule(schedule) => &mut schedule.options,
            wire::Request::BroadcastReschedule(reschedule) => &mut reschedule.options,
            wire::Request::BroadcastStart(start) => &mut start.options,
            wire::Request::BroadcastEnd(end) => &mut end.options,
            wire::Request::BroadcastCancel(cancel) => &mut cancel.options,
            wire::Request::GroupAdd(member) | wire::Request::GroupRemove(member) => {
                &mut member.options
            }
            _ => unreachable!("a Write is only ever built around a write request"),
        }
    }
}

fn member(user: UserId, name: &str, author: UserId) -> wire::GroupMember {
    let options = wire::WriteOptions::default();
    wire::GroupMember { options, user: user.0, name: copy(name), author: author.0 }
}

fn copy(name: &str) -> Bytes {
    Bytes::copy_from_slice(name.as_bytes())
}

impl From<NewPost> for Write {
    fn from(post: NewPost) -> Self {
        let publish = wire::Publish {
            options: wire::WriteOptions::default(),
            author: post.author.0,
            kind: post.kind,
            created_at: post.created_at.map(|at| at.0),
            text: post.text,
            meta: post.meta,
            mentions: Vec::new(),
            audience: post.audience.said(),
        };
        Self { request: wire::Request::Publish(publish) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Sequence;

    #[test]
    fn options_reach_every_kind_of_write() {
        let (a, b) = (UserId(1), UserId(2));
        let all = [
            Write::publish(a, "x"),
            Write::delete(PostId(1)),
            Write::touch(a),
            Write::revise(PostId(1), 0, "y").meta([1]),
            Write::mark(a, &Feed::Group("friends".to_owned()), 3, PostId(1)),
            Write::follow(a, b).weight(3),
            Write::tag(a, "vip", true),
            Write::unfollow(a, b),
            Write::mute(a, b),
            Write::unmute(a, b),
            Write::block(a, b),
            Write::unblock(a, b),
            Write::befriend(a, b),
            Write::private(a, true),
            Write::approve(a, b),
            Write::deny(a, b),
            Write::group_create(a, "friends", true),
            Write::group_delete(a, "friends"),
            Write::group_add(a, "friends", b),
            Write::group_remove(a, "friends", b),
            Write::react(a, PostId(1), 3),
            Write::unreact(a, PostId(1), 3),
            Write::repost(a, PostId(1)),
            Write::unrepost(a, PostId(1)),
            Write::suspend(a),
            Write::unsuspend(a),
            Write::hide(PostId(1)),
            Write::unhide(PostId(1)),
            Write::comment(a, PostId(1), "so").answers(PostId(2)),
            Write::comment_delete(PostId(2)),
            Write::notices_read(a, None),
            Write::forget(a),
            Write::broadcast_schedule(a, Timestamp(5), "show").broadcast_extras(1, [2]),
            Write::broadcast_reschedule(Sequence(5), Timestamp(6)),
            Write::broadcast_start(Sequence(5)),
            Write::broadcast_start_new(a, "show"),
            Write::broadcast_end(Sequence(5)).replay_text("x").replay_kind(1).replay_meta([1]),
            Write::broadcast_cancel(Sequence(5)),
        ];
        for write in all {
            let options = WriteOptions { key: Some(Key([7; 16])), actor: Some(UserId(5)) };
            let mut write = write.with(options);
            write.ensure_key(|| Key([8; 16]));
            let expected = wire::WriteOptions { key: Some([7; 16]), actor: Some(5) };
            assert_eq!(*write.options_mut(), expected);
            let mut bare = write.with(WriteOptions::default());
            bare.ensure_key(|| Key([8; 16]));
            assert_eq!(bare.options_mut().key, Some([8; 16]));
        }
    }

    #[test]
    fn a_new_post_carries_all_its_fields() {
        let post = NewPost::new(UserId(9), "hi").kind(3).created_at(Timestamp(5)).meta([1, 2]);
        let wire::Request::Publish(publish) = Write::from(post).request else {
            unreachable!("a NewPost becomes a publish")
        };
        assert_eq!((publish.author, publish.kind, publish.created_at), (9, 3, Some(5)));
        assert_eq!((&publish.text[..], &publish.meta[..]), (&b"hi"[..], &[1, 2][..]));
    }
}
