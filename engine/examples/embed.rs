//! Fanfold inside an application, without a daemon: open, write, read, close.
//!
//! `cargo run -p fanfold-engine --example embed [DIRECTORY]`

use fanfold_engine::{Command, Engine, Options, Result, Span, TimelineQuery, UserId};

fn main() -> Result<()> {
    let directory = std::env::args().nth(1).unwrap_or_else(|| "./fanfold-embedded".to_owned());
    let engine = Engine::open(&directory, Options::default())?;
    let (ann, ben, cleo) = (UserId(1), UserId(2), UserId(3));

    // Submitted together, these share a sync; each ticket is answered when its write is durable.
    let tickets = [
        engine.submit(Command::follow(ann, ben))?,
        engine.submit(Command::follow(ann, cleo))?,
        engine.submit(Command::publish(ben, "the kettle is on"))?,
        engine.submit(Command::publish(cleo, "on my way"))?,
    ];
    for ticket in tickets {
        ticket.wait()?;
    }

    // Page through everything, two posts at a time. A cursor is just the last post's id.
    let mut span = Span::Newest;
    loop {
        let page = engine.home(&TimelineQuery { user: ann, viewer: None, span, limit: 2 })?;
        for post in &page.posts {
            show(post.author, &post.text);
        }
        match page.posts.last() {
            Some(oldest) => span = Span::Before(oldest.id),
            None => break,
        }
    }
    engine.close()
}

#[expect(clippy::print_stdout, reason = "an example shows something")]
fn show(author: UserId, text: &[u8]) {
    println!("user {author}: {}", String::from_utf8_lossy(text));
}
