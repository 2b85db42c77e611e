//! The oracle: the contract of the home feed as a few maps, written to be obviously right. Shares
//! no code with the engine but the types of commands and queries.

mod audiences;
pub mod broadcasts;
mod collapse;
mod edges;
mod edits;
mod forgotten;
mod groups;
mod marks;
mod moderation;
mod notices;
mod reposts;
mod requests;
mod responses;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::audience::Audience;
use crate::command::{Action, Command, NewPost};
use crate::error::ErrorKind;
use crate::group_name::GroupName;
use crate::ids::{Key, PostId, UserId};
use crate::limits::PAGE_BYTES_MAX;
use crate::mentions::Mentions;
use crate::query::{GroupQuery, MembersQuery, PageEnd, Span, TimelineQuery};

pub use collapse::ModelCollapsed;
pub use forgotten::ModelForgotten;
pub use marks::ModelUnread;
pub use moderation::ModelModerated;
pub use notices::{ModelNotebook, ModelNotices};
pub use reposts::ModelReposters;
pub use responses::{ModelComment, ModelResponses};

/// A post of the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelPost {
    /// Who published it.
    pub author: UserId,
    /// Its text.
    pub text: Vec<u8>,
    /// Its meta.
    pub meta: Vec<u8>,
    /// Whom it mentions.
    pub mentions: Mentions,
    /// The time to show, if it was given.
    pub created_at: Option<u64>,
    /// Whether it was deleted.
    pub deleted: bool,
    /// Parent and root, if it is a repost.
    pub repost: Option<(u64, u64)>,
    /// Whether it is a repost that says nothing of its own.
    pub bare: bool,
    /// How often it was revised.
    pub revision: u32,
    /// For whom it is.
    pub audience: Audience,
}

/// A group of the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelGroup {
    /// The sequence at which it was created.
    pub id: u64,
    /// Whether its members are left out of the owner's home.
    pub exclusive: bool,
    /// Members, with the sequences at which they became that.
    pub members: BTreeMap<u64, u64>,
}

/// The limits of the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModelLimits {
    /// How many authors one user may follow.
    pub followees: usize,
    /// How many users one user may follow when two are befriended.
    pub friends: usize,
    /// How many may ask to follow one user.
    pub requests: usize,
    /// How many groups one user may have.
    pub groups: usize,
    /// How many members a group may have.
    pub members: usize,
    /// How many devices may mark a feed of a user.
    pub devices: usize,
    /// How many broadcasts of one author may be scheduled or live.
    pub board: usize,
}

/// What the model expects a write to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// It changes something: the next sequence is its record.
    Changed,
    /// Everything is as asked.
    Unchanged,
    /// Its key was answered before, with the record at this sequence.
    Repeated(u64),
    /// It is refused.
    Refused(ErrorKind),
}

/// The naive database.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// All posts ever, by id.
    pub posts: BTreeMap<u64, ModelPost>,
    /// (follower, author) to the sequence at which it began.
    pub follows: BTreeMap<(u64, u64), u64>,
    /// (follower, author) to the weight of the follow; only that of one that stands means anything.
    weights: BTreeMap<(u64, u64), u8>,
    /// Who is private.
    private: BTreeSet<u64>,
    /// (who asks, whom they ask to follow) to the sequence at which they did.
    requests: BTreeMap<(u64, u64), u64>,
    mutes: BTreeMap<(u64, u64), u64>,
    blocks: BTreeMap<(u64, u64), u64>,
    /// (owner, name) to the group.
    pub groups: BTreeMap<(u64, String), ModelGroup>,
    /// Comments and reactions.
    pub responses: ModelResponses,
    /// Notices.
    pub notebook: ModelNotebook,
    /// (user, id of the group or 0, device) to the post it has seen the feed up to.
    pub marks: BTreeMap<(u64, u64, u64), u64>,
    /// All broadcasts ever, by id.
    pub broadcasts: BTreeMap<u64, broadcasts::ModelBroadcast>,
    /// Who is and who was forgotten.
    pub forgotten: ModelForgotten,
    /// What counts go by, if it is not this; see [`shown`](Model::shown).
    counting: Option<Box<Self>>,
    /// Users who are suspended, and since when.
    suspended: BTreeMap<u64, u64>,
    /// Posts that were hidden, and since when; those that are deleted too.
    hidden: BTreeMap<u64, u64>,
    /// Of keyed writes: the sequence, what was asked for, and whether it became a request.
    keys: HashMap<(u64, Key), (u64, Action, bool)>,
    /// The last sequence.
    pub last: u64,
    /// What is refused beyond.
    pub limits: ModelLimits,
}

