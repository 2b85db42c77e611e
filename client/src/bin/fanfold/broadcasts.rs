//! `broadcast`: live sessions. Schedule, reschedule, start, end, cancel, show, feed.

use fanfold_client::{
    Broadcast, BroadcastFeed, BroadcastState, BroadcastsQuery, Sequence, Write, Written,
};
use serde_json::{Value, json};

use crate::arguments::{BroadcastCommand, BroadcastEnd, BroadcastFeedOf, BroadcastStart};
use crate::console::Console;
use crate::exit::Failure;
use crate::present::hex;
use crate::safe::safe;
use crate::session::Session;
use crate::time;
use crate::writes;

/// Runs one command about broadcasts.
pub(crate) async fn run(
    session: &mut Session,
    console: &mut Console,
    command: BroadcastCommand,
) -> Result<(), Failure> {
    match command {
        BroadcastCommand::Schedule { author, text, at, kind } => {
            let write = Write::broadcast_schedule(author, at, text.join(" "));
            begin(session, console, write.broadcast_extras(kind, [])).await
        }
        BroadcastCommand::Reschedule { broadcast, at } => {
            writes::run(session, console, Write::broadcast_reschedule(broadcast, at)).await
        }
        BroadcastCommand::Start(BroadcastStart { by: Some(author), text, kind, .. }) => {
            let write = Write::broadcast_start_new(author, text.unwrap_or_default());
            begin(session, console, write.broadcast_extras(kind, [])).await
        }
        BroadcastCommand::Start(BroadcastStart { broadcast, .. }) => {
            let broadcast = broadcast.unwrap_or(Sequence(0));
            writes::run(session, console, Write::broadcast_start(broadcast)).await
        }
        BroadcastCommand::End(end) => writes::run(session, console, end_of(end)).await,
        BroadcastCommand::Cancel { broadcast } => {
            writes::run(session, console, Write::broadcast_cancel(broadcast)).await
        }
        BroadcastCommand::Show { broadcast } => show(session, console, broadcast).await,
        BroadcastCommand::Feed(of) => feed(session, console, of).await,
    }
}

fn end_of(end: BroadcastEnd) -> Write {
    let BroadcastEnd { broadcast, text, kind, meta } = end;
    let write = Write::broadcast_end(broadcast);
    let write = text.into_iter().fold(write, Write::replay_text);
    let write = kind.into_iter().fold(write, Write::replay_kind);
    meta.into_iter().fold(write, Write::replay_meta)
}

/// A write that begins a broadcast: what came of it names the broadcast.
async fn begin(session: &mut Session, console: &mut Console, write: Write) -> Result<(), Failure> {
    let client = session.client().await?;
    let written = client.write(session.sign(write)).await?;
    match session.json() {
        true => console.json(&begun_json(&written)),
        false => console.line(&format!("broadcast {}", written.position.sequence)),
    }
}

fn begun_json(written: &Written) -> Value {
    let (epoch, sequence) = (written.position.epoch.0, written.position.sequence.0);
    let changed = written.changed;
    json!({ "changed": changed, "broadcast": sequence, "epoch": epoch, "sequence": sequence })
}

async fn show(
    session: &mut Session,
    console: &mut Console,
    broadcast: Sequence,
) -> Result<(), Failure> {
    let viewer = session.viewer();
    let shown = session.client().await?.broadcast(broadcast, viewer).await?;
    print(session, console, &shown)
}

fn print(session: &Session, console: &mut Console, shown: &Broadcast) -> Result<(), Failure> {
    match session.json() {
        true => console.json(&broadcast_json(shown)),
        false => console.line(&broadcast_text(shown)),
    }
}

/// Prints a page, or all pages of one session.
async fn feed(
    session: &mut Session,
    console: &mut Console,
    of: BroadcastFeedOf,
) -> Result<(), Failure> {
    let mut query = first_query(&of).viewer(session.viewer());
    loop {
        let page = session.client().await?.broadcasts(query).await?;
        for shown in &page.broadcasts {
            print(session, console, shown)?;
        }
        match query.behind(&page) {
            Some(next) if of.all => query = next,
            next => return print_rest(session, console, &page, next.is_some()),
        }
    }
}

