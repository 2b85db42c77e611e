//! The commands about reposts, and how it is shown what a post refers to.
//!
//! Writes about them are writes like others: see `dispatch.rs`.

use clap::Args;
use fanfold_client::{
    Audience, Counts, Error, ErrorKind, Original, PageEnd, Post, PostId, Repost, Reposter,
    RepostersQuery, UserId, Write,
};
use serde_json::{Value, json};

use crate::arguments::page_limit;
use crate::console::Console;
use crate::exit::Failure;
use crate::session::Session;
use crate::writes::text_of;

/// The arguments of `repost`.
#[derive(Args, Debug)]
pub(crate) struct RepostArguments {
    /// Who reposts
    #[arg(allow_negative_numbers = true)]
    user: UserId,
    /// Which post; a repost is reposted with its original
    #[arg(allow_negative_numbers = true)]
    post: PostId,
    /// What they say of it; several words are joined by spaces, - reads it from standard input
    text: Vec<String>,
    /// A user whom it mentions; may be given several times, at most 50
    #[arg(long, value_name = "USER", allow_negative_numbers = true)]
    mention: Vec<UserId>,
    /// Who sees a quote: everybody, followers, mutual, self or group:NAME
    #[arg(long, value_name = "WHO", default_value_t)]
    audience: Audience,
}

/// The arguments of `unrepost`.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct UnrepostArguments {
    /// Who reposted
    #[arg(allow_negative_numbers = true)]
    user: UserId,
    /// The post, or any repost of it
    #[arg(allow_negative_numbers = true)]
    post: PostId,
}

/// The arguments of `reposters`.
#[derive(Args, Debug)]
pub(crate) struct RepostersArguments {
    /// Which post; of a repost those who reposted its original
    #[arg(allow_negative_numbers = true)]
    post: PostId,
    /// Reposts a page [default: 20, at most 200]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = page_limit)]
    limit: Option<u32>,
    /// Only reposts before this one
    #[arg(long, value_name = "POST", allow_negative_numbers = true)]
    before: Option<PostId>,
    /// All pages, to the end
    #[arg(long)]
    all: bool,
}

/// The repost that the arguments describe.
pub(crate) fn new_repost(arguments: &RepostArguments) -> Result<Write, Failure> {
    let RepostArguments { user, post, text, mention, audience } = arguments;
    let write = match text.is_empty() {
        true => Write::repost(*user, *post),
        false => Write::quote(*user, *post, text_of(text, &mut std::io::stdin())?),
    };
    Ok(write.mentions(mention.iter().copied()).audience(audience.clone()))
}

/// The end of a repost that the arguments describe.
pub(crate) fn end(UnrepostArguments { user, post }: UnrepostArguments) -> Write {
    Write::unrepost(user, post)
}

/// Prints a page of who reposted, or all pages.
pub(crate) async fn reposters(
    session: &mut Session,
    console: &mut Console,
    arguments: RepostersArguments,
) -> Result<(), Failure> {
    let client = session.client().await?;
    let mut query = RepostersQuery {
        post: arguments.post,
        before: arguments.before,
        limit: arguments.limit.unwrap_or_default(),
        viewer: session.viewer(),
    };
    loop {
        let page = client.reposters(query).await?;
        for Reposter { user, repost, is_quote } in &page.reposters {
            let what = if *is_quote { "quote" } else { "repost" };
            match session.json() {
                true => console.json(&json!({
                    "user": user.0, "repost": repost.0, "quote": is_quote,
                }))?,
                false => console.line(&format!("{user}  #{repost}  {what}"))?,
            }
        }
        let last = page.reposters.last().filter(|_| page.end != PageEnd::End);
        let Some(last) = last else { return Ok(()) };
        if !arguments.all {
            if !session.json() {
                console.line(&format!("more: --before {} (of {})", last.repost, page.total))?;
            }
            return Ok(());
        }
        query.before = Some(last.repost);
    }
}

/// What a post refers to, as it was read besides: what is not there any more is deleted, since whoever sees
/// the repost sees the posts of that author.
pub(crate) fn original(
    read: Result<(Post, Option<Counts>), Error>,
    link: Repost,
) -> Result<(Original, Option<Counts>), Error> {
    match read {
        Ok((post, counts)) => Ok((Original::Post(post), counts)),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Ok((Original::Deleted { id: link.root, author: link.root_author }, None))
        }
        Err(error) => Err(error),
    }
}

/// `parent`, `root` and `root_author`.
pub(crate) fn link_json(link: &Repost) -> Value {
    let Repost { parent, root, root_author } = link;
    json!({"parent": parent.0, "root": root.0, "root_author": root_author.0})
}

/// `  reposts #17 of @14`
pub(crate) fn link_text(link: &Repost) -> String {
    format!("  reposts #{} of @{}", link.root, link.root_author)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_post_refers_to_is_shown_to_people_and_machines() {
        let (parent, root) = (PostId(9), PostId(7));
        let link = Repost { parent, root, root_author: UserId(14) };
        assert_eq!(link_text(&link), "  reposts #7 of @14");
        assert_eq!(link_json(&link), json!({"parent": 9, "root": 7, "root_author": 14}));
    }
}
