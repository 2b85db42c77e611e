//! What concerns a user.
//!
//! The user's window (see [`views::notices`](crate::views::notices)) is at most a thousand places. Their
//! records are fetched, then all of them are judged at one position: does it still hold, and may the user
//! see who did it. If something new concerns the user meanwhile, it is fetched too, and all are judged again.
//!
//! A follow that ended and began anew stands where it first stood, while that place is in the window: whoever
//! follows again and again is no news.

use foldhash::HashMap;

use crate::error::{Error, ErrorKind, Result};
use crate::ids::{Sequence, UserId};
use crate::limits::{LIMIT_MAX, NOTICES_MAX};
use crate::log::record::Effect;
use crate::log::response_effect::{ResponseAct, ResponseEffect};
use crate::notice::{NoticeKind, NoticesPage, NoticesQuery};
use crate::query::PageEnd;
use crate::read::content::Reach;
use crate::read::followees::InFiles;
use crate::read::judge::{Feed, Judge};
use crate::read::notice_groups::{About, Notice, about, grouped};
use crate::read::stands::Stands;
use crate::read::targets::{self, Standing, Target};
use crate::read::ties::Ties;
use crate::read::visibility::Viewer;
use crate::shared::Shared;
use crate::views::graph::EDGE_WIDTH;
use crate::views::notices::window;
use crate::views::state::State;
use crate::views::users::Ordinal;

/// A record that concerns the user.
#[derive(Clone, Debug)]
struct Deed {
    notice: Notice,
    /// Its record.
    at: Sequence,
    proof: Proof,
}

/// What must stand for it to hold.
#[derive(Clone, Debug)]
enum Proof {
    Post,
    Comment(Target),
    Reaction { target: Target, kind: u8 },
    Follow,
    Request,
}

/// Whether it holds, or where that is written.
enum Verdict {
    Known(bool),
    Post(Stands),
    Comment(Standing),
    Follow(Stands<EDGE_WIDTH>),
}

/// A page of notices. Within memory: `None` if that is not enough.
pub(crate) fn notices(
    shared: &Shared,
    query: &NoticesQuery,
    reach: Reach,
) -> Result<Option<NoticesPage>> {
    check(query)?;
    let mut known: HashMap<Sequence, Option<Deed>> = HashMap::default();
    let mut ties = Ties::new(shared);
    loop {
        let (owner, (newest, floor), excerpt) = {
            let state = shared.state()?;
            let Some(owner) = state.find(query.user) else {
                return Ok(Some(empty(&state, Sequence(0))));
            };
            let notices = &state.notices;
            (owner, (notices.newest(owner), notices.floor(owner)), notices.excerpt(owner))
        };
        if reach == Reach::Memory && excerpt.hot.len() < NOTICES_MAX && !excerpt.files.is_empty() {
            return Ok(None);
        }
        let places = window(&excerpt, floor)?;
        if !fetch(shared, query.user, &places, &mut known, reach)? {
            return Ok(None);
        }
        drop_bygone(shared, &mut known)?;
        let deeds = deeds(&places, &known);
        let judged = {
            let state = shared.state()?;
            if state.notices.newest(owner) != newest {
                continue;
            }
            let read_up_to = state.notices.mark(owner).up_to;
            let judged = judge((&state, &mut ties), owner, &deeds, reach)?;
            judged.map(|judged| (judged, empty(&state, read_up_to)))
        };
        let (judged, mut page) = match judged {
            Ok(judged) => judged,
            Err(_) if reach == Reach::Memory => return Ok(None),
            Err(missing) => {
                ties.read(missing)?;
                continue;
            }
        };
        let mut held = Vec::with_capacity(judged.len());
        for (deed, verdict) in deeds.iter().zip(judged) {
            if reach == Reach::Memory && verdict.is_in_files() {
                return Ok(None);
            }
            if verdict.resolve()? {
                held.push(deed.notice);
            }
        }
        fill(&mut page, query, &held);
        return Ok(Some(page));
    }
}