impl ModelPost {
    fn of(post: &NewPost) -> Self {
        Self {
            author: post.author,
            text: post.text.to_vec(),
            meta: post.meta.to_vec(),
            mentions: post.mentions.clone(),
            created_at: post.created_at.map(|at| at.0),
            deleted: false,
            repost: None,
            bare: false,
            revision: 0,
            audience: Audience::Everybody,
        }
    }
}

impl Default for ModelLimits {
    fn default() -> Self {
        let none = usize::MAX;
        Self {
            followees: none,
            friends: none,
            requests: none,
            groups: none,
            members: none,
            devices: none,
            board: none,
        }
    }
}

/// A page of ids and why it ends.
pub type IdPage = (Vec<u64>, PageEnd);

impl Model {
    /// An empty database.
    #[must_use]
    pub fn new(followees_max: usize) -> Self {
        Self {
            limits: ModelLimits { followees: followees_max, ..ModelLimits::default() },
            ..Self::default()
        }
    }

    /// What `command` would answer now.
    #[must_use]
    pub fn expect(&self, command: &Command) -> Expected {
        use Expected::{Changed, Refused, Repeated, Unchanged};
        if matches!(command.action, Action::Forget { .. }) && command.options.actor.is_some() {
            return Refused(ErrorKind::Denied);
        }
        if Self::is_no_moderator(command) {
            return Refused(ErrorKind::Denied);
        }
        let subject = match self.subject(command) {
            Some(subject) => subject,
            None => return Refused(ErrorKind::NotFound),
        };
        if let Action::Mute { user, author: other }
        | Action::Block { user, other }
        | Action::Befriend { user, other } = &command.action
            && user == other
        {
            return Refused(ErrorKind::Invalid);
        }
        let refused = Self::refuses_response(&command.action);
        if let Some(kind) = refused.or_else(|| Self::refuses_audience(&command.action)) {
            return Refused(kind);
        }
        let is_bygone = self.names_bygone(&command.action);
        if is_bygone && matches!(command.action, Action::CommentDelete { .. }) {
            return Refused(ErrorKind::NotFound);
        }
        if let Some(denied) = self.is_denied(command, subject) {
            return match &command.action {
                Action::Broadcast(action) if self.names_gone(action) => {
                    Refused(ErrorKind::NotFound)
                }
                _ => denied,
            };
        }
        if matches!(&command.action, Action::Comment { text, .. } if text.is_empty()) {
            return Refused(ErrorKind::Invalid);
        }
        if is_bygone {
            return Refused(ErrorKind::NotFound);
        }
        if let Some(key) = command.options.key {
            match self.keys.get(&(subject.0, key)) {
                Some((at, action, _)) if *action == command.action => return Repeated(*at),
                Some(_) => return Refused(ErrorKind::Conflict),
                None => {}
            }
        }
        if self.is_about_hidden(subject, &command.action) {
            return Refused(ErrorKind::Conflict);
        }
        if self.writes_suspended(command, subject) {
            return Refused(ErrorKind::Denied);
        }
        match self.changes(&command.action) {
            Ok(true) => Changed,
            Ok(false) => Unchanged,
            Err(kind) => Refused(kind),
        }
    }

