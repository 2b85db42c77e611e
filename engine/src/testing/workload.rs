//! Seeded random commands and queries over few users, so that they meet often.

use bytes::Bytes;

use super::seed::Random;
use crate::audience::Audience;
use crate::broadcast::{BroadcastAction, ReplayContent};
use crate::command::{Action, Command, NewPost, WriteOptions};
use crate::group_name::GroupName;
use crate::ids::{BroadcastId, Key, PostId, Sequence, Timestamp, UserId};
use crate::limits::MENTIONS_MAX;
use crate::mark::{Feed, UnreadQuery};
use crate::mentions::Mentions;
use crate::moderation::{ModeratedOf, ModeratedQuery};
use crate::notice::NoticesQuery;
use crate::query::{
    CommentOrder, CommentsQuery, EdgeQuery, GroupQuery, MembersQuery, ReactorsQuery, Span,
    TimelineQuery,
};
use crate::repost::RepostersQuery;

/// Whether what the command is about is looked up when it is submitted, so that its answer depends on
/// when that is: it must not be submitted before everything up to `last` is answered; see
/// `commit::prepare`.
#[must_use]
pub fn names_above(command: &Command, last: u64) -> bool {
    match &command.action {
        // Whoever may not see what they name is told that it is not there.
        Action::Delete { .. } | Action::Revise { .. } | Action::CommentDelete { .. }
            if command.options.actor.is_some() =>
        {
            true
        }
        Action::Delete { post: id }
        | Action::Revise { post: id, .. }
        | Action::React { target: id, .. }
        | Action::Unreact { target: id, .. }
        | Action::Repost { parent: id, .. }
        | Action::Unrepost { post: id, .. }
        | Action::Hide { post: id }
        | Action::Unhide { post: id }
        | Action::CommentDelete { comment: id } => last < id.0,
        Action::Broadcast(
            BroadcastAction::Reschedule { broadcast, .. }
            | BroadcastAction::Start { broadcast }
            | BroadcastAction::End { broadcast, .. }
            | BroadcastAction::Cancel { broadcast },
        ) => last < broadcast.0 || command.options.actor.is_some(),
        Action::Comment { post, answers, .. } => last < post.0.max(answers.map_or(0, |id| id.0)),
        // Whoever is forgotten by a command before is touched still.
        Action::Touch { .. } | Action::Tag { .. } => true,
        _ => false,
    }
}

/// How many posts and comments are kept in mind.
const KNOWN: usize = 8;

/// Generates commands and queries.
#[derive(Clone, Debug)]
pub struct Workload {
    /// The generator's state.
    pub random: Random,
    users: u64,
    /// Commands sent lately, for retries under their key.
    recent: Vec<Command>,
    /// Posts and comments that are there, or were: responses go to these.
    known: Vec<u64>,
    /// Posts that were revised lately, or tried to be.
    revised: Vec<PostId>,
    /// Broadcasts to name in commands; see [`knows`](Self::knows).
    broadcasts: Vec<u64>,
    /// Texts are at most this long.
    pub text_bytes_max: u64,
    forgets: bool,
}

impl Workload {
    /// A workload of `users` users.
    #[must_use]
    pub fn new(seed: u64, users: u64) -> Self {
        let random = Random::new(seed);
        Self {
            random,
            users,
            recent: Vec::new(),
            known: Vec::new(),
            revised: Vec::new(),
            broadcasts: Vec::new(),
            text_bytes_max: 60,
            forgets: false,
        }
    }

    /// The same, in which users are forgotten now and then; for those who keep up with what the engine
    /// removes then.
    #[must_use]
    pub fn forgetting(mut self) -> Self {
        self.forgets = true;
        self
    }

    /// A post or a comment came to be.
    pub fn note(&mut self, id: PostId) {
        if self.known.len() < KNOWN {
            self.known.push(id.0);
        } else if self.random.one_in(2)
            && let Some(known) = {
                let index = usize::try_from(self.random.below(KNOWN as u64)).unwrap_or(0);
                self.known.get_mut(index)
            }
        {
            *known = id.0;
        }
    }

