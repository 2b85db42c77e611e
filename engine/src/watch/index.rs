//! Who watches, and whom a record concerns.
//!
//! For each watched user the edges as of the last record that was told, kept up by the records
//! themselves; for each author the watched users who see their posts.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::Waker;

use foldhash::{HashMap, HashMapExt};

use super::catch_up::What;
use super::event::WatchEvent;
use super::gone::{Gone, Lost};
use super::insight::{Meant, Seen};
use super::note::Note;
use super::orphans::Orphans;
use super::queue::Queue;
use super::roll::Roll;
use super::sight::{Edge, Sight};
use crate::ids::{PostId, Sequence, UserId};
use crate::log::moderation_effect::ModerationEffect;
use crate::query::Post;
use crate::views::audiences::depends;
use crate::views::moderation::Kept;

/// See the module.
#[derive(Debug)]
pub(crate) struct Index {
    slots: Vec<Option<Watched>>,
    free: Vec<u32>,
    users: HashMap<UserId, u32>,
    /// By author: the slots of the watched users in whose homes their posts are.
    audience: HashMap<UserId, Vec<u32>>,
    watches: usize,
    /// Of these, how many want to be told of presence.
    rolls: usize,
    /// What moderators keep from others, as of the last record that was told, or as of `kept_at`.
    pub(crate) kept: Arc<Kept>,
    kept_at: Sequence,
    /// Authors whose presence is to be looked at: whom somebody began to see who wants to be told of it, and who
    /// is hidden from now on, or no more.
    pub(crate) met: Vec<UserId>,
}

/// A user who is watched.
#[derive(Debug)]
struct Watched {
    user: UserId,
    sight: Sight,
    queues: Vec<Arc<Queue>>,
}

/// A record to be told.
pub(crate) struct Told<'a> {
    pub(crate) sequence: Sequence,
    pub(crate) note: Note,
    /// The content of a publish or a revise, if the record still has it; asked for only if somebody is told.
    pub(crate) post: &'a dyn Fn() -> Option<Arc<Post>>,
    /// What a moderator did, if that is what the record says, and whether there are reposts.
    pub(crate) moderated: Option<(&'a ModerationEffect, bool)>,
    /// What goes with a post that is deleted; `None` if that is too much.
    pub(crate) orphans: &'a dyn Fn(PostId) -> Option<Orphans>,
    /// What is known of a post that goes, if anybody was concerned a moment ago.
    pub(crate) gone: Option<&'a Gone>,
    /// For whom the post is.
    pub(crate) meant: Option<Meant>,
    /// Whether somebody sees such a post, as far as that depends on for whom it is.
    pub(crate) seen: &'a dyn Fn(Option<Meant>, UserId, &Sight) -> Seen,
    /// What sight of an author's posts depends on, as [`depends`].
    pub(crate) depends: &'a dyn Fn(UserId) -> u8,
}