fn first_query(of: &BroadcastFeedOf) -> BroadcastsQuery {
    let query = BroadcastsQuery::of(of.user).limit(of.limit.unwrap_or_default());
    match (of.session, of.device) {
        (Some(session), _) => query.next(session, of.after),
        (None, Some(device)) => query.device(device),
        (None, None) => query,
    }
}

/// Says how to go on.
fn print_rest(
    session: &Session,
    console: &mut Console,
    page: &BroadcastFeed,
    has_more: bool,
) -> Result<(), Failure> {
    let after = page.broadcasts.last().filter(|_| has_more).map(Broadcast::cursor);
    if session.json() {
        let (epoch, sequence) = (page.position.epoch.0, page.position.sequence.0);
        return console.json(&json!({
            "session": page.session, "after": after, "frozen": page.frozen.0,
            "epoch": epoch, "sequence": sequence,
        }));
    }
    match after {
        Some(after) => console.line(&format!("(more: --session {} --after {after})", page.session)),
        None => Ok(()),
    }
}

fn state_name(state: BroadcastState) -> &'static str {
    match state {
        BroadcastState::Scheduled => "scheduled",
        BroadcastState::Live => "live",
        BroadcastState::Replay { .. } => "replay",
    }
}

fn broadcast_json(shown: &Broadcast) -> Value {
    let mut json = json!({
        "broadcast": shown.id.0,
        "state": state_name(shown.state),
        "author": shown.author.0,
        "start": shown.start.0,
        "kind": shown.kind,
        "text": shown.text,
        "meta": hex(&shown.meta),
    });
    if let (BroadcastState::Replay { post, ended }, Some(object)) =
        (shown.state, json.as_object_mut())
    {
        object.insert("post".to_owned(), post.0.into());
        object.insert("ended".to_owned(), ended.0.into());
    }
    json
}

/// `live  2013-06-01 00:49  @14  #17  text`
fn broadcast_text(shown: &Broadcast) -> String {
    let (state, start) = (state_name(shown.state), time::minute(shown.start));
    let post = match shown.state {
        BroadcastState::Replay { post, .. } => format!("  post #{post}"),
        BroadcastState::Scheduled | BroadcastState::Live => String::new(),
    };
    let text = match shown.text.is_empty() {
        true => "(no text)".to_owned(),
        false => safe(&shown.text).replace('\n', "\n    "),
    };
    format!("{state}  {start}  @{}  #{}{post}  {text}", shown.author, shown.id)
}

/// What a change stream tells of a broadcast, behind who did what.
pub(crate) fn change_text(broadcast: Sequence, content: Option<&(String, Vec<u8>)>) -> String {
    let text = content
        .map_or_else(String::new, |(text, _)| format!("  {}", safe(text).replace('\n', "\n    ")));
    format!("#{broadcast}{text}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use fanfold_client::{PostId, Timestamp, UserId};

    fn shown(state: BroadcastState) -> Broadcast {
        Broadcast {
            id: Sequence(17),
            state,
            author: UserId(14),
            start: Timestamp(1_370_047_740_000),
            kind: 3,
            text: "a show".to_owned(),
            meta: vec![255],
        }
    }

    #[test]
    fn a_broadcast_is_a_line_or_an_object() {
        let live = broadcast_text(&shown(BroadcastState::Live));
        assert_eq!(live, "live  2013-06-01 00:49  @14  #17  a show");
        let (post, ended) = (PostId(20), Timestamp(5));
        let replay = shown(BroadcastState::Replay { post, ended });
        let line = "replay  2013-06-01 00:49  @14  #17  post #20  a show";
        assert_eq!(broadcast_text(&replay), line);
        let json = broadcast_json(&replay);
        assert_eq!((json.get("post"), json.get("meta")), (Some(&json!(20)), Some(&json!("ff"))));
    }
}