    /// Something to respond to.
    fn target(&mut self, last: u64) -> PostId {
        let index = usize::try_from(self.random.below(KNOWN as u64)).unwrap_or(0);
        match self.known.get(index) {
            Some(known) if !self.random.one_in(5) => PostId(*known),
            _ => PostId(self.random.below(last + 3)),
        }
    }

    /// A user; one in twenty is somebody nobody has heard of.
    pub fn user(&mut self) -> UserId {
        if self.random.one_in(20) {
            return UserId(u64::MAX - self.random.below(3));
        }
        // Ids far apart, in no order, so that nothing relies on small dense ids.
        UserId((self.random.below(self.users) + 1).wrapping_mul(0x0001_0000_0001))
    }

    /// From now on commands mostly name one of these broadcasts, if they name one.
    pub fn knows(&mut self, broadcasts: Vec<u64>) {
        self.broadcasts = broadcasts;
    }

    /// The next command; `last` is the last sequence in use.
    pub fn command(&mut self, last: u64) -> Command {
        if self.random.one_in(12) && !self.recent.is_empty() {
            return self.retry();
        }
        let action = self.action(last);
        let options = WriteOptions { key: self.key(), actor: self.actor(&action) };
        let command = Command { action, options };
        if command.options.key.is_some() {
            self.recent.push(command.clone());
        }
        command
    }

    fn retry(&mut self) -> Command {
        let index = usize::try_from(self.random.below(self.recent.len() as u64)).unwrap_or(0);
        let mut command = self
            .recent
            .get(index)
            .cloned()
            .unwrap_or_else(|| Command::new(Action::Touch { user: UserId(1) }));
        if self.random.one_in(4) {
            // The same key with other content must be refused.
            if let Action::Publish(post) | Action::Repost { post, .. } = &mut command.action {
                post.kind ^= 1;
            }
        }
        command
    }

    fn action(&mut self, last: u64) -> Action {
        let user = self.user();
        let other = self.user();
        match self.random.below(66) {
            0..=5 => Action::Publish(self.post(user)),
            6..=7 => Action::Delete { post: PostId(self.random.below(last + 3)) },
            8..=12 => Action::Follow { user, author: other, weight: self.weight() },
            13..=14 => Action::Unfollow { user, author: other },
            15 => Action::Mute { user, author: other },
            16 => Action::Unmute { user, author: other },
            17 => Action::Block { user, other },
            18 => Action::Unblock { user, other },
            19 => Action::GroupCreate {
                user,
                name: self.group_name(),
                exclusive: self.random.one_in(2),
            },
            20 if self.random.one_in(2) => Action::GroupDelete { user, name: self.group_name() },
            20..=23 => Action::GroupAdd { user, name: self.group_name(), author: other },
            24 => Action::GroupRemove { user, name: self.group_name(), author: other },
            25 if self.forgets && self.random.one_in(3) => Action::Forget { user },
            26..=35 => self.response(user, last),
            36 => {
                let up_to = self.random.one_in(2).then(|| Sequence(self.random.below(last + 1)));
                Action::NoticesRead { user, up_to }
            }
            37..=39 => self.mark(user, last),
            40..=43 => self.revise(last),
            44..=48 => Action::Broadcast(self.broadcast(user, last)),
            49..=54 => self.repost(user, last),
            55..=58 => self.moderation(user, last),
            59 | 60 => Action::Befriend { user, other },
            25 | 61 => Action::Private { user, is_on: self.random.one_in(2) },
            62..=63 => Action::Approve { user, follower: other },
            64 => Action::Deny { user, follower: other },
            _ if self.random.one_in(2) => {
                let tag = format!("tag{}", self.random.below(4));
                Action::Tag { user, tag, is_set: !self.random.one_in(3) }
            }
            _ => Action::Touch { user },
        }
    }

