//! A record as far as watches care: ids only, 24 bytes.

use crate::command::NewPost;
use crate::ids::{PostId, UserId};
use crate::log::befriend_effect::BefriendEffect;
use crate::log::forget_effect::ForgetEffect;
use crate::log::group_effect::{GroupAct, GroupEffect};
use crate::log::moderation_effect::ModerationAct;
use crate::log::record::{Effect, Record};
use crate::log::revise_effect::Emptied;
use crate::views::audiences::depends;

/// What a record did to homes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Note {
    /// A post; its id is the record's sequence.
    Publish {
        author: UserId,
    },
    /// A post that refers to another; bare ones go with it.
    Repost {
        author: UserId,
        root_author: UserId,
    },
    Delete {
        post: PostId,
        author: UserId,
        /// Moderators had hidden it.
        was_hidden: bool,
    },
    Follow {
        user: UserId,
        author: UserId,
    },
    Unfollow {
        user: UserId,
        author: UserId,
    },
    Mute {
        user: UserId,
        author: UserId,
    },
    Unmute {
        user: UserId,
        author: UserId,
    },
    /// Follows that began: `forth` that of `other` by `user`, `back` the other way.
    Befriend {
        user: UserId,
        other: UserId,
        forth: bool,
        back: bool,
    },
    /// A block ended: reposts of the other's posts may show.
    Unblock {
        user: UserId,
        other: UserId,
    },
    /// A block, and the follows that it ended: `forth` that of `other` by `user`, `back` the other way.
    Part {
        user: UserId,
        other: UserId,
        forth: bool,
        back: bool,
    },
    /// The author is in one more exclusive group of the user.
    Apart {
        user: UserId,
        author: UserId,
    },
    /// The author is in one exclusive group of the user less.
    Rejoined {
        user: UserId,
        author: UserId,
    },
    /// An exclusive group of the user is gone, with all who were in it.
    Released {
        user: UserId,
    },
    /// The author is in one more group of the user that is not exclusive.
    Joined {
        user: UserId,
        author: UserId,
    },
    /// The author is in one less.
    Left {
        user: UserId,
        author: UserId,
    },
    /// A group of the user is gone that was not exclusive.
    Dissolved {
        user: UserId,
    },
    /// A post says something else.
    Revise {
        post: PostId,
        author: UserId,
    },
    /// Moderators keep the user's things from others, or do not any more.
    Moderated {
        user: UserId,
    },
    /// Moderators hid a post, so that its author alone sees it.
    Hidden {
        post: PostId,
        author: UserId,
    },
    /// The user is private from here on, or is not any more.
    Private {
        user: UserId,
    },
    /// Nobody sees anything of the user from here on, or they are somebody new.
    Forgotten {
        user: UserId,
        is_done: bool,
    },
    /// No home changed.
    Nothing,
    /// Retention dropped the record: nobody knows what it was.
    Lost,
}

const _: () = assert!(size_of::<Note>() <= 24);

impl Note {
    /// The note of what the log has at a sequence.
    pub(crate) fn of(record: Option<&Record>) -> Self {
        let Some(record) = record else { return Self::Lost };
        match record.effect {
            Effect::Publish(NewPost { author, repost: Some(link), .. })
            | Effect::Emptied(Emptied { author, repost: Some(link), .. }) => {
                Self::Repost { author, root_author: link.root_author }
            }
            Effect::Publish(NewPost { author, .. }) | Effect::Emptied(Emptied { author, .. }) => {
                Self::Publish { author }
            }
            Effect::Broadcast(ref broadcast) if broadcast.replay().is_some() => {
                Self::Publish { author: broadcast.author() }
            }
            Effect::Revise(ref it) => Self::Revise { post: it.post, author: it.author },
            Effect::Unrepost { user: author, began: Some(repost), .. } => {
                Self::Delete { post: repost.into(), author, was_hidden: false }
            }
            Effect::Delete { post, author, hidden, .. } => {
                Self::Delete { post, author, was_hidden: hidden.is_some() }
            }
            Effect::Private { user, .. } => Self::Private { user },
            Effect::Follow { user, author, .. } => Self::Follow { user, author },
            Effect::Unfollow { user, author, .. } => Self::Unfollow { user, author },
            Effect::Mute { user, author } => Self::Mute { user, author },
            Effect::Unmute { user, author, .. } => Self::Unmute { user, author },
            Effect::Befriend(BefriendEffect { user, other, forth, back, .. }) => {
                Self::Befriend { user, other, forth: forth.is_new, back: back.is_new }
            }
            Effect::Block { user, other, forth, back, .. } => {
                Self::Part { user, other, forth: forth.is_some(), back: back.is_some() }
            }
            Effect::Group(ref group) => Self::of_group(group),
            Effect::Unblock { user, other, began: Some(_) } => Self::Unblock { user, other },
            Effect::Moderation(ref effect) => match effect.act {
                ModerationAct::Hide { post } => Self::Hidden { post, author: effect.user },
                _ => Self::Moderated { user: effect.user },
            },
            Effect::Broadcast(_)
            | Effect::Unblock { .. }
            | Effect::Unrepost { .. }
            | Effect::Weigh { .. }
            | Effect::Response(_)
            | Effect::Request(_)
            | Effect::Mark(_) => Self::Nothing,
            Effect::NoticesRead(_) => Self::Nothing,
            // Its own home is nobody's either: a gap tells of that.
            Effect::Forget(ForgetEffect { user, began }) => {
                Self::Forgotten { user, is_done: began.is_some() }
            }
            Effect::Retired(_) => Self::Lost,
        }
    }

