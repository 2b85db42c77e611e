//! What concerns a user.
//!
//! The user's window (see [`views::notices`](crate::views::notices)) is at most a thousand places. Their
//! records are fetched, then all of them are judged at one position: does it still hold, and may the user
//! see who did it. If something new concerns the user meanwhile, it is fetched too, and all are judged again; after
//! some such looks what is new is fetched while the state is held.
//!
//! A follow that ended and began anew stands where it first stood, while that place is in the window: whoever
//! follows again and again is no news.

use std::sync::RwLockReadGuard;

use foldhash::HashMap;

use crate::error::{Error, ErrorKind, Result};
use crate::ids::{Sequence, UserId};
use crate::limits::{LIMIT_MAX, NOTICES_MAX};
use crate::log::record::Effect;
use crate::log::response_effect::{ResponseAct, ResponseEffect};
use crate::notice::{NoticeKind, NoticesPage, NoticesQuery};
use crate::query::PageEnd;
use crate::read::asked::STALE_MAX;
use crate::read::content::Reach;
use crate::read::followees::InFiles;
use crate::read::judge::{Feed, Judge};
use crate::read::notice_groups::{About, Notice, about, grouped};
use crate::read::sight::sees;
use crate::read::stands::Stands;
use crate::read::targets::{self, Standing, Target};
use crate::read::ties::Ties;
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

/// One read of a user's notices; see the module.
struct Reading<'a> {
    shared: &'a Shared,
    query: &'a NoticesQuery,
    reach: Reach,
    /// Records that were fetched.
    known: HashMap<Sequence, Option<Deed>>,
    ties: Ties<'a>,
    /// How often something new came while records were fetched.
    stale: u32,
}

/// A window all of whose records are known.
struct Gathered<'a> {
    /// Whose it is; nobody, if nobody has written about them.
    owner: Option<Ordinal>,
    newest: Sequence,
    places: Vec<Sequence>,
    /// The state that it is of, if nothing new may come any more.
    held: Option<RwLockReadGuard<'a, State>>,
}

/// How a look at the notices ends.
enum Look {
    Page(NoticesPage),
    /// Something changed, or was missing and is known now.
    Again,
    OutOfReach,
}

/// A page of notices. Within memory: `None` if that is not enough.
pub(crate) fn notices(
    shared: &Shared,
    query: &NoticesQuery,
    reach: Reach,
) -> Result<Option<NoticesPage>> {
    check(query)?;
    let mut reading = Reading::new(shared, query, reach);
    loop {
        let Some(gathered) = reading.gather()? else { return Ok(None) };
        match reading.judge(gathered)? {
            Look::Page(page) => return Ok(Some(page)),
            Look::OutOfReach => return Ok(None),
            Look::Again => {}
        }
    }
}

impl<'a> Reading<'a> {
    fn new(shared: &'a Shared, query: &'a NoticesQuery, reach: Reach) -> Self {
        let (known, ties) = (HashMap::default(), Ties::new(shared));
        Self { shared, query, reach, known, ties, stale: 0 }
    }

