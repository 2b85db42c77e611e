//! Why a post is in somebody's home, or why it is not.
//!
//! The answer is the definition taken apart: the post, its author, the follow, the mute, the exclusive
//! group, the block; and,
//! for a post that is there, how it got there. When something ended is looked up in the newest part of
//! the log, as far as retention has left it.

use crate::audience::Audience;
use crate::error::Result;
use crate::group_name::GroupName;
use crate::ids::{Position, PostId, Sequence, Timestamp, UserId};
use crate::log::record::{Effect, Record};
use crate::log::view::Segments;
use crate::read::content::Reach;
use crate::read::judge::{Feed, Judge};
use crate::read::sight::admits;
use crate::read::stands::{Since, Stands};
use crate::read::ties::{Ties, settled};
use crate::repost::Repost;
use crate::shared::Shared;
use crate::views::state::State;
use crate::views::users::Ordinal;

/// Records of the log that are searched for an end, newest first.
const SEARCHED_MAX: u64 = 200_000;

/// A record, and when it was committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The record's sequence.
    pub sequence: Sequence,
    /// Its time, while the log has the record.
    pub time: Option<Timestamp>,
}

/// How a post gets into a home.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a post is brought or fetched, or on its way")]
pub enum Way {
    /// It is in the reader's inbox.
    Pushed,
    /// It is read out of its author's outbox.
    Pulled,
    /// It is committed, and not yet in the inbox that it belongs in.
    InFlight,
}

/// Why a post is in a home, or why not.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Why {
    /// It is there.
    Present {
        /// Since when its author is followed.
        since: Moment,
        /// How it gets there.
        way: Way,
    },
    /// The user does not follow the author.
    NotFollowing {
        /// When they ceased to, if that was lately.
        ended: Option<Moment>,
    },
    /// The user has muted the author.
    Muted {
        /// Since when.
        since: Moment,
    },
    /// The author is in an exclusive group of the user: the post is in the group's feed instead.
    Apart {
        /// The group; the oldest if there are several.
        group: GroupName,
        /// Since when the author is in it.
        since: Moment,
    },
    /// One of the two has blocked the other, which ended the follow.
    Blocked {
        /// Who blocks.
        by: UserId,
        /// Since when.
        since: Moment,
    },
    /// It is a repost, and the user does not see the posts of whom it reposts: muted, in an exclusive
    /// group, suspended, or one has blocked the other. Or moderators have hidden what it reposts.
    OriginalHidden {
        /// The first post of the chain.
        root: PostId,
        /// Whose that is.
        author: UserId,
    },
    /// It is not for the user: only for who follows the author and is followed back, for a group of the
    /// author's, or for the author alone. Of a repost, it or the original.
    Audience {
        /// The post that is not for them: this one, or the original.
        post: PostId,
        /// For whom that is. What a private user has for everybody is for followers.
        audience: Audience,
    },
    /// It is a repost without a text, and what it reposts was deleted.
    OriginalDeleted {
        /// The first post of the chain.
        root: PostId,
        /// When, if that was lately.
        at: Option<Moment>,
    },
    /// The post was deleted.
    Deleted {
        /// When, if that was lately.
        at: Option<Moment>,
    },
    /// Its author is suspended: nobody else sees anything of theirs.
    Suspended {
        /// Since when.
        since: Moment,
    },
    /// Moderators have hidden it from all but its author.
    Hidden {
        /// Since when.
        since: Moment,
    },
    /// No post has, or had, that id.
    NoSuchPost,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// The position of the answer.
    pub position: Position,
    /// Who published the post, as far as is known.
    pub author: Option<UserId>,
    /// Why the post is in the home, or why not.
    pub why: Why,
}

/// What the state says of a post and a user, before files are looked at.
struct Case {
    position: Position,
    post: Stands,
    follow: Since,
    /// Since when the author is suspended, and the post hidden, if that keeps it from the user.
    suspended: Option<Sequence>,
    hidden: Option<Sequence>,
    muted: Option<Sequence>,
    apart: Option<(GroupName, Sequence)>,
    blocked: Option<(UserId, Sequence)>,
    is_orphan: bool,
    /// Whether post and original are for the user.
    is_meant: bool,
    is_admitted: bool,
    is_seen: bool,
    way: Way,
}

