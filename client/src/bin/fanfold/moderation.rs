//! The commands for moderators.
//!
//! Writes about them are writes like others: see `dispatch.rs`.

use clap::Args;
use fanfold_client::{
    Moderated, ModeratedOf, ModeratedQuery, ModerationChange, PageEnd, Post, Sequence,
};
use serde_json::json;

use crate::arguments::page_limit;
use crate::console::Console;
use crate::exit::Failure;
use crate::session::Session;

/// The arguments of `moderated`.
#[derive(Args, Debug)]
pub(crate) struct ModeratedArguments {
    /// Only users who are suspended
    #[arg(long, conflicts_with = "posts")]
    users: bool,
    /// Only posts that are hidden
    #[arg(long)]
    posts: bool,
    /// Entries a page [default: 20, at most 200]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = page_limit)]
    limit: Option<u32>,
    /// Only what began before this position
    #[arg(long, value_name = "SEQUENCE", allow_negative_numbers = true)]
    before: Option<Sequence>,
    /// All pages, to the end
    #[arg(long)]
    all: bool,
}

/// Prints a page of what is moderated, or all pages.
pub(crate) async fn moderated(
    session: &mut Session,
    console: &mut Console,
    arguments: ModeratedArguments,
) -> Result<(), Failure> {
    let client = session.client().await?;
    let of = match (arguments.users, arguments.posts) {
        (true, _) => ModeratedOf::Users,
        (false, true) => ModeratedOf::Posts,
        (false, false) => ModeratedOf::All,
    };
    let limit = arguments.limit.unwrap_or_default();
    let (before, viewer) = (arguments.before, session.viewer());
    let mut query = ModeratedQuery { of, before, limit, viewer };
    loop {
        let page = client.moderated(query).await?;
        for item in &page.moderated {
            match session.json() {
                true => console.json(&json!({
                    "user": item.user.0, "post": item.post.map(|post| post.0), "since": item.since.0,
                }))?,
                false => console.line(&text(item))?,
            }
        }
        let last = page.moderated.last().filter(|_| page.end != PageEnd::End);
        let Some(last) = last else { return Ok(()) };
        if !arguments.all {
            if !session.json() {
                console.line(&format!("more: --before {}", last.since))?;
            }
            return Ok(());
        }
        query.before = Some(last.since);
    }
}

fn text(Moderated { user, post, since }: &Moderated) -> String {
    match post {
        Some(post) => format!("#{post} of @{user}  hidden, since position {since}"),
        None => format!("@{user}  suspended, since position {since}"),
    }
}

/// `hidden, its author is suspended`; nothing of a post that is not moderated.
pub(crate) fn note(post: &Post) -> Option<String> {
    let words = [(post.hidden, "hidden"), (post.suspended, "its author is suspended")];
    let words: Vec<&str> =
        words.iter().filter_map(|(is_so, word)| is_so.then_some(*word)).collect();
    (!words.is_empty()).then(|| words.join(", "))
}

/// What a change of this kind is called.
pub(crate) fn name(change: ModerationChange) -> &'static str {
    match change {
        ModerationChange::Suspend => "suspend",
        ModerationChange::Unsuspend => "unsuspend",
        ModerationChange::Hide(_) => "hide",
        ModerationChange::Unhide(_) => "unhide",
        _ => "moderation",
    }
}

#[cfg(test)]
mod tests {
    use fanfold_client::{PostId, UserId};

    use super::*;

    #[test]
    fn what_is_moderated_is_said_in_a_line() {
        let suspended = Moderated { user: UserId(7), post: None, since: Sequence(45) };
        assert_eq!(text(&suspended), "@7  suspended, since position 45");
        let hidden = Moderated { post: Some(PostId(42)), ..suspended };
        assert_eq!(text(&hidden), "#42 of @7  hidden, since position 45");
    }
}
