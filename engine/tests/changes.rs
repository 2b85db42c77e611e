//! The change stream against the oracle: whoever folds it, in parts of any size, over reopens and
//! retention, has what the database has. `FANFOLD_SEED` replays one seed.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use common::{play, users};
use fanfold_engine::testing::memory::MemoryStorage;
use fanfold_engine::testing::model::broadcasts::Stage;
use fanfold_engine::testing::model::{Model, ModelPost};
use fanfold_engine::testing::seed::seed_or;
use fanfold_engine::testing::workload::Workload;
use fanfold_engine::{
    Action, BroadcastChange, Change, Changed, Changes, ChangesQuery, Command, ContentWanted,
    EdgeChange, Engine, ErrorKind, GroupChange, ModeratedOf, ModeratedQuery, ModerationChange,
    Options, Position, PostId, ResponseChange, SEGMENT_BYTES_MIN, Sequence, Storage, UserId,
};

const USERS: u64 = 7;

fn open(storage: &MemoryStorage) -> Engine {
    open_packing(storage, Duration::ZERO)
}

/// With no time to wait, retention has its rounds all the while.
fn open_packing(storage: &MemoryStorage, cold_after: Duration) -> Engine {
    let options = Options {
        segment_bytes: SEGMENT_BYTES_MIN,
        followees_max: 5,
        flush_records: 30,
        cold_after,
        ..Options::default()
    };
    Engine::open_on(Arc::new(storage.clone()) as Arc<dyn Storage>, options).unwrap()
}

/// A group of a mirror: owner, name, whether it is exclusive, and who is in it.
type Group = (u64, String, bool, BTreeSet<u64>);

/// What a consumer builds. Knows nothing but the changes.
#[derive(Debug, Default, PartialEq, Eq)]
struct Mirror {
    posts: BTreeMap<u64, (u64, Vec<u8>)>,
    /// Root by repost, and whether that is bare: then it is gone with its root. One of which a revision has
    /// the text is none.
    reposts: BTreeMap<u64, (u64, bool)>,
    follows: BTreeSet<(u64, u64)>,
    private: BTreeSet<u64>,
    /// Who asks, and whom.
    requests: BTreeSet<(u64, u64)>,
    mutes: BTreeSet<(u64, u64)>,
    blocks: BTreeSet<(u64, u64)>,
    groups: BTreeMap<u64, Group>,
    /// Users who are suspended, and posts that are hidden, with their authors.
    moderated: BTreeSet<(u64, Option<u64>)>,
    /// (target, kind, user).
    reactions: BTreeSet<(u64, u8, u64)>,
    /// The post, what is answered, who, and the text.
    comments: BTreeMap<u64, (u64, Option<u64>, u64, Vec<u8>)>,
    /// How far users have read their notices.
    read: BTreeMap<u64, u64>,
    /// (user, group or 0, device) to the post.
    marks: BTreeMap<(u64, u64, u64), u64>,
    /// Author, whether it is live, and the scheduled start, of what is on a board.
    boards: BTreeMap<u64, (u64, Option<u64>)>,
}

