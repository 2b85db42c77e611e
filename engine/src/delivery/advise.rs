//! What each policy costs for the workload that was seen: estimates, so that nobody has to try five
//! policies on a running system.
//!
//! What a post costs depends on who would get it, what a page costs on whom its reader follows. Both are
//! summed over readers: a bounded sample of those who have, or would have, an inbox stands for all
//! deliveries; a bounded sample of the pages for all pages. With few readers both are all there
//! is, and the estimate is exact but for what changed meanwhile.
//!
//! Where the estimate is coarse: a list of fans is taken to be of anybody, so that pages under
//! `active-fans` look dearer than they are; under `adaptive` a pace that is not settled yet counts as
//! settled; deleted posts count for nothing.

use std::time::Duration;

use foldhash::{HashMap, HashMapExt};

use super::inbox::Inbox;
use super::pace::{author_level, reader_bound};
use super::policy::{DeliveryOptions, Policy};
use super::profile::Profile;
use super::slab::SLOT_BYTES;
use super::workload::Seen;
use crate::error::Result;
use crate::ids::{Position, Sequence, Timestamp};
use crate::shared::Shared;
use crate::views::hidden::Hidden;
use crate::views::part::Near;
use crate::views::state::State;
use crate::views::users::Ordinal;

/// Readers in the sample for deliveries, and again for pages.
const READERS_SAMPLED: usize = 1_024;

/// Users or followees that are looked at under one hold of the state.
const LOOK: usize = 512;

/// Processor time of one post put into one inbox, in nanoseconds. These three were measured with
/// `policies` and `fan-out` of the benches; only their ratios decide which policy is cheapest.
const DELIVERY_NANOS: u64 = 80;

/// That of a page out of an inbox, content apart.
const INBOX_PAGE_NANOS: u64 = 500;

/// That of an author whose outbox is looked at for a page.
const PULL_NANOS: u64 = 100;

/// What one policy costs, for all that was seen: totals of [`Advice::window`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PolicyCost {
    /// The policy, with the options that hold now.
    pub policy: Policy,
    /// Posts put into inboxes.
    pub deliveries: u64,
    /// Bytes of inboxes once all readers have one.
    pub inbox_bytes: u64,
    /// Authors whose outboxes are looked at for pages.
    pub pulled_authors: u64,
    /// Processor time of these deliveries and pages, in microseconds; not that of what all policies do
    /// alike, such as content.
    pub cpu_micros: u64,
}

/// What each policy costs, for what was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// The newest position when it was asked for.
    pub position: Position,
    /// How long was looked at: the last half hour to hour, or since the engine was opened.
    pub window: Duration,
    /// Posts in it.
    pub posts: u64,
    /// Pages of homes in it.
    pub pages: u64,
    /// Readers who have, or would have, an inbox.
    pub readers: u64,
    /// How many of them were looked at.
    pub sampled: u64,
    /// The policy that runs.
    pub running: Policy,
    /// The one that costs least processor time; that which runs if no other costs less. `None` if
    /// there was nothing to see.
    pub cheapest: Option<Policy>,
    /// In the order of [`Policy::ALL`].
    pub policies: Vec<PolicyCost>,
}

/// A reader of the samples.
#[derive(Clone, Copy, Debug, Default)]
struct Weight {
    /// 1 if they are in the sample for deliveries.
    readers: u64,
    /// Thousandths of pages.
    pages: u64,
}

/// Sums over readers: what is pushed to them, what they pull.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    /// Posts to the sampled readers.
    posts: u128,
    /// Ids in their inboxes.
    entries: u128,
    /// Authors pulled, by their inboxes.
    pulled: u128,
    /// Authors pulled for the sampled pages, in thousandths.
    page_pulls: u128,
}

/// What one reader's followees come to under one policy.
#[derive(Clone, Copy, Debug, Default)]
struct Side {
    posts: u64,
    entries: u64,
    pulled: u64,
}