/// Explains whether `post` is in the home of `user`. A viewer who must not see it is not told that it is
/// there.
pub(crate) fn explain(
    shared: &Shared,
    (user, viewer): (UserId, Option<UserId>),
    post: PostId,
) -> Result<Explained> {
    let explained = reason(shared, user, post)?;
    let viewer = viewer.zip(explained.author);
    match viewer {
        Some((viewer, author)) if !admits(shared, viewer, (post, author))? => {
            Ok(Explained { why: Why::NoSuchPost, author: None, ..explained })
        }
        _ => Ok(explained),
    }
}

fn reason(shared: &Shared, user: UserId, post: PostId) -> Result<Explained> {
    // Before the log is looked at: what is committed meanwhile is above it.
    let position = shared.state()?.position;
    let segments = shared.log.segments();
    let log = Log { segments: &segments };
    let record = segments.record(post.into())?;
    let Some(author) = record.as_ref().and_then(author_of) else {
        return Ok(Explained { position, author: None, why: Why::NoSuchPost });
    };
    let refers_to = record.as_ref().and_then(link_of);
    let looked = settled(shared, Reach::Files, |state, ties| {
        case((state, ties), user, author, post.into())
    })?;
    let Some(case) = looked else {
        return Ok(Explained { position, author: None, why: Why::NoSuchPost });
    };
    let Case { position, post: stands, follow, muted, apart, blocked, is_orphan, .. } = case;
    let (suspended, kept) = (case.suspended, case.hidden);
    let why = if !stands.resolve()? {
        Why::Deleted { at: log.find(position, |effect| is_delete_of(effect, post))? }
    } else if let Some(since) = suspended {
        Why::Suspended { since: log.moment(since)? }
    } else if let Some(since) = kept {
        Why::Hidden { since: log.moment(since)? }
    } else if let Some(Repost { root, .. }) = refers_to.filter(|_| is_orphan) {
        let at = log.find(position, |effect| is_delete_of(effect, root))?;
        Why::OriginalDeleted { root, at }
    } else if let Some((by, since)) = blocked {
        Why::Blocked { by, since: log.moment(since)? }
    } else if let Some(since) = follow.resolve()? {
        match (muted, apart) {
            (Some(muted), _) => Why::Muted { since: log.moment(muted)? },
            (None, Some((group, since))) => Why::Apart { group, since: log.moment(since)? },
            (None, None) if !case.is_meant => log.audience(post)?,
            (None, None) if !case.is_admitted => {
                log.audience(refers_to.map_or(post, |link| link.root))?
            }
            (None, None) if !case.is_seen => hidden(refers_to),
            (None, None) => Why::Present { since: log.moment(since)?, way: case.way },
        }
    } else {
        let ended = log.find(position, |effect| is_end_of(effect, user, author))?;
        Why::NotFollowing { ended }
    };
    Ok(Explained { position, author: Some(author), why })
}