    /// What is moderated mostly shows again soon, or nobody would have anything to say.
    fn moderation(&mut self, user: UserId, last: u64) -> Action {
        let post = self.target(last);
        match self.random.below(8) {
            0 => Action::Suspend { user },
            1..=4 => Action::Unsuspend { user },
            5..=6 => Action::Hide { post },
            _ => Action::Unhide { post },
        }
    }

    /// A random page of what is moderated.
    pub fn moderated(&mut self, last: u64) -> ModeratedQuery {
        let kinds = [ModeratedOf::All, ModeratedOf::Users, ModeratedOf::Posts];
        let of = kinds.get(usize::try_from(self.random.below(3)).unwrap_or(0));
        let before = self.random.one_in(2).then(|| Sequence(self.random.below(last + 3)));
        let limit = usize::try_from(self.random.below(5) + 1).unwrap_or(1);
        ModeratedQuery { of: of.copied().unwrap_or_default(), viewer: None, before, limit }
    }

    /// Devices are few, and one too many now and then; most marks are of lately.
    fn mark(&mut self, user: UserId, last: u64) -> Action {
        let (feed, device) = (self.feed(), self.random.below(5) * u64::from(u32::MAX));
        let back = if self.random.one_in(3) { last + 1 } else { 20 };
        let post = PostId((last + 1).saturating_sub(self.random.below(back)));
        Action::Mark { user, feed, device, post }
    }

    /// Some posts are revised again and again, and the expected revision is often the right one.
    fn revise(&mut self, last: u64) -> Action {
        let index = usize::try_from(self.random.below(4)).unwrap_or(0);
        let known = self.revised.get(index).copied().filter(|_| !self.random.one_in(3));
        let post = known.unwrap_or_else(|| PostId(self.random.below(last + 3)));
        if known.is_none() {
            self.revised.insert(0, post);
            self.revised.truncate(4);
        }
        let below = if known.is_some() { 4 } else { 2 };
        let revision = u32::try_from(self.random.below(below)).unwrap_or(0);
        let len = self.random.below(self.text_bytes_max + 1);
        let text: Vec<u8> = (0..len).map(|n| b'A' + ((n + len) % 26) as u8).collect();
        let meta = vec![9; usize::try_from(self.random.below(5)).unwrap_or(0)];
        let meta = self.random.one_in(2).then(|| meta.into());
        Action::Revise { post, revision, text: text.into(), meta }
    }

    /// The home, or a group that may be there.
    pub fn feed(&mut self) -> Feed {
        if self.random.one_in(2) { Feed::Home } else { Feed::Group(self.group_name()) }
    }

    /// A random count of what is unread.
    pub fn unread(&mut self, last: u64) -> UnreadQuery {
        let since = self.random.one_in(2).then(|| PostId(self.random.below(last + 3)));
        let limit = usize::try_from(self.random.below(12) * self.random.below(12) + 1).unwrap_or(1);
        UnreadQuery { user: self.user(), feed: self.feed(), viewer: None, since, limit }
    }

    fn broadcast(&mut self, author: UserId, last: u64) -> BroadcastAction {
        let broadcast = self.broadcast_id(last);
        let at = Timestamp(self.random.below(20) + 1);
        match self.random.below(9) {
            0..=1 => BroadcastAction::Schedule { at, content: self.title(author) },
            2 => BroadcastAction::StartNew { content: self.title(author) },
            3 => BroadcastAction::Reschedule { broadcast, at },
            4..=5 => BroadcastAction::Start { broadcast },
            6 => BroadcastAction::Cancel { broadcast },
            _ => {
                let said = self.post(author);
                let replay = ReplayContent {
                    kind: self.random.one_in(2).then_some(said.kind),
                    text: self.random.one_in(2).then_some(said.text),
                    meta: self.random.one_in(2).then_some(said.meta),
                };
                BroadcastAction::End { broadcast, replay }
            }
        }
    }

    fn title(&mut self, author: UserId) -> NewPost {
        NewPost { created_at: None, audience: Audience::Everybody, ..self.post(author) }
    }

