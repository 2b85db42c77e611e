//! `MARKS`: one line a device, and one with the mark of the feed. `UNREAD`: one line.

use fanfold_engine::{DeviceMark, Feed, Marks, MarksQuery, Unread, UnreadQuery};

use super::answer::line;
use crate::text::{count, escape};

pub(super) fn marks(query: &MarksQuery, found: &Marks) -> String {
    let mut out = String::new();
    for DeviceMark { device, post } in &found.devices {
        line(&mut out, format_args!("device {device}  post {post}"));
    }
    let devices = count(found.devices.len(), "device", "devices");
    let (user, feed) = (query.user, shown(&query.feed));
    let (mark, position) = (found.mark, found.position);
    line(
        &mut out,
        format_args!("({devices}, mark {mark} of user {user}{feed}, end) at {position}"),
    );
    out
}

pub(super) fn unread(query: &UnreadQuery, found: &Unread) -> String {
    let more = if found.is_more { "+" } else { "" };
    let oldest = found.oldest.map_or_else(String::new, |post| format!(", oldest {post}"));
    let above = match query.since {
        Some(since) => format!("since {since}"),
        None => format!("above mark {}", found.mark),
    };
    let (user, feed, position) = (query.user, shown(&query.feed), found.position);
    let number = found.count;
    format!("user {user}{feed}: {number}{more} unread {above}{oldest} at {position}\n")
}

fn shown(feed: &Feed) -> String {
    match feed {
        Feed::Home => String::new(),
        Feed::Group(name) => format!(" GROUP {}", escape(name.as_str().as_bytes())),
    }
}