    /// Whether it changes anything, or why it is refused.
    fn changes(&self, action: &Action) -> Result<bool, ErrorKind> {
        Ok(match action {
            Action::Publish(post) | Action::Repost { post, .. } if !self.knows_audience(post) => {
                return Err(ErrorKind::NotFound);
            }
            Action::Publish(_) | Action::NoticesRead { .. } => {
                return self.changes_notices(action);
            }
            Action::Delete { post } => self.stands(post.0),
            Action::Follow { user, author, weight }
                if self.follows.contains_key(&(user.0, author.0)) =>
            {
                weight.is_some_and(|new| new != self.weight(*user, *author))
            }
            Action::Follow { .. }
            | Action::Unfollow { .. }
            | Action::Befriend { .. }
            | Action::Private { .. }
            | Action::Approve { .. }
            | Action::Deny { .. } => return self.changes_requests(action),
            Action::Mute { user, author } => !self.mutes.contains_key(&(user.0, author.0)),
            Action::Unmute { user, author } => self.mutes.contains_key(&(user.0, author.0)),
            Action::Block { user, other } => !self.blocks.contains_key(&(user.0, other.0)),
            Action::Unblock { user, other } => self.blocks.contains_key(&(user.0, other.0)),
            Action::GroupCreate { .. }
            | Action::GroupDelete { .. }
            | Action::GroupAdd { .. }
            | Action::GroupRemove { .. } => return self.changes_groups(action),
            Action::React { .. }
            | Action::Unreact { .. }
            | Action::Comment { .. }
            | Action::CommentDelete { .. } => return self.changes_responses(action),
            Action::Revise { post, revision, .. } => {
                return self.check_revise(*post, *revision).map(|()| true);
            }
            Action::Mark { user, feed, device, post } => {
                return self.changes_mark((*user, feed), *device, *post);
            }
            Action::Broadcast(action) => return self.changes_broadcast(action),
            Action::Repost { .. } | Action::Unrepost { .. } => {
                return self.changes_reposts(action);
            }
            Action::Forget { user } => self.changes_forget(*user),
            Action::Suspend { .. }
            | Action::Unsuspend { .. }
            | Action::Hide { .. }
            | Action::Unhide { .. } => return self.changes_moderation(action),
            Action::Touch { .. } | Action::Tag { .. } => false,
        })
    }

    /// Whether the first answer under the command's key said that it became a request.
    #[must_use]
    pub fn was_requested(&self, command: &Command) -> bool {
        let first = self.subject(command).zip(command.options.key);
        first.is_some_and(|(user, key)| self.keys.get(&(user.0, key)).is_some_and(|it| it.2))
    }

    /// Applies a command that was answered with a new record at `sequence`.
    pub fn apply(&mut self, command: &Command, sequence: u64) {
        assert!(self.last < sequence, "sequences ascend");
        self.last = sequence;
        if let (Some(key), Some(subject)) = (command.options.key, self.subject(command)) {
            let first = (sequence, command.action.clone(), self.is_request(command));
            self.keys.insert((subject.0, key), first);
        }
        if let Some(subject) = self.subject(command) {
            self.note_named(subject, &command.action, sequence);
        }
        match &command.action {
            Action::Publish(post) => {
                let audience = self.decided_audience(post);
                self.posts.insert(sequence, ModelPost { audience, ..ModelPost::of(post) });
            }
            Action::Delete { post } => {
                if let Some(post) = self.posts.get_mut(&post.0) {
                    post.deleted = true;
                }
            }
            Action::Follow { .. }
            | Action::Unfollow { .. }
            | Action::Befriend { .. }
            | Action::Private { .. }
            | Action::Approve { .. }
            | Action::Deny { .. } => self.apply_requests(&command.action, sequence),
            Action::Mute { user, author } => {
                self.mutes.insert((user.0, author.0), sequence);
            }
            Action::Unmute { user, author } => {
                self.mutes.remove(&(user.0, author.0));
            }
            Action::Block { user, other } => {
                for pair in [(user.0, other.0), (other.0, user.0)] {
                    self.follows.remove(&pair);
                    self.requests.remove(&pair);
                }
                self.blocks.insert((user.0, other.0), sequence);
            }
            Action::Unblock { user, other } => {
                self.blocks.remove(&(user.0, other.0));
            }
            Action::GroupCreate { .. }
            | Action::GroupDelete { .. }
            | Action::GroupAdd { .. }
            | Action::GroupRemove { .. } => self.apply_group(&command.action, sequence),
            Action::React { .. }
            | Action::Unreact { .. }
            | Action::Comment { .. }
            | Action::CommentDelete { .. } => self.apply_response(&command.action, sequence),
            Action::Revise { post, text, meta, .. } => self.revise(*post, text, meta.as_ref()),
            Action::Mark { user, feed, device, post } => self.mark((*user, feed), *device, *post),
            Action::Broadcast(action) => self.apply_broadcast(action, sequence),
            Action::Repost { .. } | Action::Unrepost { .. } => {
                self.apply_repost(&command.action, sequence);
            }
            Action::Suspend { .. }
            | Action::Unsuspend { .. }
            | Action::Hide { .. }
            | Action::Unhide { .. } => self.apply_moderation(&command.action, sequence),
            Action::NoticesRead { .. }
            | Action::Forget { .. }
            | Action::Touch { .. }
            | Action::Tag { .. } => {}
        }
        self.apply_notices(&command.action, sequence);
    }

