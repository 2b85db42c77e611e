//! What the oracle says of notices.

use std::collections::{BTreeMap, BTreeSet};

use super::Model;
use crate::command::Action;
use crate::error::ErrorKind;
use crate::ids::UserId;
use crate::limits::{MENTIONS_MAX, NOTICE_ACTORS_MAX, NOTICES_MAX};
use crate::mentions::Mentions;
use crate::notice::{NoticeKind, NoticesQuery};
use crate::query::PageEnd;

/// (kind, post, comment): what notices of one group are about.
type About = (NoticeKind, Option<u64>, Option<u64>);

/// A record that concerned somebody.
#[derive(Clone, Debug)]
struct Place {
    at: u64,
    actor: u64,
    about: About,
    /// The kind of a reaction.
    reaction: u8,
}

/// A group of the model: what it is about, the newest actors, how many there are, the newest notice, whether
/// it is unread.
pub type ModelNotices = (About, Vec<u64>, u32, u64, bool);

/// All notices ever, and how far they are read.
#[derive(Clone, Debug, Default)]
pub struct ModelNotebook {
    /// By user, oldest first.
    places: BTreeMap<u64, Vec<Place>>,
    /// Up to where each user has read them.
    pub read: BTreeMap<u64, u64>,
}

impl ModelNotebook {
    /// The user was told nothing, and read nothing.
    pub(super) fn forget(&mut self, user: u64) {
        self.places.remove(&user);
        self.read.remove(&user);
    }
}

impl Model {
    /// What is wrong with mentions whatever the state.
    pub(super) fn refuses_mentions(action: &Action) -> Option<ErrorKind> {
        let mentions = mentions_of(action)?;
        let users: Vec<u64> = mentions.iter().map(|user| user.0).collect();
        if MENTIONS_MAX < users.len() {
            return Some(ErrorKind::Limit);
        }
        let different: BTreeSet<u64> = users.iter().copied().collect();
        (different.len() < users.len()).then_some(ErrorKind::Invalid)
    }

    /// Whether a block parts who writes from somebody whom they mention.
    pub(super) fn mentions_blocked(&self, user: UserId, mentions: &Mentions) -> bool {
        mentions.iter().any(|mentioned| self.is_blocked_between(user, mentioned))
    }

    /// Whether a read mark rises, or a post may mention whom it mentions.
    pub(super) fn changes_notices(&self, action: &Action) -> Result<bool, ErrorKind> {
        match action {
            Action::Publish(post) if self.mentions_blocked(post.author, &post.mentions) => {
                Err(ErrorKind::Conflict)
            }
            Action::NoticesRead { up_to: Some(up_to), .. } if self.last < up_to.0 => {
                Err(ErrorKind::Invalid)
            }
            Action::NoticesRead { user, .. } => {
                Ok(self.read_up_to(*user) < self.mark_of(*user, action))
            }
            _ => Ok(true),
        }
    }

    fn mark_of(&self, user: UserId, action: &Action) -> u64 {
        match action {
            Action::NoticesRead { up_to: Some(up_to), .. } => up_to.0,
            _ => {
                let places = self.notebook.places.get(&user.0);
                places.and_then(|places| places.last()).map_or(0, |place| place.at)
            }
        }
    }

    fn read_up_to(&self, user: UserId) -> u64 {
        self.notebook.read.get(&user.0).copied().unwrap_or(0)
    }

    /// Notes whom a command concerned.
    pub(super) fn apply_notices(&mut self, action: &Action, at: u64) {
        let mut told: Vec<(UserId, About)> = Vec::new();
        let mut reaction = 0;
        let Some(actor) = action.subject() else { return };
        match action {
            Action::NoticesRead { user, .. } => {
                let mark = self.mark_of(*user, action);
                self.notebook.read.insert(user.0, mark);
            }
            Action::Publish(post) => {
                let about = (NoticeKind::Mention, Some(at), None);
                told.extend(post.mentions.iter().map(|user| (user, about)));
            }
            Action::Repost { post, .. } => {
                let about = (NoticeKind::Mention, Some(at), None);
                told.extend(post.mentions.iter().map(|user| (user, about)));
                let link = self.posts.get(&at).and_then(|post| post.repost);
                let (parent, root) = link.unwrap_or_default();
                for reposted in [root, parent] {
                    let about = (NoticeKind::Repost, Some(reposted), None);
                    told.extend(self.owner(reposted).map(|owner| (owner, about)));
                }
            }
            Action::Follow { user, author, .. }
                if self.requests.get(&(user.0, author.0)) == Some(&at) =>
            {
                told.push((*author, (NoticeKind::Request, None, None)));
            }
            // One that stood already got another weight.
            Action::Follow { user, author, .. }
                if self.follows.get(&(user.0, author.0)) == Some(&at) =>
            {
                told.push((*author, (NoticeKind::Follow, None, None)));
            }
            Action::React { target, kind, .. } => {
                reaction = *kind;
                let comment = self.responses.comments.get(&target.0);
                let (post, of) = match comment {
                    Some(comment) => (comment.post, Some(target.0)),
                    None => (target.0, None),
                };
                let author = comment.map(|comment| comment.author).or_else(|| self.owner(post));
                told.extend(author.map(|author| (author, (NoticeKind::Reaction, Some(post), of))));
            }
            Action::Comment { post, answers, mentions, .. } => {
                let mention = (NoticeKind::Mention, Some(post.0), None);
                told.extend(mentions.iter().map(|user| (user, mention)));
                let owner = self.owner(post.0);
                told.extend(owner.map(|owner| (owner, (NoticeKind::Comment, Some(post.0), None))));
                let answered = answers.and_then(|id| self.responses.comments.get(&id.0));
                let answer = (NoticeKind::Comment, Some(post.0), answers.map(|id| id.0));
                told.extend(answered.map(|answered| (answered.author, answer)));
            }
            _ => {}
        }
        self.tell(actor, told, (at, reaction));
        if let Action::Befriend { user, other } | Action::Approve { user, follower: other } = action
        {
            // Each is told of the other.
            for (follower, author) in [(*user, *other), (*other, *user)] {
                if self.follows.get(&(follower.0, author.0)) == Some(&at) {
                    let told = vec![(author, (NoticeKind::Follow, None, None))];
                    self.tell(follower, told, (at, 0));
                }
            }
        }
    }

