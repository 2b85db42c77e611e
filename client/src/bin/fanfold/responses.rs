//! The commands about reactions and comments: reactors and comments, and how counts are shown.
//!
//! Writes about them are writes like others: see `dispatch.rs`.

use fanfold_client::{
    Comment, CommentsQuery, Counts, PageEnd, Reactor, ReactorsQuery, UserId, Write,
};
use serde_json::{Map, Value, json};

use crate::console::Console;
use crate::exit::Failure;
use crate::response_arguments::{CommentArguments, CommentsArguments, ReactorsArguments};
use crate::safe::safe;
use crate::session::Session;
use crate::time;
use crate::writes::text_of;

/// The comment that the arguments describe.
pub(crate) fn new_comment(arguments: CommentArguments) -> Result<Write, Failure> {
    let CommentArguments { user, post, text, answers, mention } = arguments;
    let write = Write::comment(user, post, text_of(&text, &mut std::io::stdin())?);
    let write = write.mentions(mention);
    Ok(answers.into_iter().fold(write, Write::answers))
}

/// Prints a page of comments, or all pages.
pub(crate) async fn comments(
    session: &mut Session,
    console: &mut Console,
    arguments: CommentsArguments,
) -> Result<(), Failure> {
    let client = session.client().await?;
    let mut query = CommentsQuery {
        post: arguments.post,
        newest_first: arguments.newest || arguments.before.is_some(),
        cursor: arguments.before.or(arguments.after),
        limit: arguments.limit.unwrap_or_default(),
        viewer: session.viewer(),
    };
    loop {
        let page = client.comments(query).await?;
        for comment in &page.comments {
            match session.json() {
                true => console.json(&comment_json(comment))?,
                false => console.line(&comment_text(comment))?,
            }
        }
        let last = page.comments.last().filter(|_| page.end != PageEnd::End);
        let Some(last) = last else { return Ok(()) };
        if !arguments.all {
            if !session.json() {
                let option = if query.newest_first { "before" } else { "after" };
                console.line(&format!("more: --{option} {} (of {})", last.id, page.total))?;
            }
            return Ok(());
        }
        query.cursor = Some(last.id);
    }
}

/// Prints a page of who reacted, or all pages.
pub(crate) async fn reactors(
    session: &mut Session,
    console: &mut Console,
    arguments: ReactorsArguments,
) -> Result<(), Failure> {
    let client = session.client().await?;
    let mut query = ReactorsQuery {
        target: arguments.post,
        kind: arguments.kind,
        before: arguments.before,
        limit: arguments.limit.unwrap_or_default(),
        viewer: session.viewer(),
    };
    loop {
        let page = client.reactors(query).await?;
        for Reactor { user, kind, sequence } in &page.reactors {
            match session.json() {
                true => console.json(&json!({
                    "user": user.0, "kind": kind, "sequence": sequence.0,
                }))?,
                false => console.line(&format!("{user}  kind {kind}"))?,
            }
        }
        let last = page.reactors.last().filter(|_| page.end != PageEnd::End);
        let Some(last) = last else { return Ok(()) };
        if !arguments.all {
            if !session.json() {
                console.line(&format!("more: --before {}", last.sequence))?;
            }
            return Ok(());
        }
        query.before = Some(last.sequence);
    }
}

/// `comments: 3  reposts: 2  reactions: 0 x 5, 15 x 1  mine: 0`
pub(crate) fn counts_text(counts: &Counts) -> String {
    let Counts { comments, reposts, .. } = counts;
    format!("comments: {comments}  reposts: {reposts}  {}", reactions_text(counts))
}

fn reactions_text(counts: &Counts) -> String {
    let standing = standing(counts).map(|(kind, number)| format!("{kind} x {number}"));
    let mine = mine(counts).map(|kind| kind.to_string());
    let list = |words: Vec<String>| match words.is_empty() {
        true => "none".to_owned(),
        false => words.join(", "),
    };
    let (standing, mine) = (standing.collect(), mine.collect());
    format!("reactions: {}  mine: {}", list(standing), list(mine))
}

