//! The engine's numbers: [`Counters`] for machines, [`status`] for people. No exporter here.

use crate::delivery::policy::Policy;
use crate::delivery::{Delivery, Tally};
use crate::error::{Error, Result};
use crate::log::sealed::SealedSegment;
use crate::log::view::Segments;
use crate::options::{Durability, Options};
use crate::query::{Status, StatusValue};
use crate::shared::Shared;
use crate::storage::manifest::Manifest;
use crate::watch::hub::Hub;

/// Numbers of one engine since it was opened; `sequence` to `log_bytes` are levels, not counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// The epoch.
    pub epoch: u64,
    /// The newest visible sequence.
    pub sequence: u64,
    /// Users the log has named.
    pub users: u64,
    /// Posts that are there: not deleted, nor gone with their original.
    pub posts: u64,
    /// Follows that hold.
    pub follows: u64,
    /// Mutes that hold.
    pub mutes: u64,
    /// Private users.
    pub private: u64,
    /// Requests to follow that are not answered.
    pub requests: u64,
    /// Blocks that hold.
    pub blocks: u64,
    /// Groups of authors.
    pub user_groups: u64,
    /// Their members, all together.
    pub group_members: u64,
    /// Reactions that stand.
    pub reactions: u64,
    /// Reposts that are there: not deleted, and of those without a text not the ones whose original is.
    pub reposts: u64,
    /// Posts that are not for everybody.
    pub restricted_posts: u64,
    /// Comments that stand.
    pub comments: u64,
    /// Lists of reactions and comments, dead ones too.
    pub response_lists: u64,
    /// Read marks: one for each device that has one in a feed.
    pub marks: u64,
    /// Posts that were revised and are not deleted.
    pub revised_posts: u64,
    /// Users who are suspended.
    pub suspended_users: u64,
    /// Posts that are hidden.
    pub hidden_posts: u64,
    /// Broadcasts that are live.
    pub broadcasts_live: u64,
    /// Broadcasts that are scheduled.
    pub broadcasts_scheduled: u64,
    /// Broadcasts that ended and whose replay stands.
    pub broadcast_replays: u64,
    /// Users who are being forgotten.
    pub forgetting: u64,
    /// Users who were forgotten.
    pub forgotten: u64,
    /// Things of theirs that were removed since the engine was opened.
    pub forgotten_things: u64,
    /// Sessions of broadcast feeds.
    pub live_sessions: u64,
    /// What they take in memory.
    pub live_session_bytes: u64,
    /// Sessions that ended because they were not used, or because there were too many.
    pub live_sessions_expired: u64,
    /// Remembered idempotency keys.
    pub receipts: u64,
    /// Log segments, the active one included.
    pub segments: u64,
    /// Bytes of sealed segments.
    pub sealed_bytes: u64,
    /// View files that are alive.
    pub view_files: u64,
    /// Their bytes.
    pub view_bytes: u64,
    /// Entries in view files that hold no longer.
    pub graves: u64,
    /// Records that no view file holds: what an open would replay.
    pub unflushed: u64,
    /// Commands waiting for the committer.
    pub queue_depth: u64,
    /// Writes that changed something.
    pub writes_changed: u64,
    /// Writes that found everything as asked.
    pub writes_unchanged: u64,
    /// Writes refused by the committer.
    pub writes_refused: u64,
    /// Groups appended.
    pub groups: u64,
    /// Bytes appended.
    pub log_bytes: u64,
    /// Syncs of the active segment.
    pub syncs: u64,
    /// Microseconds spent in them.
    pub sync_micros: u64,
    /// Microseconds of the longest.
    pub sync_micros_max: u64,
    /// Pages answered.
    pub pages: u64,
    /// Posts answered.
    pub posts_read: u64,
    /// Of these, from the cache of older posts.
    pub posts_cached: u64,
    /// Of these, from files.
    pub posts_loaded: u64,
    /// Bytes in the cache of older posts.
    pub posts_cache_bytes: u64,
    /// Lists of followees that a judgement of who sees what found in the cache of such lists.
    pub ties_cached: u64,
    /// Those that it had to read from files.
    pub ties_loaded: u64,
    /// Bytes in that cache.
    pub ties_cache_bytes: u64,
    /// Bytes in the cache of unpacked blocks.
    pub block_cache_bytes: u64,
    /// Bytes of log segments that are packed; part of `sealed_bytes`.
    pub packed_bytes: u64,
    /// Log segments that retention rewrote.
    pub retained_segments: u64,
    /// Bytes that this gave back.
    pub retained_bytes: u64,
    /// The text of every post that was deleted up to here is erased.
    pub erased: u64,
    /// Sealed files that the scrubber read.
    pub scrubbed_files: u64,
    /// Their bytes.
    pub scrubbed_bytes: u64,
    /// Passes of the scrubber through all files.
    pub scrub_passes: u64,
    /// How many of flushes, upkeep of view files, retention and forgetting do not get on; they are tried again.
    pub background_faults: u64,
    /// Damaged places that it found in the log.
    pub damages: u64,
    /// Readers that have an inbox.
    pub inboxes: u64,
    /// Posts in inboxes.
    pub inbox_entries: u64,
    /// Bytes of inboxes, heads and slack included.
    pub inbox_bytes: u64,
    /// Posts put into inboxes.
    pub deliveries: u64,
    /// Posts that the fan-out is done with.
    pub delivered_posts: u64,
    /// Posts that wait for the fan-out.
    pub backlog: u64,
    /// Posts and changes with many readers that the fan-out is at.
    pub fan_out_jobs: u64,
    /// Home pages answered out of an inbox.
    pub inbox_pages: u64,
    /// Authors whose outboxes were merged beside an inbox.
    pub pulled_authors: u64,
    /// Inboxes made by reads.
    pub inboxes_built: u64,
    /// Inboxes dropped because their readers were away.
    pub hibernated: u64,
    /// Homes compared with a naive merge.
    pub audits: u64,
    /// Of these, how many differed.
    pub audit_mismatches: u64,
    /// Watches of homes.
    pub watches: u64,
    /// Users who are watched.
    pub watched_users: u64,
    /// Events handed out to watches.
    pub watch_events: u64,
    /// Watches that fell behind and were rebuilt from the log.
    pub watch_lags: u64,
    /// Gaps told to watches, because too much had happened.
    pub watch_gaps: u64,
}

