//! What is done with a command on the caller's thread, before it is queued: the checks that need no
//! state, the facts about it that can never change (who wrote the post it deletes), its hash. And what
//! the committer will look up in files is looked up once ahead, so that it finds it in memory.

use bytes::Bytes;

use super::prepare_broadcasts::broadcast;
use crate::audience::Circle;
use crate::command::{Action, Command, NewPost};
use crate::error::{Error, ErrorKind, Result};
use crate::group_name::GroupName;
use crate::ids::{GroupId, Key, PostId, UserId};
use crate::log::befriend_effect::{BefriendEffect, Said};
use crate::log::forget_effect::ForgetEffect;
use crate::log::group_effect::{GroupAct, GroupEffect};
use crate::log::mark_effect::{MarkEffect, MarkedFeed};
use crate::log::moderation_effect::{ModerationAct, ModerationEffect};
use crate::log::notices_effect::NoticesReadEffect;
use crate::log::record::Effect;
use crate::log::request_effect::{RequestAct, RequestEffect};
use crate::log::response_effect::{ResponseAct, ResponseEffect};
use crate::log::revise_effect::ReviseEffect;
use crate::mark::Feed;
use crate::query::Post;
use crate::read::content::{Content, Reach, as_content};
use crate::read::edges::follows_since;
use crate::read::revisions::newest;
use crate::read::sight;
use crate::read::stands::Stands;
use crate::read::targets::{self, Target, no_target};
use crate::repost::Repost;
use crate::shared::Shared;

/// Which group has the name is the committer's to find out.
const UNDECIDED: GroupId = GroupId(0);

/// A valid command on its way to the committer.
#[derive(Clone, Debug)]
pub(crate) struct Prepared {
    /// What it will do, if it is accepted. When the edges began that it ends is still open.
    pub(crate) effect: Effect,
    pub(crate) key: Option<Key>,
    /// Hash of `effect`, if there is a key to compare it under.
    pub(crate) fingerprint: u64,
    /// It is the engine's own, about somebody who is being forgotten.
    pub(crate) is_removal: bool,
}

impl Prepared {
    /// Checks `command` and looks up what it needs. A touch is not logged: it never comes here.
    #[expect(clippy::too_many_lines, reason = "flat: an arm for each command")]
    pub(crate) fn new(command: Command, shared: &Shared) -> Result<Self> {
        command.validate()?;
        let options = command.options;
        let effect = match command.action {
            Action::Publish(post) => Effect::Publish(post),
            Action::Delete { post } => delete(post, options.actor, shared)?,
            Action::Revise { post, revision, text, meta } => {
                revise((post, revision), (text, meta), options.actor, shared)?
            }
            Action::Follow { user, author, weight } => Effect::Follow { user, author, weight },
            Action::Unfollow { user, author } => Effect::Unfollow { user, author, began: None },
            Action::Befriend { user, other } => befriend(user, other, options.actor),
            Action::Private { user, is_on } => Effect::Private { user, is_on, began: None },
            Action::Approve { user, follower } => {
                Effect::Befriend(BefriendEffect::new(user, follower, Said::Approve))
            }
            Action::Deny { user, follower: other } => {
                let act = RequestAct::Deny { began: None };
                Effect::Request(RequestEffect { user, other, act })
            }
            Action::Mute { user, author } => Effect::Mute { user, author },
            Action::Unmute { user, author } => Effect::Unmute { user, author, began: None },
            Action::Block { user, other } => {
                Effect::Block { user, other, forth: None, back: None, requests: [None; 2] }
            }
            Action::Unblock { user, other } => Effect::Unblock { user, other, began: None },
            Action::GroupCreate { user, name, exclusive } => {
                Effect::Group(GroupEffect { user, name, exclusive, act: GroupAct::Create })
            }
            Action::GroupDelete { user, name } => {
                group(user, name, GroupAct::Delete { group: UNDECIDED })
            }
            Action::GroupAdd { user, name, author } => {
                group(user, name, GroupAct::Add { group: UNDECIDED, author })
            }
            Action::GroupRemove { user, name, author } => {
                let act = GroupAct::Remove { group: UNDECIDED, author, began: None };
                group(user, name, act)
            }
            Action::React { user, target, kind } => {
                respond(user, target, ResponseAct::React { kind }, shared)?
            }
            Action::Unreact { user, target, kind } => {
                respond(user, target, ResponseAct::Unreact { kind, began: None }, shared)?
            }
            Action::Comment { user, post, answers, text, mentions } => {
                check_comment(&text, shared.options.comment_bytes_max)?;
                comment((user, post, answers), ResponseAct::Comment { text, mentions }, shared)?
            }
            Action::CommentDelete { comment } => delete_comment(comment, options.actor, shared)?,
            Action::Repost { post, parent } => repost(post, parent, shared)?,
            Action::Unrepost { user, post } => {
                let Repost { root, parent_author: author, .. } = link(post, shared)?;
                Effect::Unrepost { user, post, author, root, began: None }
            }
            Action::NoticesRead { user, up_to } => {
                let (up_to, is_said) = (up_to.unwrap_or_default(), up_to.is_some());
                Effect::NoticesRead(NoticesReadEffect { user, up_to, is_said })
            }
            Action::Mark { user, feed, device, post } => {
                Effect::Mark(MarkEffect { user, feed: marked(feed), device, post })
            }
            Action::Forget { user } => Effect::Forget(ForgetEffect { user, began: None }),
            Action::Suspend { user } => moderate(user, ModerationAct::Suspend),
            Action::Unsuspend { user } => moderate(user, ModerationAct::Unsuspend { began: None }),
            Action::Hide { post } => {
                moderate(known_author_of(post, shared)?, ModerationAct::Hide { post })
            }
            Action::Unhide { post } => {
                let act = ModerationAct::Unhide { post, began: None };
                moderate(known_author_of(post, shared)?, act)
            }
            Action::Broadcast(action) => Effect::Broadcast(broadcast(action, options, shared)?),
            Action::Touch { user } | Action::Tag { user, .. } => {
                let what = format!("touching or tagging user {user} is not a logged write");
                return Err(Error::invalid(what));
            }
        };
        look_ahead(&effect, shared)?;
        let fingerprint = if options.key.is_some() { effect.fingerprint() } else { 0 };
        Ok(Self { effect, key: options.key, fingerprint, is_removal: false })
    }