/// Of a post or a comment: `comments`, `reactions` by kind, and which of them are `mine`.
pub(crate) fn counts_json(counts: &Counts) -> Value {
    let reactions: Map<String, Value> =
        standing(counts).map(|(kind, number)| (kind.to_string(), number.into())).collect();
    let mine: Vec<u32> = mine(counts).collect();
    let Counts { comments, reposts, .. } = counts;
    json!({"comments": comments, "reposts": reposts, "reactions": reactions, "mine": mine})
}

fn standing(counts: &Counts) -> impl Iterator<Item = (u32, u64)> {
    (0..).zip(counts.reactions).filter(|(_, number)| *number != 0)
}

fn mine(counts: &Counts) -> impl Iterator<Item = u32> {
    let mine = counts.mine;
    (0..16).filter(move |kind| mine & (1 << kind) != 0)
}

fn comment_json(comment: &Comment) -> Value {
    let Comment { id, author, at, answers, text, counts, mentions } = comment;
    let UserId(author) = *author;
    let counts = counts_json(counts);
    let mut object = json!({
        "id": id.0, "author": author, "at": at.0, "text": text,
        "reactions": counts.get("reactions"), "mine": counts.get("mine"),
    });
    if let (Some(object), Some(answered)) = (object.as_object_mut(), answers) {
        object.insert("answers".to_owned(), answered.0.into());
    }
    if let (Some(object), false) = (object.as_object_mut(), mentions.is_empty()) {
        let users: Vec<u64> = mentions.iter().map(|user| user.0).collect();
        object.insert("mentions".to_owned(), users.into());
    }
    object
}

/// `2013-06-01 00:49  @14  #17  text`, and what it answers and was reacted to with on a line of its own.
fn comment_text(comment: &Comment) -> String {
    let Comment { id, author, at, answers, text, counts, .. } = comment;
    let text = safe(text).replace('\n', "\n    ");
    let answers = answers.map_or_else(String::new, |answered| format!("  answers #{answered}"));
    let mut out = format!("{}  @{author}  #{id}{answers}  {text}", time::minute(*at));
    if standing(counts).next().is_some() {
        out.push_str("\n    ");
        out.push_str(&reactions_text(counts));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use fanfold_client::{PostId, Timestamp};

    fn counts() -> Counts {
        let mut counts = Counts { comments: 3, reposts: 2, mine: 0x8001, ..Counts::default() };
        (counts.reactions[0], counts.reactions[15]) = (5, 1);
        counts
    }

    #[test]
    fn counts_are_shown_to_people_and_machines() {
        let text = "comments: 3  reposts: 2  reactions: 0 x 5, 15 x 1  mine: 0, 15";
        assert_eq!(counts_text(&counts()), text);
        let nothing = "comments: 0  reposts: 0  reactions: none  mine: none";
        assert_eq!(counts_text(&Counts::default()), nothing);
        let expected =
            json!({"comments": 3, "reposts": 2, "reactions": {"0": 5, "15": 1}, "mine": [0, 15]});
        assert_eq!(counts_json(&counts()), expected);
    }

    #[test]
    fn a_comment_says_what_it_answers() {
        let comment = Comment {
            id: PostId(17),
            author: UserId(14),
            at: Timestamp(1_370_047_740_000),
            answers: Some(PostId(16)),
            text: "a\nb".to_owned(),
            counts: Counts::default(),
            mentions: vec![UserId(15)],
        };
        assert_eq!(comment_text(&comment), "2013-06-01 00:49  @14  #17  answers #16  a\n    b");
        assert_eq!(comment_json(&comment).get("answers"), Some(&json!(16)));
        assert_eq!(comment_json(&comment).get("mentions"), Some(&json!([15])));
    }
}
