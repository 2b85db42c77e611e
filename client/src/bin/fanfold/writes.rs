//! The commands that change something: publish, delete, follow and their siblings, touch.
//!
//! One write, one answer, one line. The client draws the idempotency key; many writes are the
//! business of `import`.

use std::io::Read;

use fanfold_client::{NewPost, Write};

use crate::arguments::Publish;
use crate::console::Console;
use crate::exit::Failure;
use crate::present;
use crate::session::Session;

/// Standard input is read up to this; the server's own limit is far below.
const INPUT_BYTES_MAX: u64 = 1 << 20;

/// Does the write and prints what came of it.
pub(crate) async fn run(
    session: &mut Session,
    console: &mut Console,
    write: Write,
) -> Result<(), Failure> {
    let client = session.client().await?;
    let (is_comment, is_repost) = (write.is_comment(), write.is_repost());
    let is_forget = write.is_forget();
    let written = client.write(session.sign(write)).await?;
    match session.json() {
        true => console.json(&present::written_json(&written)),
        false if is_comment && written.changed => {
            let id = written.post.map_or_else(String::new, |id| format!(" as {id}"));
            console.line(&format!("commented{id}"))
        }
        false if is_repost => {
            let id = written.post.map_or_else(String::new, |id| format!(" as {id}"));
            let word = if written.changed { "reposted" } else { "no change: reposted" };
            console.line(&format!("{word}{id}"))
        }
        false if is_forget && written.changed => console
            .line("hidden from everybody; all of it is being removed: see `fanfold forgotten`"),
        false => console.line(&present::written_text(&written)),
    }
}

/// The post that the arguments describe.
pub(crate) fn new_post(publish: Publish) -> Result<Write, Failure> {
    let text = text(&publish.text)?;
    let post = NewPost::new(publish.author, text).kind(publish.kind);
    let post = publish.at.into_iter().fold(post, NewPost::created_at);
    Ok(Write::from(post.audience(publish.audience)).mentions(publish.mention))
}

/// The words, or all of standard input for a single `-`.
pub(crate) fn text(words: &[String]) -> Result<String, Failure> {
    text_of(words, &mut std::io::stdin())
}

/// The words, or all of `input` for a single `-`; one line end at the very end is dropped.
pub(crate) fn text_of(words: &[String], input: &mut dyn Read) -> Result<String, Failure> {
    if words != ["-"] {
        return Ok(words.join(" "));
    }
    let mut text = String::new();
    input
        .take(INPUT_BYTES_MAX)
        .read_to_string(&mut text)
        .map_err(|error| Failure::local("cannot read the text from standard input", &error))?;
    let end = text.strip_suffix('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
    Ok(end.map(str::to_owned).unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(words: &[&str], mut input: &[u8]) -> Result<String, Failure> {
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        text_of(&words, &mut input)
    }

    #[test]
    fn words_are_joined_and_a_dash_reads_the_input() {
        assert_eq!(text(&["a", "b"], b"").unwrap(), "a b");
        assert_eq!(text(&["-"], b"two\nlines\r\n").unwrap(), "two\nlines");
        assert_eq!(text(&["-"], b"two\n\n").unwrap(), "two\n");
        assert_eq!(text(&["-", "x"], b"unread").unwrap(), "- x");
        assert!(text(&["-"], b"\xff").is_err());
    }
}