impl Mirror {
    fn fold(&mut self, change: &Change) {
        match &change.what {
            Changed::Published { author, content, repost, is_quote, .. } => {
                // Of one that was revised, the revise has the text.
                let text = content.as_ref().map(|(text, _)| text.to_vec()).unwrap_or_default();
                self.posts.insert(change.sequence.0, (author.0, text));
                let root = repost.map(|link| (change.sequence.0, (link.root.0, !is_quote)));
                self.reposts.extend(root);
            }
            Changed::Erased { .. } => {}
            Changed::Unreposted { repost, .. } => self.forget_post(repost.0),
            Changed::Deleted { post, .. } => {
                self.forget_post(post.0);
                let orphans = self.reposts.iter().filter(|(_, of)| **of == (post.0, true));
                let orphans: Vec<u64> = orphans.map(|(id, _)| *id).collect();
                orphans.into_iter().for_each(|orphan| self.forget_post(orphan));
            }
            Changed::Befriended { .. } | Changed::Private { .. } => self.fold_ties(&change.what),
            Changed::Edge { kind, user, other } => self.fold_edge(*kind, (user.0, other.0)),
            Changed::Group { kind, user, group, name, exclusive } => {
                let id = group.0;
                if *kind == GroupChange::Create {
                    let new = (user.0, name.to_string(), *exclusive, BTreeSet::new());
                    self.groups.insert(id, new);
                }
                let members = self.groups.get_mut(&id).map(|group| &mut group.3);
                match (kind, members) {
                    (GroupChange::Add(author), Some(members)) => {
                        members.insert(author.0);
                    }
                    (GroupChange::Remove(author), Some(members)) => {
                        members.remove(&author.0);
                    }
                    (GroupChange::Delete, _) => {
                        self.groups.remove(&id);
                        self.marks.retain(|(_, group, _), _| *group != id);
                    }
                    _ => {}
                }
            }
            Changed::Response { kind, user, post, target } => {
                self.fold_response(change.sequence.0, kind, [user.0, post.0, target.0]);
            }
            Changed::NoticesRead { user, up_to } => {
                self.read.insert(user.0, up_to.0);
            }
            Changed::Revised { post, author, content, .. } => {
                if let Some((text, _)) = content {
                    // Of a replay that was revised, its end has said nothing.
                    let said = (author.0, text.to_vec());
                    let before = self.posts.insert(post.0, said);
                    assert!(before.is_none_or(|(by, _)| by == author.0));
                }
            }
            Changed::Marked { user, group, device, post } => {
                let group = group.as_ref().map_or(0, |(group, _)| group.0);
                // A group that the mirror does not know has ended: the other half was dropped.
                if group == 0 || self.groups.contains_key(&group) {
                    self.marks.insert((user.0, group, *device), post.0);
                }
            }
            Changed::Broadcast { kind, author, broadcast, content, .. } => {
                self.fold_broadcast(change, *kind, (author.0, broadcast.0), content.as_ref());
            }
            Changed::Moderated { kind, user, post } => {
                self.fold_moderation(*kind, (user.0, post.map(|post| post.0)));
            }
            other => panic!("{other:?}"),
        }
    }

    fn fold_ties(&mut self, what: &Changed) {
        match what {
            Changed::Befriended { user, other, forth, back } => {
                let ways = [(user.0, other.0, forth), (other.0, user.0, back)];
                for (follower, author, _) in ways.into_iter().filter(|(.., is_new)| **is_new) {
                    self.fold_edge(EdgeChange::Follow, (follower, author));
                }
            }
            Changed::Private { user, is_on: true } => {
                self.private.insert(user.0);
            }
            Changed::Private { user, .. } => {
                self.private.remove(&user.0);
            }
            other => panic!("{other:?}"),
        }
    }

    fn fold_broadcast(
        &mut self,
        change: &Change,
        kind: BroadcastChange,
        (author, id): (u64, u64),
        content: Option<&(Bytes, Bytes)>,
    ) {
        let is_new = change.sequence.0 == id;
        assert!(!is_new || content.is_some(), "a new one says what it is called: {change:?}");
        match kind {
            BroadcastChange::Schedule(at) | BroadcastChange::Reschedule(at) => {
                if is_new || self.boards.contains_key(&id) {
                    self.boards.insert(id, (author, Some(at.0)));
                }
            }
            BroadcastChange::Start => {
                if is_new || self.boards.contains_key(&id) {
                    self.boards.insert(id, (author, None));
                }
            }
            BroadcastChange::Cancel => {
                self.boards.remove(&id);
            }
            BroadcastChange::End => {
                self.boards.remove(&id);
                // Of a replay that was revised, the revise has the text; of one that is gone, the delete comes.
                let text = content.map(|(text, _)| text.to_vec()).unwrap_or_default();
                self.posts.insert(change.sequence.0, (author, text));
            }
            other => panic!("{other:?}"),
        }
    }