/// A big author, under `active-fans`.
#[derive(Clone, Copy, Debug, Default)]
struct BigAuthor {
    posts: u64,
    /// Sampled readers who follow them.
    fans: u64,
    /// Thousandths of sampled pages by those who follow them.
    pages: u64,
}

/// The walk over the samples.
struct Survey<'a> {
    shared: &'a Shared,
    options: DeliveryOptions,
    seen: Seen,
    /// All pages of the sample, in thousandths.
    pages_sampled: u64,
    sums: [Sums; Policy::ALL.len()],
    big: HashMap<u32, BigAuthor>,
}

/// See the module.
pub(crate) fn advise(shared: &Shared) -> Result<Advice> {
    let now = shared.options.clock.now();
    let (options, seen) = {
        let state = shared.state()?;
        (state.delivery.options, state.delivery.workload.seen(now))
    };
    let (readers, mut sample) = active_readers(shared, now, options.active_window)?;
    let sampled = sample.values().map(|weight| weight.readers).sum();
    let pages_sampled = add_pages(&mut sample, &seen);
    let (sums, big) = ([Sums::default(); Policy::ALL.len()], HashMap::new());
    let mut survey = Survey { shared, options, seen, pages_sampled, sums, big };
    for (reader, weight) in sample {
        survey.look_at(Ordinal(reader), weight)?;
    }
    let scale = Scale { readers, sampled, pages: survey.seen.pages, pages_sampled };
    let policies: Vec<PolicyCost> =
        Policy::ALL.into_iter().map(|policy| survey.cost(policy, scale)).collect();
    let position = shared.state()?.position;
    let Survey { seen, .. } = survey;
    Ok(Advice {
        position,
        window: Duration::from_millis(seen.millis),
        posts: seen.posts,
        pages: seen.pages,
        readers,
        sampled,
        running: options.policy,
        cheapest: cheapest(&policies, options.policy),
        policies,
    })
}

impl State {
    /// Begins to look at the workload. Who has an inbox has read.
    pub(crate) fn begin_workload(&mut self, now: Timestamp) {
        let Self { delivery, users, position, .. } = self;
        delivery.workload.grow(users.len());
        delivery.workload.begin(now, position.sequence);
        for reader in delivery.inboxes.users() {
            delivery.workload.note_reader(Ordinal(reader));
        }
    }
}

/// How many have read and are active, and a uniform sample of them.
fn active_readers(
    shared: &Shared,
    now: Timestamp,
    window: Duration,
) -> Result<(u64, HashMap<u32, Weight>)> {
    let window = u64::try_from(window.as_millis()).unwrap_or(u64::MAX);
    let users = shared.state()?.users.len();
    let (mut count, mut sample) = (0_u64, Vec::new());
    for first in (0..users).step_by(LOOK) {
        let state = shared.state()?;
        for reader in state.delivery.workload.readers(first, LOOK) {
            let active = state.activity.at(reader).map_or(0, |at| at.0);
            if active.saturating_add(window) < now.0 {
                continue;
            }
            count += 1;
            match sample.len() {
                len if len < READERS_SAMPLED => sample.push(reader.0),
                _ => {
                    // A reservoir: the n-th takes a place by a chance of its length in n.
                    let place = usize::try_from(super::workload::draw(count - 1));
                    let place = place.ok().and_then(|place| sample.get_mut(place));
                    place.into_iter().for_each(|place| *place = reader.0);
                }
            }
        }
    }
    let weight = |reader| (reader, Weight { readers: 1, pages: 0 });
    Ok((count, sample.into_iter().map(weight).collect()))
}

/// Adds the readers of sampled pages, not too many; how many pages these stand for, in thousandths.
fn add_pages(sample: &mut HashMap<u32, Weight>, seen: &Seen) -> u64 {
    let most = sample.len() + READERS_SAMPLED;
    let mut pages = 0;
    // From the newer window to the older would favour one: strides take of both.
    let stride = seen.sample.len() / 2 + 1;
    let order = (0..2).flat_map(|start| seen.sample.iter().skip(start * stride).take(stride));
    for (reader, weight) in order {
        if sample.len() < most || sample.contains_key(reader) {
            sample.entry(*reader).or_default().pages += weight;
            pages += weight;
        }
    }
    pages
}

