//! How advice about delivery looks: a table for people, one object for machines.

use fanfold_client::{Advice, PolicyCost};
use serde_json::{Value, json};

use crate::present::grouped;

pub(crate) fn json(advice: &Advice) -> Value {
    let cost = |cost: &PolicyCost| {
        json!({
            "policy": cost.policy,
            "deliveries_per_second": advice.per_second(cost.deliveries),
            "inbox_bytes": cost.inbox_bytes,
            "pulled_per_page": advice.per_page(cost.pulled_authors),
            "pulled_per_second": advice.per_second(cost.pulled_authors),
            "cpu_micros_per_second": advice.per_second(cost.cpu_micros),
        })
    };
    json!({
        "epoch": advice.position.epoch.0,
        "sequence": advice.position.sequence.0,
        "window_seconds": advice.window.as_secs_f64(),
        "posts": advice.posts,
        "pages": advice.pages,
        "readers": advice.readers,
        "sampled": advice.sampled,
        "running": advice.running,
        "cheapest": advice.cheapest,
        "policies": advice.policies.iter().map(cost).collect::<Vec<_>>(),
    })
}

pub(crate) fn text(advice: &Advice) -> Vec<String> {
    let seconds = advice.window.as_secs();
    let mut lines = vec![
        format!(
            "in {} s: {} posts, {} pages; {} readers, {} of them looked at",
            grouped(seconds),
            grouped(advice.posts),
            grouped(advice.pages),
            grouped(advice.readers),
            grouped(advice.sampled)
        ),
        format!(
            "{:<14}{:>14}{:>16}{:>13}{:>14}{:>12}",
            "policy", "deliveries/s", "inbox bytes", "pulled/page", "pulled/s", "cpu us/s"
        ),
    ];
    for cost in &advice.policies {
        let mark = if cost.policy == advice.running { "*" } else { "" };
        lines.push(format!(
            "{:<14}{:>14.1}{:>16}{:>13.1}{:>14.1}{:>12.1}",
            format!("{}{mark}", cost.policy),
            advice.per_second(cost.deliveries),
            grouped(cost.inbox_bytes),
            advice.per_page(cost.pulled_authors),
            advice.per_second(cost.pulled_authors),
            advice.per_second(cost.cpu_micros)
        ));
    }
    lines.push(match &advice.cheapest {
        None => "nothing was read or published yet: no advice".to_owned(),
        Some(policy) if *policy == advice.running => format!("* runs; {policy} costs least"),
        Some(policy) => format!("* runs; {policy} would cost least"),
    });
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use fanfold_client::{Epoch, Position, Sequence};
    use std::time::Duration;

    #[test]
    fn a_table_marks_what_runs_and_names_what_costs_least() {
        let cost = |policy: &str, deliveries| PolicyCost {
            policy: policy.to_owned(),
            deliveries,
            inbox_bytes: 1_234,
            pulled_authors: 9,
            cpu_micros: 50,
        };
        let mut advice = Advice {
            position: Position { epoch: Epoch(1), sequence: Sequence(17) },
            window: Duration::from_secs(20),
            posts: 5,
            pages: 3,
            readers: 2_000,
            sampled: 1_024,
            running: "push".to_owned(),
            cheapest: Some("pull".to_owned()),
            policies: vec![cost("pull", 0), cost("push", 30)],
        };
        let lines = text(&advice);
        assert_eq!(lines[0], "in 20 s: 5 posts, 3 pages; 2,000 readers, 1,024 of them looked at");
        assert_eq!(
            lines[3],
            "push*                    1.5           1,234          3.0           0.5         2.5"
        );
        assert_eq!(lines[4], "* runs; pull would cost least");
        advice.cheapest = None;
        assert!(text(&advice).last().is_some_and(|line| line.ends_with("no advice")));
        assert_eq!(json(&advice)["policies"][1]["deliveries_per_second"], 1.5);
    }
}