    fn fold_moderation(&mut self, kind: ModerationChange, of: (u64, Option<u64>)) {
        let is_post = matches!(kind, ModerationChange::Hide | ModerationChange::Unhide);
        assert_eq!(of.1.is_some(), is_post, "{kind:?} of {of:?}");
        match kind {
            // What retention left of a post that is deleted means nothing.
            ModerationChange::Hide if of.1.is_none_or(|post| !self.posts.contains_key(&post)) => {}
            ModerationChange::Suspend | ModerationChange::Hide => drop(self.moderated.insert(of)),
            ModerationChange::Unsuspend | ModerationChange::Unhide => {
                self.moderated.remove(&of);
            }
            other => panic!("{other:?}"),
        }
    }

    fn forget_post(&mut self, post: u64) {
        self.posts.remove(&post);
        self.moderated.retain(|(_, of)| *of != Some(post));
        self.reposts.remove(&post);
        let of_post = self.comments.iter().filter(|(_, c)| c.0 == post);
        let gone: Vec<u64> = of_post.map(|(id, _)| *id).collect();
        gone.iter().for_each(|comment| self.forget_comment(*comment));
        self.reactions.retain(|(target, ..)| *target != post);
    }

    fn fold_response(&mut self, at: u64, kind: &ResponseChange, [user, post, target]: [u64; 3]) {
        // What concerns something that is gone means nothing.
        let stands = self.posts.contains_key(&post)
            && (target == post || self.comments.contains_key(&target));
        match kind {
            ResponseChange::React(kind) if stands => {
                self.reactions.insert((target, *kind, user));
            }
            ResponseChange::Unreact(kind) => {
                self.reactions.remove(&(target, *kind, user));
            }
            ResponseChange::Comment(Some(text), _) if self.posts.contains_key(&post) => {
                let answers = (target != post).then_some(target);
                self.comments.insert(at, (post, answers, user, text.to_vec()));
            }
            ResponseChange::Delete => self.forget_comment(target),
            _ => {}
        }
    }

    fn forget_comment(&mut self, comment: u64) {
        self.comments.remove(&comment);
        self.reactions.retain(|(target, ..)| *target != comment);
    }

    fn fold_edge(&mut self, kind: EdgeChange, pair: (u64, u64)) {
        match kind {
            EdgeChange::Follow => {
                self.requests.remove(&pair);
                self.follows.insert(pair)
            }
            EdgeChange::Request => self.requests.insert(pair),
            EdgeChange::Withdraw => self.requests.remove(&pair),
            EdgeChange::Deny => self.requests.remove(&(pair.1, pair.0)),
            EdgeChange::Unfollow => self.follows.remove(&pair),
            EdgeChange::Mute => self.mutes.insert(pair),
            EdgeChange::Unmute => self.mutes.remove(&pair),
            EdgeChange::Block => {
                self.follows.remove(&pair);
                self.follows.remove(&(pair.1, pair.0));
                self.requests.remove(&pair);
                self.requests.remove(&(pair.1, pair.0));
                self.blocks.insert(pair)
            }
            EdgeChange::Unblock => self.blocks.remove(&pair),
            other => panic!("{other:?}"),
        };
    }