    /// A broadcast that is known, or any number.
    pub fn broadcast_id(&mut self, last: u64) -> BroadcastId {
        let any = self.random.below(last + 3);
        let known = self.random.below(self.broadcasts.len() as u64 + 1);
        let known = usize::try_from(known).ok().and_then(|at| self.broadcasts.get(at));
        BroadcastId(known.copied().unwrap_or(any))
    }

    fn weight(&mut self) -> Option<u8> {
        let weight = u8::try_from(self.random.below(16)).ok();
        weight.filter(|_| self.random.one_in(3))
    }

    /// Of imports: at any time, or all within a minute, as what one story is about.
    fn created_at(&mut self) -> Option<Timestamp> {
        match self.random.below(6) {
            0 => Some(Timestamp(self.random.below(1 << 41))),
            1 => Some(Timestamp(1_000_000_000 + self.random.below(60_000))),
            _ => None,
        }
    }

    fn post(&mut self, author: UserId) -> NewPost {
        let len = self.random.below(self.text_bytes_max + 1);
        let text: Vec<u8> = (0..len).map(|n| b'a' + (n % 26) as u8).collect();
        let meta = vec![7; usize::try_from(self.random.below(9)).unwrap_or(0)];
        NewPost {
            author,
            kind: u16::try_from(self.random.below(65_536)).unwrap_or(0),
            created_at: self.created_at(),
            text: text.into(),
            meta: meta.into(),
            repost: None,
            mentions: self.mentions(),
            audience: self.audience(),
        }
    }

    /// Half of all posts are for everybody.
    fn audience(&mut self) -> Audience {
        match self.random.below(10) {
            0..=4 => Audience::Everybody,
            5 => Audience::Followers,
            6..=7 => Audience::Mutual,
            8 => Audience::group(self.group_name()),
            _ => Audience::Author,
        }
    }

    /// A response: to anything that there may be, and often to the same.
    fn response(&mut self, user: UserId, last: u64) -> Action {
        let (target, kind) = (self.target(last), self.reaction());
        match self.random.below(10) {
            0..=3 => Action::React { user, target, kind },
            4..=5 => Action::Unreact { user, target, kind },
            6..=8 => {
                let answers = self.random.one_in(3).then(|| self.target(last));
                let is_empty = self.random.one_in(30);
                let len = self.random.below(40) + 1;
                let len = if is_empty { 0 } else { usize::try_from(len).unwrap_or(1) };
                let text = vec![b'a' + kind; len].into();
                Action::Comment { user, post: target, answers, text, mentions: self.mentions() }
            }
            _ => Action::CommentDelete { comment: target },
        }
    }

    /// A repost of anything that there may be, or the end of one.
    fn repost(&mut self, user: UserId, last: u64) -> Action {
        let target = self.target(last);
        if self.random.one_in(4) {
            return Action::Unrepost { user, post: target };
        }
        let post = self.post(user);
        if self.random.one_in(3) {
            return Action::Repost { post, parent: target };
        }
        // Without a text it has no audience; seldom somebody tries.
        let audience = if self.random.one_in(20) { post.audience } else { Audience::Everybody };
        let post = NewPost { text: Bytes::new(), audience, ..post };
        Action::Repost { post, parent: target }
    }

    /// A random page of who reposted.
    pub fn reposters(&mut self, last: u64) -> RepostersQuery {
        let post = self.target(last);
        let before = self.random.one_in(2).then(|| PostId(self.random.below(last + 3)));
        let limit = usize::try_from(self.random.below(5) + 1).unwrap_or(1);
        RepostersQuery { post, viewer: self.viewer(), before, limit }
    }

    /// Mostly nobody; sometimes too many, or somebody twice.
    fn mentions(&mut self) -> Mentions {
        match self.random.below(40) {
            0 => (0..=MENTIONS_MAX as u64).map(UserId).collect(),
            1..=9 => (0..=self.random.below(3)).map(|_| self.user()).collect(),
            _ => Mentions::new(),
        }
    }

    /// A random page of notices.
    pub fn notices(&mut self, last: u64) -> NoticesQuery {
        let before = self.random.one_in(2).then(|| Sequence(self.random.below(last + 3)));
        let limit = usize::try_from(self.random.below(6)).unwrap_or(1);
        NoticesQuery { user: self.user(), viewer: None, before, limit }
    }