/// From the samples to all.
#[derive(Clone, Copy, Debug)]
struct Scale {
    readers: u64,
    sampled: u64,
    pages: u64,
    /// In thousandths.
    pages_sampled: u64,
}

impl Scale {
    fn by_readers(self, sum: u128) -> u64 {
        scaled(sum, self.readers, self.sampled)
    }

    /// Of sums in thousandths.
    fn by_pages(self, sum: u128) -> u64 {
        scaled(sum, self.pages, self.pages_sampled)
    }
}

fn scaled(sum: u128, all: u64, part: u64) -> u64 {
    let scaled = (sum * u128::from(all)).checked_div(u128::from(part)).unwrap_or(0);
    u64::try_from(scaled).unwrap_or(u64::MAX)
}

impl Survey<'_> {
    /// Adds up what a reader's followees come to.
    fn look_at(&mut self, reader: Ordinal, weight: Weight) -> Result<()> {
        let authors = self.authors(reader)?;
        let pages = scaled(u128::from(weight.pages), self.seen.pages, self.pages_sampled);
        let mut sides = [Side::default(); Policy::ALL.len()];
        for group in authors.chunks(LOOK) {
            let state = self.shared.state()?;
            let runs_adaptive = self.options.policy == Policy::Adaptive;
            let is_live = runs_adaptive && state.delivery.inboxes.is_live(reader);
            let bound = match is_live {
                true => state.delivery.bound_of(reader),
                false => reader_bound(pages, self.seen.millis),
            };
            for author in group {
                let author = self.author(&state, Ordinal(*author));
                if author.is_big {
                    let big = self.big.entry(author.ordinal).or_default();
                    big.posts = author.posts;
                    big.fans += weight.readers;
                    big.pages += weight.pages;
                }
                for (side, policy) in sides.iter_mut().zip(Policy::ALL) {
                    side.add(&author, is_pushed(policy, &author, bound));
                }
            }
        }
        let room = u64::from(self.options.inbox_min);
        for (sum, side) in self.sums.iter_mut().zip(sides) {
            sum.posts += u128::from(weight.readers * side.posts);
            sum.entries += u128::from(weight.readers * side.entries.min(room));
            sum.pulled += u128::from(weight.readers * side.pulled);
            sum.page_pulls += u128::from(weight.pages) * u128::from(side.pulled);
        }
        Ok(())
    }

    /// The authors whom the reader follows and has not muted.
    fn authors(&self, reader: Ordinal) -> Result<Vec<u32>> {
        let (mut authors, mut in_files) = (Vec::new(), None);
        {
            let state = self.shared.state()?;
            let following = &state.graph.following;
            let part = following.part(reader);
            if part.files.is_empty() {
                part.each_payload(|author| authors.push(author))?;
            } else {
                in_files =
                    Some(following.excerpt(reader, Near::Below(Sequence(u64::MAX)), usize::MAX));
            }
        }
        if let Some(excerpt) = in_files {
            excerpt.part().each_payload(|author| authors.push(author))?;
        }
        let state = self.shared.state()?;
        let hidden = Hidden::of(&state);
        if hidden.has_any(reader) {
            authors.retain(|author| !hidden.contains(reader, Ordinal(*author)));
        }
        Ok(authors)
    }

    fn author(&self, state: &State, author: Ordinal) -> Author {
        let hot = state.outboxes.posts.hot(author);
        let posts = (hot.len() - hot.count_below(self.seen.after.next())) as u64;
        let level = match self.options.policy {
            Policy::Adaptive => state.delivery.levels.pull(author),
            _ => author_level(posts, self.seen.millis),
        };
        Author {
            ordinal: author.0,
            posts,
            entries: u64::from(state.outboxes.posts.count(author)),
            is_big: self.options.big_author <= state.graph.followers.count(author),
            level,
        }
    }

    fn cost(&self, policy: Policy, scale: Scale) -> PolicyCost {
        let index = Policy::ALL.iter().position(|known| *known == policy).unwrap_or(0);
        let Sums { posts, entries, pulled, page_pulls } =
            self.sums.get(index).copied().unwrap_or_default();
        let mut deliveries = scale.by_readers(posts);
        let mut pulled_authors = scale.by_pages(page_pulls);
        if policy == Policy::ActiveFans {
            let most = self.options.active_fans as u64;
            for big in self.big.values() {
                let fans = scale.by_readers(u128::from(big.fans));
                let listed = fans.min(most);
                deliveries += big.posts * listed;
                let pages = scale.by_pages(u128::from(big.pages));
                pulled_authors += pages - scaled(u128::from(pages), listed, fans);
            }
        }
        let has_inboxes = policy != Policy::Pull;
        let heads = size_of::<Inbox>() + size_of::<Profile>() + size_of::<u32>();
        let head_bytes = if has_inboxes { scale.readers * heads as u64 } else { 0 };
        // Blocks of ids have a tenth of slack.
        let entry_bytes = entries * SLOT_BYTES as u128 * 11 / 10 + pulled * 4;
        let page_nanos = if has_inboxes { INBOX_PAGE_NANOS } else { 0 };
        let nanos =
            deliveries * DELIVERY_NANOS + pulled_authors * PULL_NANOS + scale.pages * page_nanos;
        PolicyCost {
            policy,
            deliveries,
            inbox_bytes: if has_inboxes { head_bytes + scale.by_readers(entry_bytes) } else { 0 },
            pulled_authors,
            cpu_micros: nanos / 1_000,
        }
    }
}

