//! What is done with a command on the caller's thread, before it is queued: the checks that need no
//! state, the facts about it that can never change (who wrote the post it deletes), its hash.

use crate::command::{Action, Command};
use crate::error::{Error, ErrorKind, Result};
use crate::ids::{Key, PostId, UserId};
use crate::log::record::Effect;
use crate::log::view::Log;

/// A valid command on its way to the committer.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// What it will do, if it is accepted. When the edges began that it ends is still open.
    pub(crate) effect: Effect,
    pub(crate) key: Option<Key>,
    /// Hash of `effect`, if there is a key to compare it under.
    pub(crate) fingerprint: u64,
}

impl Prepared {
    /// Checks `command` and looks up what it needs. A touch is not logged: it never comes here.
    pub(crate) fn new(command: Command, log: &Log) -> Result<Self> {
        command.validate()?;
        let options = command.options;
        let effect = match command.action {
            Action::Publish(post) => Effect::Publish(post),
            Action::Delete { post } => delete(post, options.actor, log)?,
            Action::Follow { user, author } => Effect::Follow { user, author },
            Action::Unfollow { user, author } => Effect::Unfollow { user, author, began: None },
            Action::Mute { user, author } => Effect::Mute { user, author },
            Action::Unmute { user, author } => Effect::Unmute { user, author, began: None },
            Action::Block { user, other } => Effect::Block { user, other, forth: None, back: None },
            Action::Unblock { user, other } => Effect::Unblock { user, other, began: None },
            Action::Touch { user } => {
                return Err(Error::invalid(format!("touching user {user} is not a logged write")));
            }
        };
        let fingerprint = if options.key.is_some() { effect.fingerprint() } else { 0 };
        Ok(Self { effect, key: options.key, fingerprint })
    }
}

/// The author of a post stands in its record and never changes, so it is looked up here and the
/// committer need not touch the disk.
fn delete(post: PostId, actor: Option<UserId>, log: &Log) -> Result<Effect> {
    let record = log.segments().record(post.into())?;
    let Some(Effect::Publish(content)) = record.map(|record| record.effect) else {
        return Err(Error::new(ErrorKind::NotFound, format!("there is no post {post}")));
    };
    let author = content.author;
    match actor {
        Some(actor) if actor != author => Err(Error::new(
            ErrorKind::Denied,
            format!("user {actor} cannot delete post {post} of user {author}"),
        )),
        _ => Ok(Effect::Delete { post, author }),
    }
}