    fn tell(&mut self, actor: UserId, told: Vec<(UserId, About)>, (at, reaction): (u64, u8)) {
        for (user, about) in told {
            let places = self.notebook.places.entry(user.0).or_default();
            let is_told = places.last().is_some_and(|place| place.at == at);
            if user != actor && !is_told {
                places.push(Place { at, actor: actor.0, about, reaction });
            }
        }
    }

    /// A page of the user's notices, how many groups are unread, and the read mark.
    #[must_use]
    pub fn notices(&self, query: &NoticesQuery) -> (Vec<ModelNotices>, PageEnd, u32, u64) {
        let user = query.user;
        let all = self.notebook.places.get(&user.0).map_or(&[][..], |places| places);
        let window = all.get(all.len().saturating_sub(NOTICES_MAX)..).unwrap_or_default();
        let read = self.read_up_to(user);
        let mut followed = BTreeSet::new();
        let mut groups: Vec<ModelNotices> = Vec::new();
        let mut actors: BTreeMap<About, Vec<u64>> = BTreeMap::new();
        // Oldest first: a later notice moves its group to the top.
        for place in window.iter().filter(|place| self.holds(user, place)) {
            // Of the follows of one user the first counts; so of requests.
            let is_edge = matches!(place.about.0, NoticeKind::Follow | NoticeKind::Request);
            if is_edge && !followed.insert((place.about.0, place.actor)) {
                continue;
            }
            let known = actors.entry(place.about).or_default();
            known.retain(|actor| *actor != place.actor);
            known.insert(0, place.actor);
            groups.retain(|group| group.0 != place.about);
            let newest: Vec<u64> = known.iter().take(NOTICE_ACTORS_MAX).copied().collect();
            let count = u32::try_from(known.len()).unwrap_or(u32::MAX);
            groups.insert(0, (place.about, newest, count, place.at, read < place.at));
        }
        let unread = groups.iter().filter(|group| group.4).count();
        groups.retain(|group| query.before.is_none_or(|before| group.3 < before.0));
        let end = if query.limit < groups.len() { PageEnd::More } else { PageEnd::End };
        groups.truncate(query.limit);
        (groups, end, u32::try_from(unread).unwrap_or(u32::MAX), read)
    }

    fn holds(&self, user: UserId, place: &Place) -> bool {
        let actor = UserId(place.actor);
        if self.is_bygone(actor, place.at) {
            return false;
        }
        if self.mutes.contains_key(&(user.0, actor.0)) || self.is_blocked_between(user, actor) {
            return false;
        }
        let (kind, post, comment) = place.about;
        let shows = |id: u64| self.shows_moderated(id, Some(user));
        if !self.shows_user(Some(actor), Some(user)) || !shows(place.at) || !post.is_none_or(shows)
        {
            return false;
        }
        // What is on somebody's post whom a block parts from the user.
        let host = post.and_then(|post| self.owner(post));
        if host.is_some_and(|host| self.is_blocked_between(user, host)) {
            return false;
        }
        // What is said in a post, or on one, that the user does not see.
        let said_in = if self.posts.contains_key(&place.at) { Some(place.at) } else { post };
        if said_in.is_some_and(|post| self.hides_responses(user, post)) {
            return false;
        }
        let target = comment.or(post).unwrap_or(0);
        match kind {
            NoticeKind::Follow => self.follows.contains_key(&(actor.0, user.0)),
            NoticeKind::Request => self.requests.contains_key(&(actor.0, user.0)),
            NoticeKind::Reaction => {
                let since = self.responses.reactions.get(&(target, place.reaction, actor.0));
                since == Some(&place.at) && self.standing(target).is_some()
            }
            NoticeKind::Mention | NoticeKind::Comment | NoticeKind::Repost => {
                let original = self.posts.get(&place.at).and_then(|it| self.original_author(it));
                let hides = |author: UserId| {
                    let is_muted = self.mutes.contains_key(&(user.0, author.0));
                    is_muted || self.is_blocked_between(user, author)
                };
                self.standing(place.at).is_some() && !original.is_some_and(hides)
            }
        }
    }
}

/// Whom a post or a comment mentions.
fn mentions_of(action: &Action) -> Option<&Mentions> {
    match action {
        Action::Publish(post) | Action::Repost { post, .. } => Some(&post.mentions),
        Action::Comment { mentions, .. } => Some(mentions),
        _ => None,
    }
}