    /// A command of the engine itself, about somebody who is being forgotten.
    pub(crate) fn removal(effect: Effect, shared: &Shared) -> Result<Self> {
        look_ahead(&effect, shared)?;
        Ok(Self { effect, key: None, fingerprint: 0, is_removal: true })
    }
}

/// Looks up in files what the committer will. The answer may change until then, the place rarely.
fn look_ahead(effect: &Effect, shared: &Shared) -> Result<()> {
    let follow = |user: UserId, author: UserId| {
        let since = follows_since(&*shared.state()?, user, author)?;
        since.resolve().map(|_| ())
    };
    let target = |target: &Target| {
        // Not in one step: the state would be held while a file is read.
        let standing = targets::standing(&*shared.state()?, target)?;
        standing.resolve().map(|_| ())
    };
    match effect {
        Effect::Response(response) => {
            target(&Target::of(response))?;
            sight::admits(shared, response.user, (response.post, response.owner)).map(|_| ())
        }
        Effect::Delete { post, author, .. }
        | Effect::Revise(ReviseEffect { post, author, .. })
        | Effect::Moderation(ModerationEffect {
            user: author,
            act: ModerationAct::Hide { post },
            ..
        }) => {
            let stands = {
                let state = shared.state()?;
                let author = state.users.find(*author);
                let posts = &state.outboxes.posts;
                author.map(|author| Stands::of(posts, author, (*post).into())).transpose()?
            };
            stands.map_or(Ok(true), |stands| stands.resolve()).map(|_| ())
        }
        Effect::Publish(NewPost { author, repost: Some(link), .. }) => {
            target(&Target::post(link.root, link.root_author))?;
            sight::admits(shared, *author, (link.parent, link.parent_author)).map(|_| ())
        }
        Effect::Unrepost { user, post, author, .. } => {
            sight::admits(shared, *user, (*post, *author)).map(|_| ())
        }
        Effect::Follow { user, author, .. } | Effect::Unfollow { user, author, .. } => {
            follow(*user, *author)
        }
        Effect::Befriend(BefriendEffect { user, other, said: Said::Approve, .. }) => {
            follow(*other, *user)
        }
        Effect::Befriend(BefriendEffect { user, other, .. })
        | Effect::Block { user, other, .. } => {
            follow(*user, *other).and_then(|()| follow(*other, *user))
        }
        Effect::Publish(_)
        | Effect::Emptied(_)
        | Effect::Retired(_)
        | Effect::Group(_)
        | Effect::NoticesRead(_)
        | Effect::Private { .. }
        | Effect::Request(_)
        | Effect::Mark(_)
        | Effect::Broadcast(_)
        | Effect::Forget(_)
        | Effect::Moderation(_)
        | Effect::Mute { .. }
        | Effect::Unmute { .. }
        | Effect::Weigh { .. }
        | Effect::Unblock { .. } => Ok(()),
    }
}