/// The counters now.
#[expect(clippy::too_many_lines, reason = "flat: a line for each counter")]
pub(crate) fn counters(
    shared: &Shared,
    manifest: &Manifest,
    queue_depth: usize,
) -> Result<Counters> {
    let (tally, log) = (&shared.tally, &shared.log_counters);
    let segments = shared.log.segments();
    let retained = shared.retained.total().done;
    let scrubbed = shared.scrubbed.findings();
    let audited = shared.audited.findings();
    let sessions = shared.live_sessions.usage();
    let state = shared.state()?;
    let [forgetting, forgotten] = state.forgotten.counts();
    let (suspended_users, hidden_posts) = state.moderation.totals();
    let [broadcasts_live, broadcasts_scheduled, broadcast_replays] = state.broadcasts.counts();
    let counters = Counters {
        epoch: u64::from(state.position.epoch),
        sequence: state.position.sequence.0,
        users: state.users.len() as u64,
        posts: state.outboxes.posts.total().saturating_sub(state.reposts.orphans()),
        follows: state.graph.follows(),
        mutes: state.graph.mutes.len() as u64,
        private: state.requests.private.len() as u64,
        requests: state.requests.asked.len() as u64,
        blocks: state.graph.blocks.len() as u64,
        user_groups: state.groups.total(),
        group_members: state.groups.members(),
        reactions: state.responses.reactions(),
        reposts: state.reposts.total(),
        restricted_posts: state.audiences.total(),
        comments: state.responses.comments(),
        response_lists: u64::from(state.responses.lists()),
        marks: state.marks.total(),
        revised_posts: state.revisions.total(),
        suspended_users,
        hidden_posts,
        broadcasts_live,
        broadcasts_scheduled,
        broadcast_replays,
        forgetting: forgetting as u64,
        forgotten: forgotten as u64,
        forgotten_things: shared.forgetting.total(),
        live_sessions: sessions.open,
        live_session_bytes: sessions.bytes,
        live_sessions_expired: sessions.expired,
        receipts: state.receipts.len() as u64,
        segments: segments.count() as u64,
        sealed_bytes: sealed_bytes(&segments, |_| true),
        view_files: manifest.views.len() as u64,
        view_bytes: manifest.views.iter().map(|view| view.len).sum(),
        graves: state.graves_count(),
        unflushed: state.position.sequence.0.saturating_sub(manifest.covered.0),
        queue_depth: queue_depth as u64,
        writes_changed: Counters::load(&tally.changed),
        writes_unchanged: Counters::load(&tally.unchanged),
        writes_refused: Counters::load(&tally.refused),
        groups: Counters::load(&log.groups),
        log_bytes: Counters::load(&log.bytes),
        syncs: Counters::load(&log.syncs),
        sync_micros: Counters::load(&log.sync_micros),
        sync_micros_max: Counters::load(&log.sync_micros_max),
        pages: Counters::load(&tally.pages),
        posts_read: Counters::load(&tally.posts_read),
        posts_cached: Counters::load(&tally.posts_cached),
        posts_loaded: Counters::load(&tally.posts_loaded),
        posts_cache_bytes: shared.posts.bytes(),
        ties_cached: Counters::load(&tally.ties_cached),
        ties_loaded: Counters::load(&tally.ties_loaded),
        ties_cache_bytes: shared.ties.bytes(),
        block_cache_bytes: segments.blocks.bytes(),
        packed_bytes: sealed_bytes(&segments, |segment| segment.is_packed()),
        retained_segments: retained.segments,
        retained_bytes: retained.bytes_before.saturating_sub(retained.bytes_after),
        erased: manifest.erased.0,
        scrubbed_files: scrubbed.files,
        scrubbed_bytes: scrubbed.bytes,
        scrub_passes: scrubbed.passes,
        background_faults: faults(shared).count() as u64,
        damages: scrubbed.damages.len() as u64,
        audits: audited.homes,
        audit_mismatches: audited.mismatches,
        ..Counters::default()
    };
    let counters = counters.with_delivery(&state.delivery);
    // Whoever tells watches holds the hub and looks at the state.
    drop(state);
    Ok(counters.with_watches(&shared.hub))
}

