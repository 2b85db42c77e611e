//! The writes of [`Client`].
//!
//! Every write goes through [`Client::start`]: it waits for a place in the line, and from then on
//! the order is fixed.

use crate::answer::Written;
use crate::client::Client;
use crate::error::Result;
use crate::ids::{PostId, UserId};
use crate::marks::Feed;
use crate::pending::Pending;
use crate::write::Write;

/// A method per write about two users.
macro_rules! pair_writes {
    ($($(#[$doc:meta])* $name:ident($user:ident, $other:ident);)*) => {
        $(
            $(#[$doc])*
            ///
            /// # Errors
            ///
            /// As [`Client::write`].
            pub async fn $name(&self, $user: UserId, $other: UserId) -> Result<Written> {
                self.write(Write::$name($user, $other)).await
            }
        )*
    };
}

impl Client {
    /// Does a write and waits for its answer. Dropping the call is safe; the effect is then
    /// unknown.
    ///
    /// The variant of all the named methods that takes options:
    ///
    /// ```no_run
    /// # use fanfold_client::{Client, Key, PostId, UserId, Write, WriteOptions};
    /// # async fn example(client: Client) -> fanfold_client::Result<()> {
    /// let options = WriteOptions { key: Some(Key([7; 16])), actor: Some(UserId(9)) };
    /// client.write(Write::delete(PostId(17)).with(options)).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// See [`ErrorKind`](crate::ErrorKind). After `TimedOut` and `Disconnected` the effect is
    /// unknown: repeat the write with the same key, or read.
    pub async fn write(&self, write: impl Into<Write>) -> Result<Written> {
        self.start(write).await?.await
    }

    /// Gives a write its place in the line and returns; the answer comes through [`Pending`].
    ///
    /// For bulk loads: await `start` for one write after the other, which keeps them in order and
    /// pauses while the table of requests in flight is full, and collect the answers behind it.
    /// Answers come in the same order.
    ///
    /// # Errors
    ///
    /// `TimedOut` if no place came free before the deadline (nothing was sent), `Closed`.
    pub async fn start(&self, write: impl Into<Write>) -> Result<Pending> {
        let mut write: Write = write.into();
        write.ensure_key(|| self.shared().keys.next());
        self.submit(write.request).await.map(Pending::new)
    }

    /// Publishes a post. For more than author and text see [`NewPost`](crate::NewPost) and
    /// [`write`](Self::write).
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write); `Limit` for a text above 64 KiB.
    pub async fn publish(&self, author: UserId, text: impl Into<String>) -> Result<Written> {
        self.write(Write::publish(author, text)).await
    }

    /// Deletes a post; a deleted one again succeeds without change.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write); `NotFound` if there never was such a post.
    pub async fn delete(&self, post: PostId) -> Result<Written> {
        self.write(Write::delete(post)).await
    }

    /// Gives a post another text; it must have that revision, 0 when it is new. With other bytes of the
    /// application's: [`Write::revise`].
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write); `Conflict` if the post has another revision, `NotFound` if it is
    /// deleted or never was.
    pub async fn revise(
        &self,
        post: PostId,
        revision: u32,
        text: impl Into<String>,
    ) -> Result<Written> {
        self.write(Write::revise(post, revision, text)).await
    }

    /// A device of the user has seen a feed up to a post. Marks only rise.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write); `NotFound` if there is no such group, `Invalid` for a post above the
    /// newest, `Limit` above the bound of devices.
    pub async fn mark(
        &self,
        user: UserId,
        feed: &Feed,
        device: u64,
        post: PostId,
    ) -> Result<Written> {
        self.write(Write::mark(user, feed, device, post)).await
    }

    /// Makes a user private, so that whoever wants to follow them has to ask, and only who follows them
    /// sees what they have for everybody; or ends that.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    pub async fn private(&self, user: UserId, on: bool) -> Result<Written> {
        self.write(Write::private(user, on)).await
    }

    /// Marks a user as active.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    pub async fn touch(&self, user: UserId) -> Result<Written> {
        self.write(Write::touch(user)).await
    }

    /// Gives a user a tag, or takes it away; see [`Write::tag`].
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write); `Invalid` for a name that no tag can have, `Limit` above 8 tags.
    pub async fn tag(&self, user: UserId, tag: impl Into<String>, set: bool) -> Result<Written> {
        self.write(Write::tag(user, tag, set)).await
    }

    pair_writes! {
        /// Lets `user` follow `author`, or asks for it if they are private. `Limit` above the bound of followees, `Conflict` after a
        /// block. With a weight: [`Write::weight`].
        follow(user, author);
        /// Ends a follow.
        unfollow(user, author);
        /// Hides `author` from `user`'s home and keeps the follow.
        mute(user, author);
        /// Ends a mute.
        unmute(user, author);
        /// Ends the follows both ways, refuses new ones, hides each from the other.
        block(user, other);
        /// Ends a block; no follow comes back.
        unblock(user, other);
        /// Lets the two follow each other, in one step; nobody is asked. `Limit` above the bound of
        /// friends, `Conflict` after a block.
        befriend(user, other);
        /// Lets `follower` follow, who asked. `NotFound` if they did not.
        approve(user, follower);
        /// Ends a request to follow.
        deny(user, follower);
    }
}