    /// A kind of reaction: few, so that they meet; seldom one that there is not.
    fn reaction(&mut self) -> u8 {
        let kinds = [0, 1, 15, if self.random.one_in(20) { 16 } else { 1 }];
        let index = usize::try_from(self.random.below(4)).unwrap_or(0);
        kinds.get(index).copied().unwrap_or_default()
    }

    /// A random page of comments.
    pub fn comments(&mut self, last: u64) -> CommentsQuery {
        let post = self.target(last);
        let order = match self.random.below(2) {
            0 => CommentOrder::OldestFirst,
            _ => CommentOrder::NewestFirst,
        };
        let cursor = self.random.one_in(2).then(|| PostId(self.random.below(last + 3)));
        let limit = usize::try_from(self.random.below(5) + 1).unwrap_or(1);
        CommentsQuery { post, viewer: self.viewer(), order, cursor, limit }
    }

    /// A random page of who reacted.
    pub fn reactors(&mut self, last: u64) -> ReactorsQuery {
        let target = self.target(last);
        let kind = self.random.one_in(2).then(|| self.reaction() & 15);
        let before = self.random.one_in(2).then(|| Sequence(self.random.below(last + 3)));
        let limit = usize::try_from(self.random.below(5) + 1).unwrap_or(1);
        ReactorsQuery { target, kind, viewer: self.viewer(), before, limit }
    }

    /// The name of a group; users have few.
    pub fn group_name(&mut self) -> GroupName {
        let names = ["friends", "work", "\u{4eb2}\u{53cb}"];
        let index = usize::try_from(self.random.below(3)).unwrap_or(0);
        GroupName::new(names.get(index).copied().unwrap_or("friends"))
    }

    /// A random page of a group's feed, as its owner or the application sees it.
    pub fn group(&mut self, last: u64) -> GroupQuery {
        let page = TimelineQuery { viewer: None, ..self.timeline(last) };
        GroupQuery { name: self.group_name(), page }
    }

    /// A random page of a group's members.
    pub fn members(&mut self, last: u64) -> MembersQuery {
        let page = EdgeQuery { viewer: None, ..self.edges(last) };
        MembersQuery { name: self.group_name(), page }
    }

    fn key(&mut self) -> Option<Key> {
        if self.random.one_in(2) {
            return None;
        }
        let mut key = [0; 16];
        let (low, high) = key.split_at_mut(8);
        low.copy_from_slice(&self.random.bits().to_le_bytes());
        high.copy_from_slice(&self.random.bits().to_le_bytes());
        Some(Key(key))
    }

    fn actor(&mut self, action: &Action) -> Option<UserId> {
        match self.random.below(8) {
            0 => Some(self.user()),
            1..=3 => match action {
                Action::Befriend { other, .. } if self.random.one_in(2) => Some(*other),
                action => action.subject(),
            },
            _ => None,
        }
    }

    /// A random page of a timeline.
    pub fn timeline(&mut self, last: u64) -> TimelineQuery {
        let cursor = PostId(self.random.below(last + 3));
        let span = match self.random.below(3) {
            0 => Span::Newest,
            1 => Span::Before(cursor),
            _ => Span::After(cursor),
        };
        let limit = usize::try_from(self.random.below(9) + 1).unwrap_or(1);
        TimelineQuery { user: self.user(), viewer: self.viewer(), span, limit }
    }

    /// A random page of edges.
    pub fn edges(&mut self, last: u64) -> EdgeQuery {
        let before = self.random.one_in(2).then(|| Sequence(self.random.below(last + 3)));
        let limit = usize::try_from(self.random.below(5) + 1).unwrap_or(1);
        EdgeQuery { user: self.user(), viewer: self.viewer(), before, limit }
    }

    /// Nobody, or a user.
    pub fn viewer(&mut self) -> Option<UserId> {
        self.random.one_in(2).then(|| self.user())
    }
}