fn moderate(user: UserId, act: ModerationAct) -> Effect {
    Effect::Moderation(ModerationEffect { user, act })
}

/// It is said of both, so who says it comes first: keys are theirs.
fn befriend(user: UserId, other: UserId, actor: Option<UserId>) -> Effect {
    let (user, other) = if actor == Some(other) { (other, user) } else { (user, other) };
    Effect::Befriend(BefriendEffect::new(user, other, Said::Befriend))
}

fn marked(feed: Feed) -> MarkedFeed {
    match feed {
        Feed::Home => MarkedFeed::Home,
        Feed::Group(name) => MarkedFeed::Group(UNDECIDED, name),
    }
}

fn group(user: UserId, name: GroupName, act: GroupAct) -> Effect {
    Effect::Group(GroupEffect { user, name, exclusive: false, act })
}

/// The author of a post stands in its record and never changes, so it is looked up here and the
/// committer need not touch the disk.
fn delete(post: PostId, actor: Option<UserId>, shared: &Shared) -> Result<Effect> {
    let segments = shared.log.segments();
    let cached = Content::new(shared, &segments).post(post.into(), Reach::Memory)?.flatten();
    let author = match cached {
        Some(post) => post.author,
        None => author_of(post, shared)?,
    };
    check_bygone(post, author, shared)?;
    check_author("delete", post, author, (actor, shared))?;
    Ok(Effect::Delete { post, author, commented: None, revised: None, hidden: None })
}

/// What the post is otherwise is looked up here: it never changes, but for the meta, which is that of the
/// revision it was taken from.
fn revise(
    (post, expected): (PostId, u32),
    (text, meta): (Bytes, Option<Bytes>),
    actor: Option<UserId>,
    shared: &Shared,
) -> Result<Effect> {
    let now = match newest(shared, post, Reach::Files)?.flatten() {
        Some(now) => now,
        // It is deleted: that is told behind who may ask, and behind the key.
        None => Post { id: post, author: author_of(post, shared)?, ..Post::default() },
    };
    check_bygone(post, now.author, shared)?;
    check_author("revise", post, now.author, (actor, shared))?;
    Ok(Effect::Revise(ReviseEffect {
        post,
        author: now.author,
        revision: expected + 1,
        before: post.into(),
        kind: now.kind,
        at: now.at,
        committed_at: now.committed_at,
        repost: now.repost,
        text,
        meta_given: meta.is_some(),
        meta: meta.unwrap_or(now.meta),
        meta_of: now.revision,
        mentions: now.mentions,
        audience: now.audience,
    }))
}

/// What somebody published who was forgotten since is as if it had never been, as long as the log has
/// something of it.
fn check_bygone(post: PostId, author: UserId, shared: &Shared) -> Result<()> {
    match shared.state()?.is_bygone(author, post.into()) {
        true => Err(Error::new(ErrorKind::NotFound, format!("there is no post {post}"))),
        false => Ok(()),
    }
}

/// What is responded to, unless it is forgotten, or on a post that is.
fn find_target(target: PostId, shared: &Shared) -> Result<Option<Target>> {
    let found = targets::find(shared, target, Reach::Files)?.flatten();
    let state = shared.state()?;
    Ok(found.filter(|found| {
        let Target { id, author, post, owner } = *found;
        !state.is_bygone(author, id.into()) && !state.is_bygone(owner, post.into())
    }))
}

/// Who published a post, unless they were forgotten since.
fn known_author_of(post: PostId, shared: &Shared) -> Result<UserId> {
    let author = author_of(post, shared)?;
    check_bygone(post, author, shared).map(|()| author)
}

/// Who published a post, deleted or not.
fn author_of(post: PostId, shared: &Shared) -> Result<UserId> {
    let record = shared.log.segments().record(post.into())?;
    match record.and_then(|record| record.effect.post_author()) {
        Some(author) => Ok(author),
        None => Err(Error::new(ErrorKind::NotFound, format!("there is no post {post}"))),
    }
}

/// Whoever does not see the post is not told that it is there.
fn check_author(
    verb: &str,
    post: PostId,
    author: UserId,
    (actor, shared): (Option<UserId>, &Shared),
) -> Result<()> {
    match actor.filter(|actor| *actor != author) {
        Some(actor) if !sight::admits(shared, actor, (post, author))? => {
            Err(Error::new(ErrorKind::NotFound, format!("there is no post {post}")))
        }
        Some(actor) => Err(Error::new(
            ErrorKind::Denied,
            format!("user {actor} cannot {verb} post {post} of user {author}"),
        )),
        None => Ok(()),
    }
}