impl Index {
    pub(crate) fn new() -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            users: HashMap::new(),
            audience: HashMap::new(),
            watches: 0,
            rolls: 0,
            kept: Arc::default(),
            kept_at: Sequence(0),
            met: Vec::new(),
        }
    }

    /// While nobody watches: what moderators keep from others at a position, below which nobody who comes
    /// now is told anything.
    pub(crate) fn keep(&mut self, kept: Arc<Kept>, at: Sequence) {
        (self.kept, self.kept_at) = (kept, at);
    }

    /// How many watches there are.
    pub(crate) fn watches(&self) -> usize {
        self.watches
    }

    /// How many want to be told of presence.
    pub(crate) fn rolls(&self) -> usize {
        self.rolls
    }

    /// How many users are watched.
    pub(crate) fn users(&self) -> usize {
        self.users.len()
    }

    /// Whether anybody who is watched sees posts of the author's.
    pub(crate) fn has_audience(&self, author: UserId) -> bool {
        self.audience.contains_key(&author)
    }

    pub(crate) fn knows(&self, user: UserId) -> bool {
        self.users.contains_key(&user)
    }

    /// All users who are watched.
    pub(crate) fn online(&self) -> impl Iterator<Item = UserId> + '_ {
        self.users.keys().copied()
    }

    /// The edges of a watched user; as of their own position, if that is above what was told.
    pub(crate) fn sight(&self, user: UserId) -> Option<&Sight> {
        self.watched(user).map(|watched| &watched.sight)
    }

    /// Begins to keep the edges of a user.
    pub(crate) fn add(&mut self, user: UserId, sight: Sight) {
        let authors: Vec<UserId> = sight.shown().collect();
        let watched = Some(Watched { user, sight, queues: Vec::new() });
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => u32::try_from(self.slots.len()).unwrap_or(u32::MAX),
        };
        match self.slots.get_mut(slot as usize) {
            Some(place) => *place = watched,
            None => self.slots.push(watched),
        }
        self.users.insert(user, slot);
        for author in authors {
            self.audience.entry(author).or_default().push(slot);
        }
    }

    /// Adds a watch of a user whose edges are kept.
    pub(crate) fn attach(&mut self, user: UserId, queue: Arc<Queue>) {
        if let Some(watched) = self.watched_mut(user) {
            let wants_presence = queue.wants_presence;
            watched.queues.push(queue);
            self.watches += 1;
            self.rolls += usize::from(wants_presence);
        }
    }

    /// Ends a watch; with the last one the user's edges go.
    pub(crate) fn detach(&mut self, user: UserId, queue: &Arc<Queue>) {
        let Some(watched) = self.watched_mut(user) else { return };
        let before = watched.queues.len();
        watched.queues.retain(|known| !Arc::ptr_eq(known, queue));
        let (gone, is_empty) = (before - watched.queues.len(), watched.queues.is_empty());
        self.watches -= gone;
        self.rolls -= if queue.wants_presence { gone } else { 0 };
        if is_empty {
            self.remove(user);
        }
    }

    /// Forgets everybody: all watches are behind.
    pub(crate) fn clear(&mut self) -> Vec<Waker> {
        let all = std::mem::replace(self, Self::new());
        let queues = all.slots.into_iter().flatten().flat_map(|watched| watched.queues);
        queues.filter_map(|queue| queue.fall_behind()).collect()
    }

    /// All watches.
    pub(crate) fn queues(&self) -> impl Iterator<Item = &Arc<Queue>> {
        self.slots.iter().flatten().flat_map(|watched| &watched.queues)
    }

    /// Whether the user counts as online: not while they are suspended or being forgotten.
    pub(crate) fn is_online(&self, user: UserId, is_leased: bool) -> bool {
        (is_leased || self.knows(user)) && !self.kept.hides_user(user)
    }

    /// Tells who sees the user that they are online, or are not; hands out whom to wake.
    pub(crate) fn tell_presence(&self, user: UserId, is_online: bool, wakers: &mut Vec<Waker>) {
        for slot in self.audience.get(&user).into_iter().flatten() {
            let Some(Some(watched)) = self.slots.get(*slot as usize) else { continue };
            let rolled = watched.rolled();
            wakers.extend(rolled.filter_map(|queue| queue.note_presence(user, is_online)));
        }
    }

    /// Notes in a roll who is online of those whom `user` sees, and forgets everybody else.
    pub(crate) fn call(&self, user: UserId, roll: &mut Roll, is_leased: &dyn Fn(UserId) -> bool) {
        let Some(sight) = self.sight(user) else { return };
        roll.keep(|author| sight.shows(author));
        for author in sight.shown() {
            roll.note(author, self.is_online(author, is_leased(author)));
        }
    }

    /// The same for everybody who wants to know; hands out whom to wake.
    pub(crate) fn call_all(&self, is_leased: &dyn Fn(UserId) -> bool, wakers: &mut Vec<Waker>) {
        for watched in
            self.slots.iter().flatten().filter(|watched| watched.rolled().next().is_some())
        {
            for author in watched.sight.shown() {
                let is_online = self.is_online(author, is_leased(author));
                let rolled = watched.rolled();
                wakers.extend(rolled.filter_map(|queue| queue.note_presence(author, is_online)));
            }
        }
    }

    /// Tells a record to whom it concerns; hands out whom to wake.
    pub(crate) fn tell(&mut self, told: &Told<'_>, wakers: &mut Vec<Waker>) {
        match told.note {
            Note::Publish { author } => {
                if !self.audience.contains_key(&author) {
                    return;
                }
                match (told.post)() {
                    Some(post) => {
                        let event = WatchEvent::Entry(Arc::clone(&post));
                        self.tell_if_seen(&post, told, &event, wakers);
                    }
                    // It is erased, because it was revised since: each watch reads what it says now.
                    None => wakers.extend(self.clear()),
                }
            }
            Note::Repost { author, .. } => self.repost(author, told, wakers),
            Note::Delete { post, author, was_hidden } => {
                self.delete(((post, author), was_hidden), told, wakers);
            }
            Note::Private { user } => self.stir_strangers(user, told, wakers),
            Note::Revise { author, .. } => {
                if !self.audience.contains_key(&author) {
                    return;
                }
                if let Some(post) = (told.post)() {
                    let event = WatchEvent::Changed(Arc::clone(&post));
                    self.tell_if_seen(&post, told, &event, wakers);
                }
            }
            Note::Befriend { user, other, .. } => {
                for friend in [user, other] {
                    self.change(friend, told, wakers);
                    self.stir(friend, told, wakers);
                }
            }
            Note::Part { user, other, .. } | Note::Unblock { user, other } => {
                self.change(user, told, wakers);
                self.change(other, told, wakers);
            }
            Note::Follow { user, author }
            | Note::Unfollow { user, author }
            | Note::Apart { user, author }
            | Note::Rejoined { user, author } => {
                self.change(user, told, wakers);
                self.stir(author, told, wakers);
            }
            Note::Mute { user, .. } | Note::Unmute { user, .. } => self.change(user, told, wakers),
            Note::Joined { author, .. } | Note::Left { author, .. } => {
                self.stir(author, told, wakers);
            }
            Note::Released { user } => {
                self.forget(user, told.sequence, wakers);
                self.stir_all(user, told, wakers);
            }
            Note::Moderated { .. } | Note::Hidden { .. } => self.moderate(told, wakers),
            Note::Forgotten { user, is_done } => {
                self.hide_forgotten((user, !is_done), told.sequence, wakers);
            }
            Note::Dissolved { user } => self.stir_all(user, told, wakers),
            Note::Nothing | Note::Lost => {}
        }
    }

    /// The user may see other posts of somebody's than before, if the note says so.
    fn stir(&self, user: UserId, told: &Told<'_>, wakers: &mut Vec<Waker>) {
        let Some(watched) = self.watched(user) else { return };
        let Some((author, on)) = told.note.insight_of(user) else { return };
        if (told.depends)(author) & on != 0 {
            watched.tell(told.sequence, &[WatchEvent::FeedChanged(author)], wakers);
        }
    }

    /// The author is private, or is not any more: who does not follow them sees other reposts of their posts.
    fn stir_strangers(&self, author: UserId, told: &Told<'_>, wakers: &mut Vec<Waker>) {
        if (told.depends)(author) & depends::ON_PRIVACY == 0 {
            return;
        }
        let events = [WatchEvent::FeedChanged(author)];
        let others = self.slots.iter().flatten().filter(|watched| watched.user != author);
        for watched in others.filter(|watched| !watched.sight.follows(author)) {
            watched.tell(told.sequence, &events, wakers);
        }
    }

    /// A group of the author's is gone, and nobody knows who was in it: everybody may see other posts of
    /// theirs than before; who does not follow them only what others have reposted.
    fn stir_all(&self, author: UserId, told: &Told<'_>, wakers: &mut Vec<Waker>) {
        let on = (told.depends)(author);
        let events = [WatchEvent::FeedChanged(author)];
        if on & depends::ON_GROUPS_AFAR != 0 {
            let all = self.slots.iter().flatten();
            all.for_each(|watched| watched.tell(told.sequence, &events, wakers));
        } else if on & depends::ON_GROUPS != 0 {
            let audience = self.audience_of(author);
            audience.for_each(|watched| watched.tell(told.sequence, &events, wakers));
        }
    }

    /// Nobody sees anything of the user, or they are somebody new and what others said of their posts shows
    /// again; a repost of theirs may be in any home.
    fn hide_forgotten(
        &mut self,
        (user, is_hidden): (UserId, bool),
        sequence: Sequence,
        wakers: &mut Vec<Waker>,
    ) {
        if self.kept_at < sequence {
            Arc::make_mut(&mut self.kept).forget(user, is_hidden);
        }
        let others = self.slots.iter().flatten().filter(|watched| watched.user != user);
        for watched in others {
            watched.tell(sequence, &[WatchEvent::FeedChanged(user)], wakers);
        }
        self.forget(user, sequence, wakers);
        self.met.push(user);
    }

    /// A post that refers to another's: whoever does not see that one's posts is not told.
    fn repost(&mut self, author: UserId, told: &Told<'_>, wakers: &mut Vec<Waker>) {
        if !self.audience.contains_key(&author) {
            return;
        }
        match (told.post)() {
            Some(post) => {
                let event = WatchEvent::Entry(Arc::clone(&post));
                self.tell_if_seen(&post, told, &event, wakers);
            }
            // As with a publish.
            None => wakers.extend(self.clear()),
        }
    }

    /// Tells who sees the author's posts, and what others repost of the original's author, if there is one;
    /// but for those from whom moderators keep the post, or the original.
    fn tell_if_seen(
        &self,
        post: &Post,
        told: &Told<'_>,
        event: &WatchEvent,
        wakers: &mut Vec<Waker>,
    ) {
        let root = post.repost.map(|link| (link.root, link.root_author));
        let hides = |watched: &Watched| {
            let keeps = |post| self.kept.keeps(post, watched.user);
            keeps((post.id, post.author))
                || root.is_some_and(|root| watched.sight.hides(root.1) || keeps(root))
        };
        for watched in self.audience_of(post.author).filter(|watched| !hides(watched)) {
            let event = match (told.seen)(told.meant, watched.user, &watched.sight) {
                Seen::Yes => event.clone(),
                Seen::No => continue,
                Seen::Unsure(author) => WatchEvent::FeedChanged(author),
            };
            watched.tell(told.sequence, std::slice::from_ref(&event), wakers);
        }
    }

    /// A post is gone, and the bare reposts of it with it. Who could not see them is not told, and of somebody
    /// who is being forgotten nobody sees them any more.
    fn delete(
        &mut self,
        (post, was_hidden): (Lost, bool),
        told: &Told<'_>,
        wakers: &mut Vec<Waker>,
    ) {
        if self.kept.is_forgotten(post.1) {
            return;
        }
        let Some(orphans) = (told.orphans)(post.0) else {
            // Each watch finds out that it is too much, and tells a gap.
            wakers.extend(self.clear());
            return;
        };
        let lost = std::iter::once(post).chain(orphans);
        let lost: Vec<Lost> = lost.filter(|lost| self.has_audience(lost.1)).collect();
        if lost.is_empty() {
            return;
        }
        let unknown = Gone::unknown(post, was_hidden);
        let gone = told.gone.unwrap_or(&unknown);
        let mut events: BTreeMap<u32, Vec<WatchEvent>> = BTreeMap::new();
        for lost in lost {
            for slot in self.audience.get(&lost.1).into_iter().flatten() {
                let Some(Some(watched)) = self.slots.get(*slot as usize) else { continue };
                let removal = watched.removal(gone, lost, (&self.kept, told));
                events.entry(*slot).or_default().extend(removal);
            }
        }
        for (slot, events) in events {
            if let Some(Some(watched)) = self.slots.get(slot as usize) {
                watched.tell(told.sequence, &events, wakers);
            }
        }
    }

    /// The watched users in whose homes the author's posts are.
    fn audience_of(&self, author: UserId) -> impl Iterator<Item = &Watched> {
        let slots = self.audience.get(&author).into_iter().flatten();
        slots.filter_map(|slot| self.slots.get(*slot as usize)?.as_ref())
    }

    /// A moderator keeps something from others, or does not any more. Who has the author's posts in their home is
    /// told; so is everybody else, if there are reposts at all: somebody they follow may have reposted.
    fn moderate(&mut self, told: &Told<'_>, wakers: &mut Vec<Waker>) {
        let Some((effect, has_reposts)) = told.moderated else { return };
        if told.sequence <= self.kept_at {
            return;
        }
        let author = effect.user;
        let hidden = match told.note {
            Note::Hidden { post, .. } => Some((post, author)).zip(told.gone),
            _ => None,
        };
        for watched in self.slots.iter().flatten().filter(|watched| watched.user != author) {
            let shows = watched.sight.shows(author);
            let hidden = hidden.filter(|_| shows);
            let removal = |(post, gone)| watched.removal(gone, post, (&self.kept, told));
            let mut events: Vec<WatchEvent> = hidden.and_then(removal).into_iter().collect();
            if shows || has_reposts {
                events.push(WatchEvent::FeedChanged(author));
                watched.tell(told.sequence, &events, wakers);
            }
        }
        Arc::make_mut(&mut self.kept).fold(effect);
        // Whoever is suspended goes offline for the others.
        self.met.push(author);
    }

    /// The edges of `user` are to be read again: their watches are behind, and will.
    fn forget(&mut self, user: UserId, sequence: Sequence, wakers: &mut Vec<Waker>) {
        let Some(watched) = self.watched_mut(user) else { return };
        if sequence <= watched.sight.at {
            return;
        }
        let queues = std::mem::take(&mut watched.queues);
        self.watches -= queues.len();
        self.rolls -= queues.iter().filter(|queue| queue.wants_presence).count();
        wakers.extend(queues.iter().filter_map(|queue| queue.fall_behind()));
        self.remove(user);
    }

    /// An edge of `user` began or ended, if the note says so.
    fn change(&mut self, user: UserId, told: &Told<'_>, wakers: &mut Vec<Waker>) {
        let Some(author) = told.note.changed_for(user) else { return };
        let Some(slot) = self.users.get(&user).copied() else { return };
        let Some(Some(watched)) = self.slots.get_mut(slot as usize) else { return };
        if told.sequence <= watched.sight.at {
            return;
        }
        let (before, after) = watched.change(author, &told.note);
        watched.tell(told.sequence, &[WatchEvent::FeedChanged(author)], wakers);
        match (before, after) {
            (false, true) => {
                if watched.rolled().next().is_some() {
                    self.met.push(author);
                }
                self.audience.entry(author).or_default().push(slot);
            }
            (true, false) => {
                watched.rolled().for_each(|queue| queue.forget_presence(author));
                self.leave(author, slot);
            }
            _ => {}
        }
    }

    fn leave(&mut self, author: UserId, slot: u32) {
        let Some(slots) = self.audience.get_mut(&author) else { return };
        if let Some(at) = slots.iter().position(|known| *known == slot) {
            slots.swap_remove(at);
        }
        if slots.is_empty() {
            self.audience.remove(&author);
        }
    }

    fn remove(&mut self, user: UserId) {
        let Some(slot) = self.users.remove(&user) else { return };
        let place = self.slots.get_mut(slot as usize);
        let Some(watched) = place.and_then(Option::take) else { return };
        for (author, edge) in watched.sight.edges {
            if edge.shows() {
                self.leave(author, slot);
            }
        }
        self.free.push(slot);
    }

    fn watched(&self, user: UserId) -> Option<&Watched> {
        self.slots.get(*self.users.get(&user)? as usize)?.as_ref()
    }

    fn watched_mut(&mut self, user: UserId) -> Option<&mut Watched> {
        self.slots.get_mut(*self.users.get(&user)? as usize)?.as_mut()
    }
}