    /// Fetches the records of the user's window. `None` if one is out of reach.
    fn gather(&mut self) -> Result<Option<Gathered<'a>>> {
        let state = self.shared.state()?;
        let owner = state.find(self.query.user);
        let notices = &state.notices;
        let window = owner.map(|owner| (notices.floor(owner), notices.excerpt(owner)));
        let newest = owner.map_or(Sequence(0), |owner| notices.newest(owner));
        // Whoever writes on and on has the reader wait, and then waits for the reader.
        let held = (STALE_MAX <= self.stale).then_some(state);
        let mut gathered = Gathered { owner, newest, places: Vec::new(), held };
        let Some((floor, excerpt)) = window else { return Ok(Some(gathered)) };
        let is_in_files = excerpt.hot.len() < NOTICES_MAX && !excerpt.files.is_empty();
        if self.reach == Reach::Memory && is_in_files {
            return Ok(None);
        }
        gathered.places = self::window(&excerpt, floor)?;
        let Self { shared, query, reach, known, .. } = self;
        Ok(fetch(shared, query.user, &gathered.places, known, *reach)?.then_some(gathered))
    }

    /// Judges them at one position.
    fn judge(&mut self, gathered: Gathered<'a>) -> Result<Look> {
        let (shared, reach) = (self.shared, self.reach);
        let Gathered { owner, newest, places, held } = gathered;
        let is_held = held.is_some();
        let state = held.map_or_else(|| shared.state(), Ok)?;
        let is_newest = |owner| state.notices.newest(owner) == newest;
        if state.find(self.query.user) != owner || !owner.is_none_or(is_newest) {
            self.stale += 1;
            return Ok(Look::Again);
        }
        let Some(owner) = owner else { return Ok(Look::Page(empty(&state, Sequence(0)))) };
        drop_bygone(&state, &mut self.known);
        let deeds = deeds(&places, &self.known);
        let mut page = empty(&state, state.notices.mark(owner).up_to);
        let judged = judge((&state, &mut self.ties), owner, &deeds, (reach, is_held))?;
        drop(state);
        let judged = match judged {
            Ok(judged) => judged,
            Err(_) if reach == Reach::Memory => return Ok(Look::OutOfReach),
            Err(missing) => {
                self.ties.read(missing)?;
                return Ok(Look::Again);
            }
        };
        let mut held = Vec::with_capacity(judged.len());
        for (deed, verdict) in deeds.iter().zip(judged) {
            if reach == Reach::Memory && verdict.is_in_files() {
                return Ok(Look::OutOfReach);
            }
            if verdict.resolve()? {
                held.push(deed.notice);
            }
        }
        fill(&mut page, self.query, &held);
        Ok(Look::Page(page))
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
fn drop_bygone(state: &State, known: &mut HashMap<Sequence, Option<Deed>>) {
    if state.forgotten.was_used() {
        let is_bygone = |deed: &mut Deed| state.is_bygone(deed.notice.actor, deed.at);
        known.values_mut().for_each(|deed| {
            let _bygone = deed.take_if(is_bygone);
        });
    }
}

/// The verdicts, or what is to be read first of who follows whom.
type Judged = std::result::Result<Vec<Verdict>, Vec<InFiles>>;

/// Judges all of them at one position. A state that is held for good is not let go for what is to be read.
fn judge(
    (state, ties): (&State, &mut Ties<'_>),
    owner: Ordinal,
    deeds: &[Deed],
    (reach, is_held): (Reach, bool),
) -> Result<Judged> {
    loop {
        ties.begin();
        let judge = Judge::of_reader((state, ties), Feed::Group, owner);
        let viewer = Judge::for_viewer((state, ties), Some(state.users.id(owner)));
        let verdict = |deed| verdict((judge, viewer), owner, deed);
        let verdicts = deeds.iter().map(verdict).collect::<Result<Vec<_>>>()?;
        if ties.is_complete() {
            return Ok(Ok(verdicts));
        }
        if reach == Reach::Memory || !is_held && !ties.is_stubborn() {
            return Ok(Err(ties.missing(state)));
        }
        ties.read_now(state)?;
    }
}

/// `judge`: of what is the owner's own, where mutes count. `viewer`: of what the owner sees where it is read.
fn verdict(
    (judge, viewer): (Judge<'_>, Judge<'_>),
    owner: Ordinal,
    deed: &Deed,
) -> Result<Verdict> {
    let state = judge.state();
    let graph = &state.graph;
    let actor = viewer.shown(deed.notice.actor);
    let Some(actor) = actor.filter(|actor| !graph.mutes.contains(owner, *actor)) else {
        return Ok(Verdict::Known(false));
    };
    Ok(match &deed.proof {
        // What is on a post that the user cannot see is no news either.
        Proof::Comment(target) | Proof::Reaction { target, .. } if !sees(viewer, target) => {
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

#[cfg(test)]
#[path = "notices_tests.rs"]
mod tests;