/// A followee.
#[derive(Clone, Copy, Debug)]
struct Author {
    ordinal: u32,
    /// Posts in the window.
    posts: u64,
    /// All posts.
    entries: u64,
    is_big: bool,
    level: u8,
}

/// Whether the author's posts are pushed to a reader of that bound. Those of big authors are added by the
/// author under `active-fans`.
fn is_pushed(policy: Policy, author: &Author, bound: u8) -> Option<bool> {
    match policy {
        Policy::Pull => Some(false),
        Policy::Push => Some(true),
        Policy::Threshold => Some(!author.is_big),
        Policy::ActiveFans => (!author.is_big).then_some(true),
        Policy::Adaptive => Some(author.level <= bound),
    }
}

impl Side {
    fn add(&mut self, author: &Author, is_pushed: Option<bool>) {
        match is_pushed {
            Some(true) => {
                self.posts += author.posts;
                self.entries += author.entries;
            }
            Some(false) => self.pulled += 1,
            None => self.entries += author.entries,
        }
    }
}

/// What costs least; what runs if nothing costs less. Nothing if nothing was to be done.
fn cheapest(policies: &[PolicyCost], running: Policy) -> Option<Policy> {
    if policies.iter().all(|cost| cost.cpu_micros == 0) {
        return None;
    }
    let least = policies.iter().map(|cost| cost.cpu_micros).min()?;
    let mut best = policies.iter().filter(|cost| cost.cpu_micros == least).map(|cost| cost.policy);
    let first = best.clone().next()?;
    Some(best.find(|policy| *policy == running).unwrap_or(first))
}

impl Advice {
    /// So many in the window, by the second.
    #[must_use]
    pub fn per_second(&self, total: u64) -> f64 {
        ratio(Duration::from_secs(total), self.window)
    }

    /// So many in the window, by the page.
    #[must_use]
    pub fn per_page(&self, total: u64) -> f64 {
        ratio(Duration::from_secs(total), Duration::from_secs(self.pages))
    }
}

fn ratio(total: Duration, by: Duration) -> f64 {
    if by.is_zero() { 0.0 } else { total.as_secs_f64() / by.as_secs_f64() }
}