impl Watched {
    /// The queues of those watches that want to be told of presence.
    fn rolled(&self) -> impl Iterator<Item = &Arc<Queue>> {
        self.queues.iter().filter(|queue| queue.wants_presence)
    }

    /// What is told of a post that went, or of a bare repost of it.
    fn removal(
        &self,
        gone: &Gone,
        lost: Lost,
        (kept, told): (&Kept, &Told<'_>),
    ) -> Option<WatchEvent> {
        let (user, sight) = (self.user, &self.sight);
        let what = gone.told(lost, (user, sight, kept), |meant| (told.seen)(meant, user, sight));
        what.and_then(What::event)
    }

    fn tell(&self, sequence: Sequence, events: &[WatchEvent], wakers: &mut Vec<Waker>) {
        if sequence <= self.sight.at || events.is_empty() {
            return;
        }
        let queues = self.queues.iter();
        wakers.extend(queues.filter_map(|queue| queue.push(sequence, events.iter().cloned())));
    }

    /// Keeps an edge up; whether the author showed before, and after.
    fn change(&mut self, author: UserId, note: &Note) -> (bool, bool) {
        let edge = self.sight.edges.entry(author).or_default();
        let before = edge.shows();
        match note {
            Note::Follow { .. } | Note::Befriend { .. } => edge.follows = true,
            Note::Unfollow { .. } => edge.follows = false,
            Note::Part { other, .. } => {
                edge.follows = false;
                *edge.block(*other == author) = true;
            }
            Note::Unblock { other, .. } => *edge.block(*other == author) = false,
            Note::Mute { .. } => edge.muted = true,
            Note::Unmute { .. } => edge.muted = false,
            Note::Apart { .. } => edge.apart += 1,
            Note::Rejoined { .. } => edge.apart = edge.apart.saturating_sub(1),
            Note::Publish { .. }
            | Note::Repost { .. }
            | Note::Delete { .. }
            | Note::Revise { .. }
            | Note::Moderated { .. }
            | Note::Hidden { .. }
            | Note::Released { .. }
            | Note::Private { .. }
            | Note::Forgotten { .. }
            | Note::Joined { .. }
            | Note::Left { .. }
            | Note::Dissolved { .. }
            | Note::Nothing
            | Note::Lost => {}
        }
        let after = edge.shows();
        if *edge == Edge::default() {
            self.sight.edges.remove(&author);
        }
        (before, after)
    }
}