    /// A page of the user's home.
    #[must_use]
    pub fn home(&self, query: &TimelineQuery) -> IdPage {
        let visible = |author: UserId| {
            !self.mutes.contains_key(&(query.user.0, author.0))
                && !self.is_apart(query.user, author)
                && self.may_see(query.viewer, author)
                && self.may_see(query.viewer, query.user)
        };
        let shows = |author| visible(author) && !self.is_blocked_between(query.user, author);
        let authors: BTreeSet<u64> = self.following(query.user).into_iter().collect();
        self.page(query, |id, post| {
            authors.contains(&post.author.0)
                && self.shows_moderated(id, Some(query.user))
                && self.shows_moderated(id, query.viewer)
                && visible(post.author)
                && self.original_author(post).is_none_or(shows)
                && self.is_meant_for(query.user, post)
                && self.may_be_shown(query.viewer, post)
        })
    }

    /// A page of a group's feed; `None` if there is no such group.
    #[must_use]
    pub fn group(&self, query: &GroupQuery) -> Option<IdPage> {
        let owner = query.page.user;
        let group = self.groups.get(&named(owner, &query.name))?;
        let shows = |author: UserId| {
            !self.mutes.contains_key(&(owner.0, author.0))
                && !self.is_blocked_between(owner, author)
        };
        Some(self.page(&query.page, |id, post| {
            group.members.contains_key(&post.author.0)
                && self.shows_moderated(id, Some(owner))
                && shows(post.author)
                && self.original_author(post).is_none_or(shows)
                && self.is_meant_for(owner, post)
        }))
    }

    /// A page of (user, sequence) who are in a group; `None` if there is no such group.
    #[must_use]
    pub fn members(&self, query: &MembersQuery) -> Option<(Vec<(u64, u64)>, PageEnd)> {
        let group = self.groups.get(&named(query.page.user, &query.name))?;
        let below = query.page.before.map_or(u64::MAX, |before| before.0);
        let members = group.members.iter().map(|(user, at)| (*user, *at));
        let mut found: Vec<_> = members.filter(|(_, at)| *at < below).collect();
        found.sort_by_key(|(_, at)| std::cmp::Reverse(*at));
        let end = if query.page.limit < found.len() { PageEnd::More } else { PageEnd::End };
        found.truncate(query.page.limit);
        Some((found, end))
    }

    /// A page of the user's outbox.
    #[must_use]
    pub fn outbox(&self, query: &TimelineQuery) -> IdPage {
        let visible = self.may_see(query.viewer, query.user);
        self.page(query, |id, post| {
            let original = self.original_author(post);
            visible
                && self.shows_moderated(id, query.viewer)
                && post.author == query.user
                && original.is_none_or(|author| self.may_see(query.viewer, author))
                && self.may_be_shown(query.viewer, post)
        })
    }

    /// Whether `viewer` gets the post.
    #[must_use]
    pub fn sees_post(&self, id: PostId, viewer: Option<UserId>) -> bool {
        let post = self.posts.get(&id.0);
        post.is_some_and(|post| {
            let original = self.original_author(post);
            self.is_there(post)
                && self.shows_moderated(id.0, viewer)
                && self.may_see(viewer, post.author)
                && original.is_none_or(|author| self.may_see(viewer, author))
                && self.may_be_shown(viewer, post)
        })
    }

