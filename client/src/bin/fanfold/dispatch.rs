//! Which file does what.
//!
//! The shell and the command line come through here alike, so a command means the same in both. It
//! neither prints nor asks the server itself.

use fanfold_client::Write;

use crate::arguments::{Command, Follow, Mark, Revise, Switch, Tag};
use crate::console::Console;
use crate::edges::{self, List};
use crate::exit::Failure;
use crate::lookups::Shown;
use crate::response_arguments::ReactionArguments;
use crate::session::Session;
use crate::timelines::{self, Which};
use crate::{
    broadcasts, changes, export, forgets, groups, import, lookups, marks, moderation, notices,
    reposts, responses, watch, writes,
};

/// Runs one command, except the shell.
pub(crate) async fn run(
    session: &mut Session,
    console: &mut Console,
    command: Command,
) -> Result<(), Failure> {
    match command {
        Command::Ping => lookups::ping(session, console).await,
        Command::Status => lookups::status(session, console).await,
        Command::Backup { name } => lookups::backup(session, console, &name).await,
        Command::Post { post, revisions: true, .. } => {
            marks::revisions(session, console, post).await
        }
        Command::Post { post, counts, no_original, .. } => {
            let shown = Shown { counts, original: !no_original };
            lookups::post(session, console, post, shown).await
        }
        Command::Comments(arguments) => responses::comments(session, console, arguments).await,
        Command::Reposters(arguments) => reposts::reposters(session, console, arguments).await,
        Command::Moderated(arguments) => moderation::moderated(session, console, arguments).await,
        Command::Reactors(arguments) => responses::reactors(session, console, arguments).await,
        Command::Notices(arguments) => notices::run(session, console, arguments).await,
        Command::Forget(user) => forgets::forget(session, console, user).await,
        Command::Forgotten => forgets::forgotten(session, console).await,
        Command::Marks(of) => marks::marks(session, console, of).await,
        Command::Unread(unread) => marks::unread(session, console, unread).await,
        Command::User { user } => lookups::user(session, console, user).await,
        Command::Relation { a, b } => lookups::relation(session, console, a, b).await,
        Command::Group(command) => groups::run(session, console, command).await,
        Command::Broadcast(command) => broadcasts::run(session, console, command).await,
        Command::Home { timeline, group, unread } => {
            let which = group.map_or(Which::Home, Which::Group);
            timelines::run(session, console, which, timeline, unread).await
        }
        Command::Outbox(timeline) => {
            timelines::run(session, console, Which::Outbox, timeline, false).await
        }
        Command::Following(list) => edges::run(session, console, List::Following, list).await,
        Command::Followers(list) => edges::run(session, console, List::Followers, list).await,
        Command::Mutes(list) => edges::run(session, console, List::Mutes, list).await,
        Command::Blocks(list) => edges::run(session, console, List::Blocks, list).await,
        Command::Requests(list) => edges::run(session, console, List::Requests, list).await,
        Command::Watch(arguments) => watch::run(session, console, arguments).await,
        Command::Changes(arguments) => changes::run(session, console, arguments).await,
        Command::Online { user } => lookups::online(session, console, user).await,
        Command::Explain { user, post } => lookups::explain(session, console, user, post).await,
        Command::Advise => lookups::advise(session, console).await,
        Command::Import(import) => import::run(session, console, import).await,
        Command::Export(export) => export::run(session, console, export).await,
        Command::Shell => Err(Failure::Mistake("this is a shell already".to_owned())),
        write => {
            let write = to_write(write)?;
            writes::run(session, console, write).await
        }
    }
}

/// The write a command stands for.
fn to_write(command: Command) -> Result<Write, Failure> {
    Ok(match command {
        Command::Publish(publish) => writes::new_post(publish)?,
        Command::ReadNotices(read) => Write::notices_read(read.user, read.up_to),
        Command::Delete { post } => Write::delete(post),
        Command::React(ReactionArguments { user, post, kind }) => Write::react(user, post, kind),
        Command::Unreact(ReactionArguments { user, post, kind }) => {
            Write::unreact(user, post, kind)
        }
        Command::Repost(repost) => reposts::new_repost(&repost)?,
        Command::Unrepost(repost) => reposts::end(repost),
        Command::Suspend { user } => Write::suspend(user),
        Command::Unsuspend { user } => Write::unsuspend(user),
        Command::Hide { post } => Write::hide(post),
        Command::Unhide { post } => Write::unhide(post),
        Command::Comment(comment) => responses::new_comment(comment)?,
        Command::DeleteComment { comment } => Write::comment_delete(comment),
        Command::Touch { user } => Write::touch(user),
        Command::Revise(Revise { post, revision, text }) => {
            Write::revise(post, revision, writes::text(&text)?)
        }
        Command::Mark(Mark { user, post, feed, device }) => {
            Write::mark(user, &marks::feed(feed), device, post)
        }
        Command::Tag(Tag { user, tag, remove }) => Write::tag(user, tag, !remove),
        Command::Follow(Follow { pair, weight }) => {
            let follow = Write::follow(pair.user, pair.other);
            weight.into_iter().fold(follow, Write::weight)
        }
        Command::Unfollow(pair) => Write::unfollow(pair.user, pair.other),
        Command::Mute(pair) => Write::mute(pair.user, pair.other),
        Command::Unmute(pair) => Write::unmute(pair.user, pair.other),
        Command::Block(pair) => Write::block(pair.user, pair.other),
        Command::Unblock(pair) => Write::unblock(pair.user, pair.other),
        Command::Befriend(pair) => Write::befriend(pair.user, pair.other),
        Command::Private { user, switch } => Write::private(user, switch == Switch::On),
        Command::Approve(pair) => Write::approve(pair.user, pair.other),
        Command::Deny(pair) => Write::deny(pair.user, pair.other),
        other => unreachable!("{other:?} is not a write and was handled before"),
    })
}