fn sealed_bytes(segments: &Segments, counts: impl Fn(&SealedSegment) -> bool) -> u64 {
    let counted = segments.sealed.iter().filter(|segment| counts(segment));
    counted.map(|segment| segment.file_len()).sum()
}

/// The counters and options as named fields in sections.
pub(crate) fn status(shared: &Shared, counters: Counters) -> Result<Status> {
    let number = StatusValue::Number;
    let text = StatusValue::Text;
    let options = &shared.options;
    let policy = shared.state()?.delivery.options.policy;
    let writable = shared.fault().map_or_else(|| "yes".to_owned(), |fault| fault.to_string());
    let mut fields = vec![
        ("log", "database", text(shared.database.to_string())),
        ("log", "epoch", number(counters.epoch)),
        ("log", "sequence", number(counters.sequence)),
        ("log", "segments", number(counters.segments)),
        ("log", "sealed_bytes", number(counters.sealed_bytes)),
        ("log", "appended_bytes", number(counters.log_bytes)),
        ("log", "groups", number(counters.groups)),
        ("log", "syncs", number(counters.syncs)),
        ("log", "sync_micros", number(counters.sync_micros)),
        ("log", "sync_micros_max", number(counters.sync_micros_max)),
        ("views", "users", number(counters.users)),
        ("views", "posts", number(counters.posts)),
        ("views", "follows", number(counters.follows)),
        ("views", "mutes", number(counters.mutes)),
        ("views", "private", number(counters.private)),
        ("views", "requests", number(counters.requests)),
        ("views", "blocks", number(counters.blocks)),
        ("views", "groups", number(counters.user_groups)),
        ("views", "group_members", number(counters.group_members)),
        ("views", "reactions", number(counters.reactions)),
        ("views", "reposts", number(counters.reposts)),
        ("views", "restricted_posts", number(counters.restricted_posts)),
        ("views", "comments", number(counters.comments)),
        ("views", "response_lists", number(counters.response_lists)),
        ("views", "marks", number(counters.marks)),
        ("views", "revised_posts", number(counters.revised_posts)),
        ("views", "suspended_users", number(counters.suspended_users)),
        ("views", "hidden_posts", number(counters.hidden_posts)),
        ("views", "broadcasts_live", number(counters.broadcasts_live)),
        ("views", "broadcasts_scheduled", number(counters.broadcasts_scheduled)),
        ("views", "broadcast_replays", number(counters.broadcast_replays)),
        ("views", "receipts", number(counters.receipts)),
        ("forgotten", "under_way", number(counters.forgetting)),
        ("forgotten", "users", number(counters.forgotten)),
        ("forgotten", "removed", number(counters.forgotten_things)),
        ("live_sessions", "open", number(counters.live_sessions)),
        ("live_sessions", "bytes", number(counters.live_session_bytes)),
        ("live_sessions", "expired", number(counters.live_sessions_expired)),
        ("files", "views", number(counters.view_files)),
        ("files", "view_bytes", number(counters.view_bytes)),
        ("files", "graves", number(counters.graves)),
        ("files", "unflushed", number(counters.unflushed)),
        ("files", "background", text(background(shared))),
        ("files", "scrubbed", number(counters.scrubbed_files)),
        ("files", "scrub_passes", number(counters.scrub_passes)),
        ("files", "damage", text(damage(shared))),
        ("retention", "erased_until", number(counters.erased)),
        ("retention", "rewritten_segments", number(counters.retained_segments)),
        ("retention", "freed_bytes", number(counters.retained_bytes)),
        ("retention", "packed_bytes", number(counters.packed_bytes)),
        ("commit", "writable", text(writable)),
        ("commit", "queue_depth", number(counters.queue_depth)),
        ("commit", "changed", number(counters.writes_changed)),
        ("commit", "unchanged", number(counters.writes_unchanged)),
        ("commit", "refused", number(counters.writes_refused)),
    ];
    fields.extend(reads(&counters));
    fields.extend(feeds(&counters, policy, audit(shared)));
    fields.extend(settings(options));
    Ok(Status { position: shared.state()?.position, fields })
}

