//! `BROADCAST`: a feed of broadcasts, one line each, and one broadcast.

use fanfold_engine::{
    Broadcast, BroadcastCard, BroadcastFeed, BroadcastState, BroadcastsQuery, PageEnd,
};

use super::answer::line;
use crate::text::{count, escape, time};

pub(super) fn feed(query: &BroadcastsQuery, feed: &BroadcastFeed) -> String {
    let mut out = String::new();
    for broadcast in &feed.broadcasts {
        line(&mut out, format_args!("{}", summary(broadcast)));
    }
    let entries = count(feed.broadcasts.len(), "entry", "entries");
    let more = match feed.broadcasts.last().filter(|_| feed.end != PageEnd::End) {
        None => "end".to_owned(),
        Some(last) => {
            let (user, limit, session) = (query.user, query.limit, feed.session.0);
            format!("more: BROADCAST FEED {user} {limit} SESSION {session} AFTER {}", last.cursor())
        }
    };
    line(&mut out, format_args!("({entries}, {more}) at {}", feed.position));
    out
}

pub(super) fn one(card: &BroadcastCard) -> String {
    let mut out = String::new();
    line(&mut out, format_args!("{}", summary(&card.broadcast)));
    let Broadcast { kind, meta, .. } = &card.broadcast;
    let details = format!("(kind {kind}, meta of {} bytes)", meta.len());
    line(&mut out, format_args!("{details} at {}", card.position));
    out
}

fn summary(broadcast: &Broadcast) -> String {
    let state = match broadcast.state {
        BroadcastState::Scheduled => "scheduled for",
        BroadcastState::Live => "live since",
        BroadcastState::Replay => "replay of",
    };
    let post = broadcast.replay.map_or_else(String::new, |post| format!("  post {post}"));
    let (id, start, author) = (broadcast.id, time(broadcast.start), broadcast.author);
    format!("{id}  {state} {start}  user {author}{post}  {}", escape(&broadcast.text))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use fanfold_engine::{
        BroadcastId, BroadcastsPage, Position, PostId, Sequence, SessionId, Timestamp, UserId,
    };

    use super::*;

    #[test]
    fn a_feed_says_how_to_go_on() {
        let position = Position { epoch: 1, sequence: Sequence(12) };
        let broadcast = |id, state, replay| Broadcast {
            id: BroadcastId(id),
            state,
            author: UserId(14),
            start: Timestamp(1_370_050_955_000),
            replay,
            ended: None,
            kind: 0,
            text: Bytes::from_static(b"a\nb"),
            meta: Bytes::new(),
        };
        let live = broadcast(9, BroadcastState::Live, None);
        let replay = broadcast(4, BroadcastState::Replay, Some(PostId(8)));
        let page = BroadcastsPage::First { device: None };
        let query = BroadcastsQuery { user: UserId(7), viewer: None, page, limit: 2 };
        let (broadcasts, end) = (vec![live, replay], PageEnd::More);
        let session = SessionId(77);
        let found = BroadcastFeed { position, frozen: position, session, broadcasts, end };
        let expected = "9  live since 2013-06-01 01:42:35  user 14  a\\nb\n\
             4  replay of 2013-06-01 01:42:35  user 14  post 8  a\\nb\n\
             (2 entries, more: BROADCAST FEED 7 2 SESSION 77 AFTER 8) at 1:12\n";
        assert_eq!(feed(&query, &found), expected);
    }
}
