//! `EXPLAIN`, `VERIFY`, `FANOUT`, `DELIVERY`, `ADVISE`: how posts get into homes.

use fanfold_engine::{
    Advice, DeliveryOptions, Engine, Error, Explained, FanOutProgress, HomeSteps, Moment, Policy,
    PolicyCost, PostId, UserId, Verified, Way, Why,
};

use super::answer::line;
use super::audiences;
use crate::text::{escape, time};

/// One line: present or absent, and why.
pub(super) fn explained(user: UserId, post: PostId, found: &Explained) -> String {
    let author = found.author.map_or_else(String::new, |author| format!(" author={author}"));
    let why = match &found.why {
        Why::Present { since, way } => {
            format!("present followed_since={} way={}", moment(*since), way_name(*way))
        }
        Why::NotFollowing { ended } => {
            let ended =
                ended.map_or_else(String::new, |at| format!(" unfollowed_at={}", moment(at)));
            format!("absent reason=not_following{ended}")
        }
        Why::Muted { since } => format!("absent reason=muted muted_since={}", moment(*since)),
        Why::Apart { group, since } => {
            let group = escape(group.as_str().as_bytes());
            format!("absent reason=exclusive_group group={group} since={}", moment(*since))
        }
        Why::Blocked { by, since } => {
            format!("absent reason=blocked blocked_by={by} blocked_since={}", moment(*since))
        }
        Why::Audience { post: of, audience } => {
            format!("absent reason=audience of={of} audience={}", audiences::who(audience))
        }
        Why::OriginalHidden { root, author } => {
            format!("absent reason=original_hidden root={root} root_author={author}")
        }
        Why::OriginalDeleted { root, at } => {
            let at = at.map_or_else(String::new, |at| format!(" deleted_at={}", moment(at)));
            format!("absent reason=original_deleted root={root}{at}")
        }
        Why::Deleted { at } => {
            let at = at.map_or_else(String::new, |at| format!(" deleted_at={}", moment(at)));
            format!("absent reason=deleted{at}")
        }
        Why::Suspended { since } => {
            format!("absent reason=suspended suspended_since={}", moment(*since))
        }
        Why::Hidden { since } => format!("absent reason=hidden hidden_since={}", moment(*since)),
        Why::NoSuchPost => "absent reason=no_such_post".to_owned(),
        _ => "absent reason=other".to_owned(),
    };
    format!("EXPLAIN user={user} post={post}{author} {why} position={}\n", found.position)
}

/// `sequence@time`, or the sequence alone.
fn moment(moment: Moment) -> String {
    let at = moment.time.map_or_else(String::new, |at| format!("@{}", time(at).replace(' ', "T")));
    format!("{}{at}", moment.sequence)
}

fn way_name(way: Way) -> &'static str {
    match way {
        Way::Pushed => "pushed",
        Way::Pulled => "pulled",
        Way::InFlight => "in_flight",
    }
}

/// One line: what a read of the newest page did.
pub(super) fn home(user: UserId, steps: &HomeSteps) -> String {
    let source = match (steps.from_inbox, steps.inbox_built) {
        (true, false) => "inbox",
        (true, true) => "inbox_built_now",
        (false, _) => "outboxes",
    };
    format!(
        "EXPLAIN HOME user={user} source={source} entries={} from_inbox={} authors_pulled={} \
         authors_skipped={} in_flight={} select_us={} content_us={} position={}\n",
        steps.entries,
        steps.inbox_entries,
        steps.authors_pulled,
        steps.authors_skipped,
        steps.in_flight,
        steps.select_micros,
        steps.content_micros,
        steps.position
    )
}

/// One line: the same, or the newest post that differs.
pub(super) fn verified(user: UserId, found: &Verified) -> String {
    let Verified { position, entries, mismatch, .. } = found;
    match mismatch {
        None => format!("VERIFY user={user} ok entries={entries} position={position}\n"),
        Some((post, is_shown)) => {
            let what = if *is_shown { "shown_and_should_not_be" } else { "missing" };
            format!(
                "VERIFY user={user} MISMATCH post={post} {what} entries={entries} \
                 position={position}\n"
            )
        }
    }
}

/// One line: how far the fan-out is.
pub(super) fn progress(post: PostId, progress: Option<FanOutProgress>) -> String {
    match progress {
        None => format!("FANOUT post={post} done\n"),
        Some(FanOutProgress { ahead, done, readers, .. }) => {
            let readers = readers.map_or_else(|| "?".to_owned(), |count| count.to_string());
            format!("FANOUT post={post} in_flight ahead={ahead} readers={done}/{readers}\n")
        }
    }
}

/// A line about what was seen, one about each policy, and what to choose.
pub(super) fn advice(advice: &Advice) -> String {
    let Advice { window, posts, pages, readers, sampled, position, .. } = advice;
    let mut out = String::new();
    line(
        &mut out,
        format_args!(
            "ADVISE window_seconds={} posts={posts} pages={pages} readers={readers} \
             sampled={sampled} position={position}",
            window.as_secs()
        ),
    );
    for cost in &advice.policies {
        let PolicyCost { policy, deliveries, inbox_bytes, pulled_authors, cpu_micros } = *cost;
        let per_page = advice.per_page(pulled_authors);
        let [deliveries, pulled, cpu] =
            [deliveries, pulled_authors, cpu_micros].map(|total| advice.per_second(total));
        let mark = if policy == advice.running { " running" } else { "" };
        line(
            &mut out,
            format_args!(
                "policy={policy} deliveries_per_second={deliveries:.1} inbox_bytes={inbox_bytes} \
                 pulled_per_page={per_page:.1} pulled_per_second={pulled:.1} \
                 cpu_micros_per_second={cpu:.1}{mark}"
            ),
        );
    }
    match advice.cheapest {
        None => line(&mut out, format_args!("(nothing was read or published yet: no advice)")),
        Some(policy) if policy == advice.running => {
            line(&mut out, format_args!("(cheapest: {policy}, which runs)"));
        }
        Some(policy) => {
            line(&mut out, format_args!("(cheapest: {policy}; change to it: DELIVERY {policy})"));
        }
    }
    out
}

/// Changes the policy if one is given; says which holds.
pub(super) fn policy(engine: &Engine, wanted: Option<Policy>) -> Result<String, Error> {
    let before = engine.delivery()?;
    let now = match wanted {
        Some(policy) if policy != before.policy => {
            let options = DeliveryOptions { policy, ..before };
            engine.set_delivery(options)?;
            options
        }
        _ => before,
    };
    let DeliveryOptions { policy, big_author, active_fans, active_window, .. } = now;
    Ok(format!(
        "DELIVERY policy={policy} big_author={big_author} active_fans={active_fans} \
         active_window_seconds={}\n",
        active_window.as_secs()
    ))
}