type Field = (&'static str, &'static str, StatusValue);

/// What was read, and out of what.
fn reads(counters: &Counters) -> Vec<Field> {
    let number = StatusValue::Number;
    vec![
        ("reads", "pages", number(counters.pages)),
        ("reads", "posts", number(counters.posts_read)),
        ("reads", "posts_cached", number(counters.posts_cached)),
        ("reads", "posts_from_files", number(counters.posts_loaded)),
        ("reads", "memory_hit_percent", number(counters.memory_hit_percent())),
        ("reads", "posts_cache_bytes", number(counters.posts_cache_bytes)),
        ("reads", "ties_cached", number(counters.ties_cached)),
        ("reads", "ties_from_files", number(counters.ties_loaded)),
        ("reads", "ties_cache_bytes", number(counters.ties_cache_bytes)),
        ("reads", "block_cache_bytes", number(counters.block_cache_bytes)),
    ]
}

/// How homes are delivered and watched.
fn feeds(counters: &Counters, policy: Policy, audit: String) -> Vec<Field> {
    let (number, text) = (StatusValue::Number, StatusValue::Text);
    vec![
        ("delivery", "policy", text(policy.to_string())),
        ("delivery", "inboxes", number(counters.inboxes)),
        ("delivery", "inbox_entries", number(counters.inbox_entries)),
        ("delivery", "inbox_bytes", number(counters.inbox_bytes)),
        ("delivery", "deliveries", number(counters.deliveries)),
        ("delivery", "posts", number(counters.delivered_posts)),
        ("delivery", "backlog", number(counters.backlog)),
        ("delivery", "jobs", number(counters.fan_out_jobs)),
        ("delivery", "inbox_pages", number(counters.inbox_pages)),
        ("delivery", "pulled_authors", number(counters.pulled_authors)),
        ("delivery", "built", number(counters.inboxes_built)),
        ("delivery", "hibernated", number(counters.hibernated)),
        ("delivery", "audits", number(counters.audits)),
        ("delivery", "audit", text(audit)),
        ("watches", "open", number(counters.watches)),
        ("watches", "users", number(counters.watched_users)),
        ("watches", "events", number(counters.watch_events)),
        ("watches", "lags", number(counters.watch_lags)),
        ("watches", "gaps", number(counters.watch_gaps)),
    ]
}

