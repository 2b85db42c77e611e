//! Long-polls: a request that is held until a home has something newer, or its time is over.
//!
//! The watch begins before the home is read, so nothing comes in between unnoticed. What the watch
//! says is only that something happened; the answer is a page, read then.

use std::fmt::Write;
use std::future::{Future, poll_fn};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use fanfold_engine::{
    Audience, Engine, Error, LIMIT_MAX, Page, Position, Post, PostId, Repost, Span, TimelineQuery,
    UserId, Watch, WatchQuery,
};
use serde::Serialize;

use crate::notices;
use crate::service::Service;

/// What to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WaitQuery {
    pub(crate) user: UserId,
    /// Entries above this id; absent for those that come from now on.
    pub(crate) after: Option<PostId>,
    pub(crate) patience: Duration,
}

/// The answer, as JSON.
#[derive(Debug, Serialize)]
pub(crate) struct Waited {
    entries: Vec<Entry>,
    /// What to wait for next: entries above this id.
    next: u64,
    position: String,
}

/// A post as the command-line tool prints it.
#[derive(Debug, Serialize)]
struct Entry {
    id: u64,
    author: u64,
    at: u64,
    text: String,
    #[serde(skip_serializing_if = "is_zero")]
    kind: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    committed_at: Option<u64>,
    /// In hexadecimal.
    #[serde(skip_serializing_if = "String::is_empty")]
    meta: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    mentions: Vec<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repost: Option<Link>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    edited_at: Option<u64>,
    /// Absent of a post for everybody.
    #[serde(skip_serializing_if = "Option::is_none")]
    audience: Option<&'static str>,
    /// The name of the group that it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<String>,
}

/// What a repost refers to.
#[derive(Debug, Serialize)]
struct Link {
    parent: u64,
    root: u64,
    root_author: u64,
}

/// Counts a held request for as long as it lives.
struct Held<'a>(&'a AtomicU64);

impl<'a> Held<'a> {
    fn new(count: &'a AtomicU64) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The newer entries once there are some; none when the time is over, or `ending` resolves.
pub(crate) async fn wait(
    service: &Service,
    query: WaitQuery,
    ending: impl Future<Output = ()>,
) -> Result<Waited, Error> {
    let _held = Held::new(&service.counters.waits);
    let begin = move |engine: &Engine| begin(engine, query);
    let (mut watch, timeline, mut page) =
        service.lane.run(service.engine.clone(), begin).await.flatten()?;
    let mut over = std::pin::pin!(async {
        tokio::select! {
            () = tokio::time::sleep(query.patience) => {}
            () = ending => {}
        }
    });
    while page.posts.is_empty() {
        tokio::select! {
            () = poll_fn(|context| watch.poll_ready(context)) => {}
            () = &mut over => break,
        }
        (watch, page) = read(service, watch, timeline).await?;
    }
    Ok(Waited::of(&timeline, page))
}

fn begin(engine: &Engine, query: WaitQuery) -> Result<(Watch, TimelineQuery, Page), Error> {
    let user = query.user;
    let mut watch =
        engine.watch(&WatchQuery { user, viewer: None, after: None, presence: false })?;
    let after = query.after.unwrap_or_else(|| watch.position().sequence.into());
    let timeline = TimelineQuery { user, viewer: None, span: Span::After(after), limit: LIMIT_MAX };
    Ok((watch, timeline, engine.home(&timeline)?))
}

/// Something happened: reads the page again.
async fn read(
    service: &Service,
    mut watch: Watch,
    timeline: TimelineQuery,
) -> Result<(Watch, Page), Error> {
    if !watch.is_behind() {
        watch.forget()?;
        if let Some(page) = service.engine.resident().home(&timeline)? {
            return Ok((watch, page));
        }
    }
    let read = move |engine: &Engine| {
        watch.forget()?;
        Ok((watch, engine.home(&timeline)?))
    };
    service.lane.run(service.engine.clone(), read).await.flatten()
}

impl Waited {
    fn of(timeline: &TimelineQuery, page: Page) -> Self {
        let Page { position, posts, .. } = page;
        let Span::After(after) = timeline.span else { return Self::nothing(position, 0) };
        let next = posts.first().map_or(after.0, |newest| newest.id.0);
        Self {
            entries: posts.into_iter().map(Entry::of).collect(),
            ..Self::nothing(position, next)
        }
    }

    fn nothing(position: Position, next: u64) -> Self {
        Self { entries: Vec::new(), next, position: position.to_string() }
    }

    /// One line.
    pub(crate) fn json(&self) -> String {
        let text = serde_json::to_string(self).expect("numbers and strings are always JSON");
        format!("{text}\n")
    }
}

impl Entry {
    fn of(post: Post) -> Self {
        let meta = post.meta.iter().fold(String::new(), |mut out, byte| {
            let _infallible = write!(out, "{byte:02x}");
            out
        });
        let link = |link: Repost| {
            let (parent, root, root_author) = (link.parent.0, link.root.0, link.root_author.0);
            Link { parent, root, root_author }
        };
        let (audience, group) = match &post.audience {
            Audience::Everybody => (None, None),
            Audience::Followers => (Some("followers"), None),
            Audience::Mutual => (Some("mutual"), None),
            Audience::Author => (Some("self"), None),
            Audience::Group(group) => (Some("group"), Some(group.name.as_str().to_owned())),
        };
        Self {
            id: post.id.0,
            author: post.author.0,
            at: post.at.0,
            text: String::from_utf8_lossy(&post.text).into_owned(),
            kind: post.kind,
            committed_at: (post.committed_at != post.at).then_some(post.committed_at.0),
            meta,
            mentions: notices::users(post.mentions.borrow()),
            repost: post.repost.map(link),
            audience,
            group,
            revision: post.edited_at.map(|_| post.revision),
            edited_at: post.edited_at.map(|at| at.0),
        }
    }
}

/// By reference, because serde asks for one.
fn is_zero(kind: &u16) -> bool {
    *kind == 0
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use fanfold_engine::{Circle, GroupName, PageEnd, Sequence, Timestamp};

    use super::*;

    #[test]
    fn the_answer_names_the_next_cursor() {
        let user = UserId(7);
        let timeline =
            TimelineQuery { user, viewer: None, span: Span::After(PostId(3)), limit: LIMIT_MAX };
        let position = Position { epoch: 1, sequence: Sequence(12) };
        let post = Post {
            id: PostId(9),
            author: UserId(14),
            at: Timestamp(5),
            committed_at: Timestamp(6),
            kind: 0,
            text: Bytes::from_static(b"a\"b"),
            meta: Bytes::from_static(&[0, 255]),
            repost: Some(Repost {
                parent: PostId(4),
                parent_author: UserId(15),
                root: PostId(2),
                root_author: UserId(16),
                root_at: Timestamp(1),
                root_circle: Circle::default(),
            }),
            mentions: [UserId(3)].into_iter().collect(),
            audience: Audience::group(GroupName::new("close")),
            ..Post::default()
        };
        let mut page = Page { position, posts: vec![post], end: PageEnd::End };
        let json = r#"{"entries":[{"id":9,"author":14,"at":5,"text":"a\"b","committed_at":6,"meta":"00ff","mentions":[3],"repost":{"parent":4,"root":2,"root_author":16},"audience":"group","group":"close"}],"next":9,"position":"1:12"}"#;
        assert_eq!(Waited::of(&timeline, page.clone()).json(), format!("{json}\n"));
        page.posts.clear();
        let json = r#"{"entries":[],"next":3,"position":"1:12"}"#;
        assert_eq!(Waited::of(&timeline, page).json(), format!("{json}\n"));
    }
}