/// What a post refers to stands in its record and never changes, as its author does.
fn repost(post: NewPost, parent: PostId, shared: &Shared) -> Result<Effect> {
    let link = link(parent, shared)?;
    Ok(Effect::Publish(NewPost { repost: Some(link), ..post }))
}

/// What a repost of `parent` refers to. Of what was deleted and erased only the author is known; the
/// committer finds that it is not there.
fn link(parent: PostId, shared: &Shared) -> Result<Repost> {
    let absent = || Error::new(ErrorKind::NotFound, format!("there is no post {parent}"));
    let segments = shared.log.segments();
    let cached = Content::new(shared, &segments).post(parent.into(), Reach::Memory)?.flatten();
    let (author, at, refers_to, circle) = match cached {
        Some(post) => (post.author, post.at, post.repost, post.audience.circle()),
        None => {
            let record = segments.record(parent.into())?.ok_or_else(absent)?;
            match record.effect {
                Effect::Retired(retired) if retired.is_post => {
                    (retired.subject, record.time, None, Circle::EVERYBODY)
                }
                _ => {
                    let post = as_content(parent.into(), record);
                    // What a revision says stands at another sequence than the post.
                    let post = post.filter(|post| post.id == parent).ok_or_else(absent)?;
                    (post.author, post.at, post.repost, post.audience.circle())
                }
            }
        }
    };
    check_bygone(parent, author, shared)?;
    let itself = Repost {
        parent,
        parent_author: author,
        root: parent,
        root_author: author,
        root_at: at,
        root_circle: circle,
    };
    Ok(refers_to.map_or(itself, |link| Repost { parent, parent_author: author, ..link }))
}

/// Whose post and whose comment it is stands in records and never changes, as with a delete.
fn respond(user: UserId, target: PostId, act: ResponseAct, shared: &Shared) -> Result<Effect> {
    let found = find_target(target, shared)?;
    let Target { id: target, author, post, owner } = found.ok_or_else(|| no_target(target))?;
    Ok(Effect::Response(ResponseEffect { user, post, owner, target, author, act }))
}

/// A comment on a post, or on a comment of it.
fn comment(
    (user, post, answers): (UserId, PostId, Option<PostId>),
    act: ResponseAct,
    shared: &Shared,
) -> Result<Effect> {
    let effect = respond(user, answers.unwrap_or(post), act, shared)?;
    let Effect::Response(response) = &effect else { return Ok(effect) };
    let is_comment = response.target != response.post;
    let what = match answers {
        Some(answered) if response.post != post || !is_comment => {
            format!("post {post} has no comment {answered} to answer")
        }
        None if is_comment => format!(
            "{post} is a comment; to answer it, comment on post {} and name it as answered",
            response.post
        ),
        // Whether the user sees the post is decided once it is known that this is no repetition.
        _ => return Ok(effect),
    };
    if sight::admits(shared, user, (response.post, response.owner))? {
        return Err(Error::new(ErrorKind::NotFound, what));
    }
    Err(no_target(response.target))
}

fn check_comment(text: &[u8], most: usize) -> Result<()> {
    if text.is_empty() {
        return Err(Error::invalid("the text of a comment is empty; a comment says something"));
    }
    if most < text.len() {
        let len = text.len();
        return Err(Error::limit(format!(
            "a comment of {len} bytes; the limit is {most} (option max-comment-bytes)"
        )));
    }
    Ok(())
}

/// A comment goes at the word of who wrote it, of whose post it is about, or of the application.
fn delete_comment(comment: PostId, actor: Option<UserId>, shared: &Shared) -> Result<Effect> {
    let found = find_target(comment, shared)?;
    let found = found.filter(|found| found.id != found.post);
    let absent = || Error::new(ErrorKind::NotFound, format!("there is no comment {comment}"));
    let Target { id: target, author, post, owner } = found.ok_or_else(absent)?;
    let user = actor.unwrap_or(author);
    if user != author && user != owner {
        if !sight::admits(shared, user, (post, owner))? {
            return Err(absent());
        }
        let what = format!(
            "user {user} cannot delete comment {comment}: it is of user {author}, on a post of user \
             {owner}"
        );
        return Err(Error::new(ErrorKind::Denied, what));
    }
    let act = ResponseAct::Delete;
    Ok(Effect::Response(ResponseEffect { user, post, owner, target, author, act }))
}