    fn of_group(effect: &GroupEffect) -> Self {
        let user = effect.user;
        match effect.act {
            GroupAct::Add { author, .. } if effect.exclusive => Self::Apart { user, author },
            GroupAct::Remove { author, began: Some(_), .. } if effect.exclusive => {
                Self::Rejoined { user, author }
            }
            GroupAct::Delete { .. } if effect.exclusive => Self::Released { user },
            GroupAct::Add { author, .. } => Self::Joined { user, author },
            GroupAct::Remove { author, began: Some(_), .. } => Self::Left { user, author },
            GroupAct::Delete { .. } => Self::Dissolved { user },
            GroupAct::Create | GroupAct::Remove { .. } => Self::Nothing,
        }
    }

    /// Whether nobody can say what the record did to the user's home.
    pub(crate) fn is_lost_for(&self, watcher: UserId) -> bool {
        match *self {
            Self::Lost => true,
            Self::Released { user } | Self::Forgotten { user, .. } => user == watcher,
            _ => false,
        }
    }

    /// Which author's posts the record brought into the user's home, or took out of it.
    pub(crate) fn changed_for(&self, watcher: UserId) -> Option<UserId> {
        match *self {
            Self::Follow { user, author }
            | Self::Unfollow { user, author }
            | Self::Mute { user, author }
            | Self::Unmute { user, author }
            | Self::Apart { user, author }
            | Self::Rejoined { user, author } => (user == watcher).then_some(author),
            // Without a follow too: reposts of the other's posts are hidden, or are not any more.
            Self::Part { user, other, .. } | Self::Unblock { user, other } if user == watcher => {
                Some(other)
            }
            Self::Part { user, other, .. } | Self::Unblock { user, other } if other == watcher => {
                Some(user)
            }
            // Everybody sees their own. Without a follow too: reposts are hidden, or are not any more.
            Self::Moderated { user: author }
            | Self::Hidden { author, .. }
            | Self::Forgotten { user: author, .. } => (author != watcher).then_some(author),
            Self::Befriend { user, other, forth: true, .. } if user == watcher => Some(other),
            Self::Befriend { user, other, back: true, .. } if other == watcher => Some(user),
            Self::Befriend { .. }
            | Self::Part { .. }
            | Self::Unblock { .. }
            | Self::Publish { .. }
            | Self::Repost { .. }
            | Self::Delete { .. }
            | Self::Revise { .. }
            | Self::Released { .. }
            | Self::Private { .. }
            | Self::Joined { .. }
            | Self::Left { .. }
            | Self::Dissolved { .. }
            | Self::Nothing
            | Self::Lost => None,
        }
    }

    /// Of whose posts the user may see others than before although they follow whom they followed, if
    /// these posts depend on that, as [`depends`] says.
    pub(crate) fn insight_of(&self, watcher: UserId) -> Option<(UserId, u8)> {
        let (of_whom, on) = match *self {
            Self::Private { user } => {
                return (user != watcher).then_some((user, depends::ON_PRIVACY));
            }
            Self::Follow { user, author } | Self::Unfollow { user, author } => {
                ((user, author), depends::ON_FOLLOWS)
            }
            // Whose own follow is new as well is told of that.
            Self::Befriend { user, other, forth: true, back: false } => {
                ((user, other), depends::ON_FOLLOWS)
            }
            Self::Befriend { user, other, forth: false, back: true } => {
                ((other, user), depends::ON_FOLLOWS)
            }
            Self::Apart { user, author }
            | Self::Rejoined { user, author }
            | Self::Joined { user, author }
            | Self::Left { user, author } => {
                ((user, author), depends::ON_GROUPS | depends::ON_GROUPS_AFAR)
            }
            _ => return None,
        };
        let (user, author) = of_whom;
        (author == watcher && user != watcher).then_some((user, on))
    }

    /// Whose group is gone: nobody knows any more who was in it.
    pub(crate) fn without_group(&self) -> Option<UserId> {
        match *self {
            Self::Released { user } | Self::Dissolved { user } => Some(user),
            _ => None,
        }
    }
}