fn check(query: &NoticesQuery) -> Result<()> {
    let NoticesQuery { user, viewer, limit, .. } = query;
    if let Some(viewer) = viewer.filter(|viewer| viewer != user) {
        let what = format!("user {viewer} cannot read the notices of user {user}");
        return Err(Error::new(ErrorKind::Denied, what));
    }
    if LIMIT_MAX < *limit {
        return Err(Error::invalid(format!(
            "limit {limit} is out of range; ask for 0 to {LIMIT_MAX} groups of notices"
        )));
    }
    Ok(())
}

/// A page without groups.
fn empty(state: &State, read_up_to: Sequence) -> NoticesPage {
    let (groups, unread, end) = (Vec::new(), 0, PageEnd::End);
    NoticesPage { position: state.position, groups, unread, read_up_to, end }
}

/// Cuts the page out of all that holds, newest first.
fn fill(page: &mut NoticesPage, query: &NoticesQuery, held: &[Notice]) {
    let mut groups = grouped(held, page.read_up_to);
    let unread = groups.iter().filter(|group| group.is_unread).count();
    page.unread = u32::try_from(unread).unwrap_or(u32::MAX);
    groups.retain(|group| query.before.is_none_or(|before| group.newest < before));
    if query.limit < groups.len() {
        page.end = PageEnd::More;
        groups.truncate(query.limit);
    }
    page.groups = groups;
}

/// Reads the records of `places` that are not known yet. False if one is out of reach.
fn fetch(
    shared: &Shared,
    user: UserId,
    places: &[Sequence],
    known: &mut HashMap<Sequence, Option<Deed>>,
    reach: Reach,
) -> Result<bool> {
    let segments = shared.log.segments();
    for at in places.iter().filter(|at| !known.contains_key(at)).copied().collect::<Vec<_>>() {
        let Some(effect) = targets::effect(&segments, at.into(), reach)? else {
            return Ok(false);
        };
        known.insert(at, effect.and_then(|effect| deed(&effect, at, user)));
    }
    Ok(true)
}

/// What a record tells the user; `None` if only the place is left of it.
fn deed(effect: &Effect, at: Sequence, user: UserId) -> Option<Deed> {
    let about: About = about(effect, at, user)?;
    let proof = match effect {
        Effect::Publish(_) | Effect::Emptied(_) => Proof::Post,
        Effect::Response(response) => match response.act {
            ResponseAct::React { kind } => Proof::Reaction { target: Target::of(response), kind },
            _ => {
                let ResponseEffect { user: author, post, owner, .. } = *response;
                Proof::Comment(Target { id: at.into(), author, post, owner })
            }
        },
        Effect::Request(_) => Proof::Request,
        _ => Proof::Follow,
    };
    let actor = match effect {
        // Each of the two is told of the other.
        Effect::Befriend(befriend) if befriend.user == user => befriend.other,
        other => other.subject(),
    };
    let notice = Notice { place: at, actor, about };
    Some(Deed { notice, at, proof })
}

/// The deeds of a window, newest place first. Of the follows of one user the newest counts, at the place of
/// the oldest; so of requests.
fn deeds(places: &[Sequence], known: &HashMap<Sequence, Option<Deed>>) -> Vec<Deed> {
    let mut deeds: Vec<Deed> = Vec::with_capacity(places.len());
    let mut edges: HashMap<(NoticeKind, UserId), usize> = HashMap::default();
    for deed in places.iter().filter_map(|at| known.get(at)?.as_ref()) {
        let kind = deed.notice.about.kind;
        if matches!(kind, NoticeKind::Follow | NoticeKind::Request) {
            let edge = (kind, deed.notice.actor);
            let newest = edges.get(&edge).and_then(|index| deeds.get_mut(*index));
            if let Some(newest) = newest {
                newest.notice.place = deed.notice.place;
                continue;
            }
            edges.insert(edge, deeds.len());
        }
        deeds.push(deed.clone());
    }
    deeds.sort_unstable_by_key(|deed| std::cmp::Reverse(deed.notice.place));
    deeds
}

