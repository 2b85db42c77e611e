//! The commands that show posts in order: home, a group's feed and outbox.
//!
//! A page shows posts newest first in either direction, but all pages above a cursor read upwards,
//! oldest first, so that they need not be collected before they are printed. In JSON nothing but
//! posts is printed: the last id is the cursor of the next page.

use std::pin::Pin;

use fanfold_client::{
    Collapse, Counts, Feed, Original, Page, PageEnd, PageStream, Post, Span, TimelineQuery,
};
use futures_util::StreamExt;

use crate::arguments::Timeline;
use crate::console::Console;
use crate::exit::Failure;
use crate::present::{self, Beside};
use crate::session::Session;

/// Which timeline.
#[derive(Clone, Debug)]
pub(crate) enum Which {
    Home,
    /// The feed of the user's group of that name.
    Group(String),
    Outbox,
}

/// Prints a page, or all pages; from the mark of the feed on if what is unread is wanted.
pub(crate) async fn run(
    session: &mut Session,
    console: &mut Console,
    which: Which,
    mut timeline: Timeline,
    unread: bool,
) -> Result<(), Failure> {
    let client = session.client().await?;
    if unread {
        let feed = match &which {
            Which::Group(name) => Feed::Group(name.clone()),
            Which::Home | Which::Outbox => Feed::Home,
        };
        let marks = client.marks(timeline.user, &feed, session.viewer()).await?;
        timeline.after = Some(marks.mark);
    }
    let query = query(session, &timeline);
    let mut pages: PageStream = match which {
        Which::Home => client.stream_home(query),
        Which::Group(name) => client.group(timeline.user, name).stream_feed(query),
        Which::Outbox => client.stream_outbox(query),
    };
    let mut pages = Pin::new(&mut pages);
    while let Some(page) = pages.next().await {
        let page = page?;
        let upwards = timeline.all && timeline.after.is_some();
        print(session, console, &page, upwards)?;
        if !timeline.all {
            if !session.json()
                && let Some(more) = continuation(query.span, &page)
            {
                console.line(&more)?;
            }
            return Ok(());
        }
    }
    Ok(())
}

fn query(session: &Session, timeline: &Timeline) -> TimelineQuery {
    let span = match (timeline.before, timeline.after) {
        (Some(post), _) => Span::Before(post),
        (None, Some(post)) => Span::After(post),
        (None, None) => Span::Newest,
    };
    let limit = timeline.limit.unwrap_or_default();
    let (user, counts) = (timeline.user, timeline.counts);
    let originals = !timeline.no_originals;
    let (groups, viewer) = (timeline.groups, session.viewer());
    let Timeline { horizon, top, .. } = *timeline;
    let collapse = timeline.collapse.then_some(Collapse { horizon, top });
    TimelineQuery { user, span, limit, viewer, counts, originals, groups, collapse }
}

fn print(
    session: &Session,
    console: &mut Console,
    page: &Page,
    upwards: bool,
) -> Result<(), Failure> {
    let mut places: Vec<usize> = (0..page.posts.len()).collect();
    if upwards {
        places.reverse();
    }
    for place in places {
        let Some(post) = page.posts.get(place) else { continue };
        let (counts, groups) = (page.counts.get(place), page.groups.get(place));
        let groups = groups.map(Vec::as_slice);
        let collapsed = page.collapsed.as_ref();
        let brought_by = collapsed.and_then(|it| Some((it.top, it.brought_by.get(place)?)));
        let beside = Beside { counts, original: original_of(page, post), groups, brought_by };
        match session.json() {
            true => console.json(&present::entry_json(post, beside))?,
            false => console.line(&present::entry_text(post, beside))?,
        }
    }
    Ok(())
}

/// What the post refers to, and what that was responded with.
fn original_of<'a>(page: &'a Page, post: &Post) -> Option<(&'a Original, Option<&'a Counts>)> {
    let root = post.repost?.root;
    let place = page.originals.iter().position(|original| original.id() == root)?;
    Some((page.originals.get(place)?, page.original_counts.get(place)))
}

/// How to ask for the next page in the same direction, if there is one.
fn continuation(span: Span, page: &Page) -> Option<String> {
    if page.end == PageEnd::End {
        return None;
    }
    let top = page.collapsed.as_ref().map(|collapsed| format!(" --top {}", collapsed.top));
    let top = top.unwrap_or_default();
    Some(match span {
        Span::Newest | Span::Before(_) => format!("more: --before {}{top}", page.posts.last()?.id),
        Span::After(_) => format!("more: --after {}{top}", page.posts.first()?.id),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use fanfold_client::{Collapsed, Position, PostId, Timestamp, UserId};

    fn page(ids: &[u64], end: PageEnd) -> Page {
        let post = |&id: &u64| Post {
            id: PostId(id),
            author: UserId(1),
            at: Timestamp(0),
            committed_at: Timestamp(0),
            kind: 0,
            text: String::new(),
            meta: Vec::new(),
            repost: None,
            mentions: Vec::new(),
            revision: 0,
            edited_at: None,
            hidden: false,
            suspended: false,
            audience: fanfold_client::Audience::Everybody,
        };
        let posts = ids.iter().map(post).collect();
        Page {
            position: Position::default(),
            end,
            posts,
            counts: Vec::new(),
            originals: Vec::new(),
            original_counts: Vec::new(),
            groups: Vec::new(),
            collapsed: None,
        }
    }

    #[test]
    fn a_page_says_how_to_go_on_in_its_direction() {
        let full = page(&[9, 7], PageEnd::More);
        assert_eq!(continuation(Span::Newest, &full).as_deref(), Some("more: --before 7"));
        let collapsed = Some(Collapsed { top: PostId(12), brought_by: Vec::new() });
        let collapsed = Page { collapsed, ..full.clone() };
        let more = continuation(Span::Newest, &collapsed);
        assert_eq!(more.as_deref(), Some("more: --before 7 --top 12"));
        let up = Span::After(PostId(3));
        assert_eq!(continuation(up, &full).as_deref(), Some("more: --after 9"));
        assert_eq!(continuation(Span::Newest, &page(&[9], PageEnd::End)), None);
        assert_eq!(continuation(Span::Newest, &page(&[], PageEnd::Bytes)), None);
    }
}