fn settings(options: &Options) -> Vec<Field> {
    let (number, text) = (StatusValue::Number, StatusValue::Text);
    vec![
        ("options", "durability", text(durability(options.durability))),
        ("options", "max_followees", number(options.followees_max as u64)),
        ("options", "max_friends", number(options.friends_max as u64)),
        ("options", "max_requests", number(options.requests_max as u64)),
        ("options", "max_groups", number(options.groups_max as u64)),
        ("options", "max_comment_bytes", number(options.comment_bytes_max as u64)),
        ("options", "max_members", number(options.members_max as u64)),
        ("options", "max_devices", number(options.devices_max as u64)),
        ("options", "max_board", number(options.board_max as u64)),
        ("options", "live_sessions_memory", number(options.live_sessions_bytes)),
        ("options", "live_sessions_seconds", number(options.live_sessions_age.as_secs())),
        ("options", "segment_bytes", number(options.segment_bytes)),
        ("options", "memory_budget", number(options.memory_budget)),
        ("options", "erase_within_seconds", number(options.erase_within.as_secs())),
        ("options", "keep_revisions", number(u64::from(options.keep_revisions))),
        ("options", "cold_after_seconds", number(options.cold_after.as_secs())),
    ]
}

impl Counters {
    fn with_delivery(self, delivery: &Delivery) -> Self {
        let (inbox_entries, inbox_bytes) = delivery.inboxes.size();
        let (flights, tally) = (delivery.flights(), &delivery.tally);
        Self {
            inboxes: delivery.inboxes.count() as u64,
            inbox_entries,
            inbox_bytes,
            deliveries: Tally::total(&tally.deliveries),
            delivered_posts: Tally::total(&tally.posts),
            backlog: flights.waiting() as u64,
            fan_out_jobs: flights.jobs().len() as u64,
            inbox_pages: Tally::total(&tally.inbox_pages),
            pulled_authors: Tally::total(&tally.pulled),
            inboxes_built: Tally::total(&tally.built),
            hibernated: Tally::total(&tally.hibernated),
            ..self
        }
    }

    fn with_watches(self, hub: &Hub) -> Self {
        let (watches, watched_users) = {
            let index = &hub.lock().index;
            (index.watches() as u64, index.users() as u64)
        };
        Self {
            watches,
            watched_users,
            watch_events: Self::load(&hub.tally.events),
            watch_lags: Self::load(&hub.tally.lags),
            watch_gaps: Self::load(&hub.tally.gaps),
            ..self
        }
    }

    /// Of a hundred posts answered, how many needed no file; 100 if there were none.
    #[must_use]
    pub fn memory_hit_percent(&self) -> u64 {
        let hits = self.posts_read.saturating_sub(self.posts_loaded);
        (hits * 100).checked_div(self.posts_read).unwrap_or(100)
    }
}

/// How the background work fares: "ok", or why it does not get on.
fn background(shared: &Shared) -> String {
    let faults: Vec<String> = faults(shared).map(|fault| fault.to_string()).collect();
    if faults.is_empty() { "ok".to_owned() } else { faults.join("; ") }
}

/// Why flushes, upkeep of view files, retention or forgetting do not get on: of each that does not.
fn faults(shared: &Shared) -> impl Iterator<Item = Error> {
    let views = [shared.flush_fault(), shared.upkeep_fault()];
    let others = [shared.retained.total().fault, shared.forgetting.fault()];
    views.into_iter().chain(others).flatten()
}

/// What the scrubber found of the log, or "none".
fn damage(shared: &Shared) -> String {
    let found = shared.scrubbed.findings().damages;
    let texts: Vec<String> = found.iter().map(ToString::to_string).collect();
    if texts.is_empty() { "none".to_owned() } else { texts.join("; ") }
}

/// What the auditor found of homes: "ok", or the last one that was not what it must be.
fn audit(shared: &Shared) -> String {
    shared.audited.findings().last.unwrap_or_else(|| "ok".to_owned())
}

fn durability(durability: Durability) -> String {
    match durability {
        Durability::Fsync => "fsync".to_owned(),
        Durability::Interval(interval) => format!("interval:{}", interval.as_millis()),
        Durability::Os => "os".to_owned(),
    }
}