/// What somebody did before they were forgotten is nobody's deed, whoever has their id now.
fn drop_bygone(shared: &Shared, known: &mut HashMap<Sequence, Option<Deed>>) -> Result<()> {
    let state = shared.state()?;
    if state.forgotten.was_used() {
        let is_bygone = |deed: &mut Deed| state.is_bygone(deed.notice.actor, deed.at);
        known.values_mut().for_each(|deed| {
            let _bygone = deed.take_if(is_bygone);
        });
    }
    Ok(())
}

/// The verdicts, or what is to be read first of who follows whom.
type Judged = std::result::Result<Vec<Verdict>, Vec<InFiles>>;

/// Judges all of them at one position.
fn judge(
    (state, ties): (&State, &mut Ties<'_>),
    owner: Ordinal,
    deeds: &[Deed],
    reach: Reach,
) -> Result<Judged> {
    loop {
        ties.begin();
        let judge = Judge::of_reader((state, ties), Feed::Group, owner);
        let verdict = |deed| verdict(state, judge, owner, deed);
        let verdicts = deeds.iter().map(verdict).collect::<Result<Vec<_>>>()?;
        if ties.is_complete() {
            return Ok(Ok(verdicts));
        }
        if reach == Reach::Memory || !ties.is_stubborn() {
            return Ok(Err(ties.missing(state)));
        }
        ties.read_now(state)?;
    }
}

fn verdict(state: &State, judge: Judge<'_>, owner: Ordinal, deed: &Deed) -> Result<Verdict> {
    let Some(actor) = state.find(deed.notice.actor) else {
        return Ok(Verdict::Known(false));
    };
    let graph = &state.graph;
    let viewer = Viewer::of_user(state, owner);
    if graph.mutes.contains(owner, actor) || viewer.is_hidden(actor) {
        return Ok(Verdict::Known(false));
    }
    // What is on a post that the user cannot see is no news either.
    let hides = |target: &Target| {
        let host = state.find(target.owner);
        let post = target.post.into();
        host.is_none_or(|host| viewer.is_hidden(host) || !judge.admits(post, host))
            || viewer.misses_chain(target.post)
            || state.reposts.is_orphan(post)
    };
    Ok(match &deed.proof {
        Proof::Comment(target) | Proof::Reaction { target, .. } if hides(target) => {
            Verdict::Known(false)
        }
        // What the user does not see is no news either.
        Proof::Post if !judge.sees(deed.at, Some(actor)) => Verdict::Known(false),
        Proof::Post => Verdict::Post(Stands::of(&state.outboxes.posts, actor, deed.at)?),
        Proof::Comment(target) => Verdict::Comment(targets::standing(state, target)?),
        Proof::Reaction { target, kind } => {
            let since = state.responses.reacted_since(target.id, *kind, actor);
            Verdict::Known(since == Some(deed.at))
        }
        Proof::Request => Verdict::Known(state.requests.asked_since(actor, owner) == Some(deed.at)),
        Proof::Follow => Verdict::Follow(Stands::of(&graph.followers, owner, deed.at)?),
    })
}

impl Verdict {
    fn is_in_files(&self) -> bool {
        match self {
            Self::Known(_) => false,
            Self::Post(stands) => stands.is_in_files(),
            Self::Comment(standing) => standing.is_in_files(),
            Self::Follow(stands) => stands.is_in_files(),
        }
    }

    fn resolve(&self) -> Result<bool> {
        match self {
            Self::Known(holds) => Ok(*holds),
            Self::Post(stands) => stands.resolve(),
            Self::Comment(standing) => standing.resolve(),
            Self::Follow(stands) => stands.resolve(),
        }
    }
}