fn case(
    (state, ties): (&State, &Ties<'_>),
    user: UserId,
    author: UserId,
    post: Sequence,
) -> Result<Case> {
    let mut case = Case {
        position: state.position,
        post: Stands::Known(false),
        follow: Since::Known(None),
        suspended: None,
        hidden: None,
        muted: None,
        apart: None,
        blocked: None,
        is_orphan: state.reposts.is_orphan(post),
        is_meant: true,
        is_admitted: true,
        is_seen: true,
        way: Way::Pulled,
    };
    let Some(writer) = state.find(author) else { return Ok(case) };
    case.post = Stands::of(&state.outboxes.posts, writer, post)?;
    let (reader, moderation) = (state.find(user), &state.moderation);
    if reader != Some(writer) {
        case.suspended = moderation.suspended_since(writer);
        case.hidden = moderation.hidden(post.into()).map(|hidden| hidden.at);
    }
    let Some(reader) = reader else { return Ok(case) };
    let (graph, delivery) = (&state.graph, &state.delivery);
    case.follow = Since::of(&graph.following, reader, writer)?;
    case.muted = graph.mutes.since(reader, writer);
    let apart = state.groups.apart_since(reader, writer);
    case.apart = apart.map(|(group, since)| (group.name.clone(), since));
    let forth = graph.blocks.since(reader, writer).map(|since| (user, since));
    case.blocked = forth.or_else(|| Some((author, graph.blocks.since(writer, reader)?)));
    let judge = Judge::of_reader((state, ties), Feed::Home, reader);
    case.is_meant = judge.is_meant(post, Some(writer));
    case.is_admitted = judge.admits(post, writer);
    case.is_seen = judge.sees(post, Some(writer));
    case.way = way(delivery, reader, post);
    Ok(case)
}

/// What the post refers to, if it does.
fn link_of(record: &Record) -> Option<Repost> {
    match &record.effect {
        Effect::Publish(post) => post.repost,
        Effect::Emptied(emptied) => emptied.repost,
        _ => None,
    }
}

fn hidden(refers_to: Option<Repost>) -> Why {
    refers_to.map_or(Why::NoSuchPost, |link| Why::OriginalHidden {
        root: link.root,
        author: link.root_author,
    })
}

fn way(delivery: &crate::delivery::Delivery, reader: Ordinal, post: Sequence) -> Way {
    // Looked at first, as by a read: what lands in between is in both.
    let is_flying = delivery.flights().each().any(|flight| flight.post == post);
    if delivery.has_pushed(reader, post) {
        Way::Pushed
    } else if is_flying {
        Way::InFlight
    } else {
        Way::Pulled
    }
}

/// Who published what is, or was, a post.
fn author_of(record: &Record) -> Option<UserId> {
    record.effect.post_author()
}

fn is_delete_of(effect: &Effect, of: PostId) -> bool {
    match effect {
        Effect::Delete { post, .. } => *post == of,
        Effect::Unrepost { began, .. } => *began == Some(of.into()),
        _ => false,
    }
}

fn is_end_of(effect: &Effect, of: UserId, to: UserId) -> bool {
    match effect {
        Effect::Unfollow { user, author, .. } => (*user, *author) == (of, to),
        Effect::Block { user, other, forth, back, .. } => {
            (*user, *other) == (of, to) && forth.is_some()
                || (*other, *user) == (of, to) && back.is_some()
        }
        _ => false,
    }
}

/// The log, for looking things up.
struct Log<'a> {
    segments: &'a Segments,
}

impl Log<'_> {
    fn moment(&self, sequence: Sequence) -> Result<Moment> {
        let time = self.segments.record(sequence)?.map(|record| record.time);
        Ok(Moment { sequence, time })
    }

    /// For whom the post is; nobody but its author sees it otherwise if its record is gone meanwhile.
    fn audience(&self, post: PostId) -> Result<Why> {
        let record = self.segments.record(post.into())?;
        let audience = match record.map(|record| record.effect) {
            Some(Effect::Publish(post)) => post.audience,
            Some(Effect::Emptied(emptied)) => emptied.audience,
            _ => Audience::Author,
        };
        // Only because its author is private.
        let audience = if audience.is_everybody() { Audience::Followers } else { audience };
        Ok(Why::Audience { post, audience })
    }

    /// The newest record of that kind, if it is among the newest of all.
    fn find(
        &self,
        newest: Position,
        is_wanted: impl Fn(&Effect) -> bool,
    ) -> Result<Option<Moment>> {
        let newest = newest.sequence.0;
        for sequence in (newest.saturating_sub(SEARCHED_MAX)..=newest).rev().map(Sequence) {
            if let Some(record) = self.segments.record(sequence)?
                && is_wanted(&record.effect)
            {
                return Ok(Some(Moment { sequence, time: Some(record.time) }));
            }
        }
        Ok(None)
    }
}