    fn of(model: &Model) -> Self {
        let alive = model.posts.iter().filter(|(id, _)| model.stands(**id));
        let root =
            |(id, post): (&u64, &ModelPost)| post.repost.map(|(_, root)| (*id, (root, post.bare)));
        let reposts = alive.clone().filter_map(root).collect();
        let posts = alive.map(|(id, post)| (*id, (post.author.0, post.text.clone()))).collect();
        let groups = model.groups.iter().map(|((owner, name), group)| {
            let members = group.members.keys().copied().collect();
            (group.id, (*owner, name.clone(), group.exclusive, members))
        });
        let groups = groups.collect();
        let boards = model.broadcasts.iter().filter_map(|(id, broadcast)| {
            let start = match broadcast.stage {
                Stage::Scheduled(at) => Some(at),
                Stage::Live(_) => None,
                Stage::Ended(_) | Stage::Cancelled => return None,
            };
            Some((*id, (broadcast.content.author.0, start)))
        });
        let boards = boards.collect();
        let mut mirror = Self { posts, reposts, groups, boards, ..Self::default() };
        mirror.marks = model.marks.clone();
        mirror.follows = model.follows.keys().copied().collect();
        mirror.read = model.notebook.read.clone();
        let all = ModeratedQuery { of: ModeratedOf::All, viewer: None, before: None, limit: 200 };
        let (moderated, _) = model.moderated(&all);
        mirror.moderated = moderated.into_iter().map(|(user, post, _)| (user, post)).collect();
        mirror.comments = model
            .responses
            .comments
            .iter()
            .filter(|(_, c)| !c.deleted && mirror.posts.contains_key(&c.post))
            .map(|(id, c)| (*id, (c.post, c.answers, c.author.0, c.text.clone())))
            .collect();
        let reactions = model.responses.reactions.keys().copied();
        mirror.reactions = reactions
            .filter(|(of, ..)| mirror.posts.contains_key(of) || mirror.comments.contains_key(of))
            .collect();
        let everybody = users(USERS).into_iter().chain((0..3).map(|n| UserId(u64::MAX - n)));
        let everybody: Vec<UserId> = everybody.collect();
        for (a, b) in everybody.iter().flat_map(|a| everybody.iter().map(move |b| (*a, *b))) {
            let [_, _, muted, blocked, _] = model.relation(a, b);
            mirror.mutes.extend(muted.then_some((a.0, b.0)));
            mirror.blocks.extend(blocked.then_some((a.0, b.0)));
            let [is_private, asks, _] = model.asks(a, b);
            mirror.private.extend(is_private.then_some(a.0));
            mirror.requests.extend(asks.then_some((a.0, b.0)));
        }
        mirror
    }
}

fn query(after: Option<Position>, limit: usize) -> ChangesQuery {
    ChangesQuery { after, begun: None, limit, content: ContentWanted::Yes }
}

/// Reads to the end; begins anew if the position is trimmed. Answers whether it had to.
fn catch_up(
    engine: &Engine,
    mirror: &mut Mirror,
    at: &mut Option<Position>,
    workload: &mut Workload,
) -> bool {
    let (mut began_anew, mut begun) = (false, None);
    loop {
        let limit = usize::try_from(workload.random.below(30) + 1).unwrap();
        let asked = ChangesQuery { begun, ..query(*at, limit) };
        let part: Changes = match engine.changes(&asked, None) {
            Ok(part) => part,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Trimmed, "{error}");
                let oldest = error.oldest().unwrap();
                assert!(at.unwrap().sequence < oldest, "{error}");
                (*mirror, *at, began_anew) = (Mirror::default(), None, true);
                continue;
            }
        };
        let above = at.map_or(Sequence(0), |at| at.sequence);
        let sequences: Vec<_> = part.changes.iter().map(|change| change.sequence).collect();
        assert!(sequences.is_sorted_by(|one, next| one < next));
        assert!(sequences.iter().all(|it| above < *it && *it <= part.next.sequence));
        assert!(part.changes.len() <= limit);
        if at.is_none() {
            begun = Some(part.oldest.sequence);
        }
        part.changes.iter().for_each(|change| mirror.fold(change));
        *at = Some(part.next);
        if part.next == part.position {
            return began_anew;
        }
    }
}