    /// Posts, followers and followees of a user.
    #[must_use]
    pub fn counts(&self, user: UserId, viewer: Option<UserId>) -> (u64, u64, u64) {
        let all = self.counting();
        if !self.may_see(viewer, user) || all.is_being_forgotten(user) {
            return (0, 0, 0);
        }
        let posts = all.posts.values().filter(|p| p.author == user && all.is_there(p)).count();
        let followers = all.follows.keys().filter(|(_, author)| *author == user.0).count();
        (posts as u64, followers as u64, all.following(user).len() as u64)
    }

    /// (follows, followed by, muted, blocked, blocked by), as the trusted application sees it.
    #[must_use]
    pub fn relation(&self, a: UserId, b: UserId) -> [bool; 5] {
        let (there, back) = ((a.0, b.0), (b.0, a.0));
        [
            self.follows.contains_key(&there),
            self.follows.contains_key(&back),
            self.mutes.contains_key(&there),
            self.blocks.contains_key(&there),
            self.blocks.contains_key(&back),
        ]
    }

    /// Whom the user follows.
    #[must_use]
    pub fn following(&self, user: UserId) -> Vec<u64> {
        let of_user = (user.0, 0)..=(user.0, u64::MAX);
        self.follows.range(of_user).map(|((_, author), _)| *author).collect()
    }

    fn page(&self, query: &TimelineQuery, keep: impl Fn(u64, &ModelPost) -> bool) -> IdPage {
        let in_span = |id: u64| match query.span {
            Span::Newest => true,
            Span::Before(cursor) => id < cursor.0,
            Span::After(cursor) => cursor.0 < id,
        };
        let found =
            self.posts.iter().filter(|(id, p)| in_span(**id) && self.is_there(p) && keep(**id, p));
        let mut ids: Vec<u64> = found.map(|(id, _)| *id).collect();
        if !matches!(query.span, Span::After(_)) {
            ids.reverse();
        }
        let (taken, end) = self.cut(&ids, query.limit);
        ids.truncate(taken);
        if matches!(query.span, Span::After(_)) {
            ids.reverse();
        }
        (ids, end)
    }

    /// How many of `ids`, nearest to the cursor first, make a page.
    fn cut(&self, ids: &[u64], limit: usize) -> (usize, PageEnd) {
        let mut bytes = 0;
        for (index, id) in ids.iter().enumerate() {
            if index == limit {
                return (limit, PageEnd::More);
            }
            bytes += self
                .posts
                .get(id)
                .map_or(0, |post| post.text.len() + post.meta.len() + post.mentions.bytes_len());
            if PAGE_BYTES_MAX <= bytes && index + 1 < ids.len() {
                let full = index + 1 == limit;
                return (index + 1, if full { PageEnd::More } else { PageEnd::Bytes });
            }
        }
        (ids.len(), PageEnd::End)
    }

    fn subject(&self, command: &Command) -> Option<UserId> {
        match &command.action {
            Action::Delete { post }
            | Action::Revise { post, .. }
            | Action::Hide { post }
            | Action::Unhide { post } => self.known_post(post.0).map(|post| post.author),
            Action::CommentDelete { comment } => {
                let [author, _] = self.deleters(*comment)?;
                Some(command.options.actor.unwrap_or(author))
            }
            Action::Broadcast(action) => self.broadcaster(action),
            // Whoever of the two says it.
            Action::Befriend { other, .. } if command.options.actor == Some(*other) => Some(*other),
            other => other.subject(),
        }
    }

    fn is_blocked_between(&self, a: UserId, b: UserId) -> bool {
        self.blocks.contains_key(&(a.0, b.0)) || self.blocks.contains_key(&(b.0, a.0))
    }

    fn may_see(&self, viewer: Option<UserId>, user: UserId) -> bool {
        viewer.is_none_or(|viewer| !self.is_blocked_between(viewer, user))
            && self.shows_user(Some(user), viewer)
    }
}

fn named(user: UserId, name: &GroupName) -> (u64, String) {
    (user.0, name.as_str().to_owned())
}
