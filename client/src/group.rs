//! A handle on one of a user's groups: a named list of authors with a feed of its own.
//!
//! It holds names only and asks the server each time. A group that is not there is `NotFound` when it is
//! used, not when the handle is made.

use bytes::Bytes;
use fanfold_protocol::{self as wire, Request, UserById};

use crate::answer::{EdgePage, GroupList, Page, Written};
use crate::client::Client;
use crate::error::Result;
use crate::feed::PageStream;
use crate::ids::UserId;
use crate::query::{EdgeQuery, TimelineQuery, read_options};
use crate::write::Write;

/// One of a user's groups. Made by [`Client::group`].
///
/// ```no_run
/// # use fanfold_client::{Client, TimelineQuery, UserId};
/// # async fn example(client: Client) -> fanfold_client::Result<()> {
/// let (ann, ben) = (UserId(1), UserId(2));
/// let friends = client.group(ann, "friends");
/// friends.create().await?;
/// friends.add(ben).await?;
/// let page = friends.feed(TimelineQuery::of(ann).limit(20)).await?;
/// # drop(page);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Group {
    client: Client,
    user: UserId,
    name: String,
}

impl Client {
    /// The group of `user` that is called `name`. Asks nothing yet.
    #[must_use]
    pub fn group(&self, user: UserId, name: impl Into<String>) -> Group {
        Group { client: self.clone(), user, name: name.into() }
    }

    /// All groups of a user, oldest first.
    ///
    /// # Errors
    ///
    /// `Denied` for another viewer than the user.
    pub async fn groups(&self, user: UserId, viewer: Option<UserId>) -> Result<GroupList> {
        let request = UserById { options: read_options(viewer), user: user.0 };
        self.call(Request::Groups(request)).await
    }
}

impl Group {
    /// Whose group it is.
    #[must_use]
    pub fn user(&self) -> UserId {
        self.user
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Begins the group; one that is there already succeeds without change.
    ///
    /// # Errors
    ///
    /// As [`Client::write`]; `Conflict` if it is there and exclusive, `Limit` above the bound of
    /// groups.
    pub async fn create(&self) -> Result<Written> {
        self.client.write(Write::group_create(self.user, &self.name, false)).await
    }

    /// Begins the group; its members are left out of the owner's home while they are members.
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create); `Conflict` if it is there and not exclusive.
    pub async fn create_exclusive(&self) -> Result<Written> {
        self.client.write(Write::group_create(self.user, &self.name, true)).await
    }

    /// Ends the group and all memberships; one that is not there succeeds without change.
    ///
    /// # Errors
    ///
    /// As [`Client::write`].
    pub async fn delete(&self) -> Result<Written> {
        self.client.write(Write::group_delete(self.user, &self.name)).await
    }

    /// Puts an author into the group, past posts included.
    ///
    /// # Errors
    ///
    /// As [`Client::write`]; `NotFound` if there is no such group, `Conflict` after a block, `Limit`
    /// above the bound of members.
    pub async fn add(&self, author: UserId) -> Result<Written> {
        self.client.write(Write::group_add(self.user, &self.name, author)).await
    }

    /// Takes an author out of the group.
    ///
    /// # Errors
    ///
    /// As [`Client::write`]; `NotFound` if there is no such group.
    pub async fn remove(&self, author: UserId) -> Result<Written> {
        self.client.write(Write::group_remove(self.user, &self.name, author)).await
    }

    /// A page of the group's feed. The query's user is the owner, whoever it names.
    ///
    /// # Errors
    ///
    /// `NotFound` if there is no such group, `Denied` for another viewer than the owner.
    pub async fn feed(&self, query: TimelineQuery) -> Result<Page> {
        let page = TimelineQuery { user: self.user, ..query }.to_wire();
        self.client.call(Request::Group(wire::GroupFeed { page, name: self.bytes() })).await
    }

    /// All pages of the group's feed from the query's cursor on.
    #[must_use]
    pub fn stream_feed(&self, query: TimelineQuery) -> PageStream {
        PageStream::of_group(self.clone(), query)
    }

    /// A page of the members, newest first. The query's user is the owner, whoever it names.
    ///
    /// # Errors
    ///
    /// As [`feed`](Self::feed).
    pub async fn members(&self, query: EdgeQuery) -> Result<EdgePage> {
        let page = EdgeQuery { user: self.user, ..query }.to_wire();
        self.client.call(Request::Members(wire::Members { page, name: self.bytes() })).await
    }

    /// The client that it asks through.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    fn bytes(&self) -> Bytes {
        Bytes::copy_from_slice(self.name.as_bytes())
    }
}