#[test]
fn whoever_folds_the_changes_has_what_the_database_has() {
    let first = seed_or(1);
    let mut trimmed = 0;
    for seed in first..first + 12 {
        let storage = MemoryStorage::default();
        let (mut workload, mut model) = (Workload::new(seed, USERS), Model::new(5));
        let mut engine = open(&storage);
        let (mut mirror, mut at) = (Mirror::default(), None);
        for round in 0..25 {
            play(&engine, &mut model, &mut workload, 40);
            match workload.random.below(4) {
                0 => {
                    engine.close().unwrap();
                    engine = open(&storage);
                }
                1 => {
                    engine.retain().unwrap();
                }
                _ => {}
            }
            if workload.random.one_in(2) {
                let began_anew = catch_up(&engine, &mut mirror, &mut at, &mut workload);
                trimmed += u64::from(began_anew);
                assert_eq!(mirror, Mirror::of(&model), "seed {seed} round {round}");
            }
        }
        // And from the beginning, whatever retention has left.
        let (mut anew, mut at) = (Mirror::default(), None);
        catch_up(&engine, &mut anew, &mut at, &mut workload);
        assert_eq!(anew, Mirror::of(&model), "seed {seed}");
    }
    assert!(0 < trimmed, "retention trims now and then");
}

#[test]
fn what_a_deleted_post_said_is_told_to_nobody() {
    let engine = open_packing(&MemoryStorage::default(), Duration::from_secs(1_000_000));
    let post = engine.write(Command::publish(UserId(1), "a secret")).unwrap().post.unwrap();
    let told = |content| {
        let query = ChangesQuery { after: None, begun: None, limit: 10, content };
        engine.changes(&query, None).unwrap().changes.into_iter().next().unwrap().what
    };
    let Changed::Published { content: Some((text, _)), .. } = told(ContentWanted::Yes) else {
        panic!("it is there")
    };
    assert_eq!(&text[..], b"a secret");
    assert!(matches!(told(ContentWanted::No), Changed::Published { content: None, .. }));
    engine.write(Command::delete(post)).unwrap();
    assert_eq!(told(ContentWanted::Yes), Changed::Erased { author: UserId(1) });
    let changes = engine.changes(&query(None, 10), None).unwrap().changes;
    let deleted = Changed::Deleted { post: PostId(1), author: UserId(1) };
    assert_eq!(changes.last().unwrap().what, deleted);
}

#[test]
fn positions_that_mean_nothing_are_refused() {
    let engine = open(&MemoryStorage::default());
    engine.write(Command::follow(UserId(1), UserId(2))).unwrap();
    let refused = |query, viewer| engine.changes(&query, viewer).unwrap_err().kind();
    let at = |epoch, sequence| Some(Position { epoch, sequence: Sequence(sequence) });
    assert_eq!(refused(query(at(2, 1), 9), None), ErrorKind::Conflict);
    assert_eq!(refused(query(at(1, 2), 9), None), ErrorKind::Invalid);
    assert_eq!(refused(query(None, 0), None), ErrorKind::Invalid);
    assert_eq!(refused(query(None, 4_097), None), ErrorKind::Invalid);
    assert_eq!(refused(query(None, 9), Some(UserId(1))), ErrorKind::Denied);
    let part = engine.changes(&query(at(1, 1), 9), None).unwrap();
    assert_eq!((part.changes.len(), part.next), (0, part.position));
}

#[test]
fn who_waits_for_a_change_is_woken_by_it() {
    let engine = open(&MemoryStorage::default());
    let mut context = Context::from_waker(Waker::noop());
    assert!(engine.poll_above(Sequence(0), &mut context).is_pending());
    let (woken, flag) = woken();
    let mut context = Context::from_waker(&woken);
    assert!(engine.poll_above(Sequence(0), &mut context).is_pending());
    engine.write(Command::new(Action::Mute { user: UserId(1), author: UserId(2) })).unwrap();
    assert!(flag.is_set());
    assert!(matches!(engine.poll_above(Sequence(0), &mut context), Poll::Ready(Ok(()))));
    assert!(engine.poll_above(Sequence(1), &mut context).is_pending());
}

/// Notes that it was woken.
#[derive(Default)]
struct Flag(std::sync::atomic::AtomicBool);

impl Flag {
    fn is_set(&self) -> bool {
        self.0.load(std::sync::atomic::Ordering::SeqCst)
    }
}

impl std::task::Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, std::sync::atomic::Ordering::SeqCst);
    }
}

fn woken() -> (Waker, Arc<Flag>) {
    let flag = Arc::new(Flag::default());
    (Waker::from(Arc::clone(&flag)), flag)
}
