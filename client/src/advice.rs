//! What each delivery policy costs, read out of a status.
//!
//! Names come and go between releases of the server: a number that is not there reads as 0, a policy
//! that this client does not know is told under its name.

use std::time::Duration;

use crate::answer::{Status, StatusValue};
use crate::ids::Position;

/// What each delivery policy costs, for what was read and published lately. Estimates; what the server
/// counts is in its [status](crate::Client::status).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// The newest position when it was asked for.
    pub position: Position,
    /// How long was looked at.
    pub window: Duration,
    /// Posts in that time.
    pub posts: u64,
    /// Pages of homes in that time.
    pub pages: u64,
    /// Readers who have, or would have, an inbox.
    pub readers: u64,
    /// How many of them were looked at.
    pub sampled: u64,
    /// The policy that runs.
    pub running: String,
    /// The one that costs least processor time; `None` if nothing was seen.
    pub cheapest: Option<String>,
    /// In the server's order.
    pub policies: Vec<PolicyCost>,
}

/// What one policy costs: totals of [`Advice::window`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyCost {
    /// Its name, as in the server's settings.
    pub policy: String,
    /// Posts put into inboxes.
    pub deliveries: u64,
    /// Bytes of inboxes once all readers have one.
    pub inbox_bytes: u64,
    /// Authors whose outboxes are looked at for pages.
    pub pulled_authors: u64,
    /// Processor time of these deliveries and pages, in microseconds; not that of what all policies do
    /// alike.
    pub cpu_micros: u64,
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

    pub(crate) fn of(status: Status) -> Self {
        let number = |wanted: &str| {
            let field = status.fields.iter().find(|field| field.name == wanted);
            field.and_then(|field| field.value.number()).unwrap_or(0)
        };
        let text = |wanted: &str| {
            let field = status.fields.iter().find(|field| field.name == wanted);
            field.and_then(|field| field.value.text()).map(str::to_owned)
        };
        let mut policies: Vec<PolicyCost> = Vec::new();
        for field in &status.fields {
            let (Some((policy, what)), Some(number)) =
                (field.name.rsplit_once('.'), field.value.number())
            else {
                continue;
            };
            if policies.last().is_none_or(|cost| cost.policy != policy) {
                policies.push(PolicyCost { policy: policy.to_owned(), ..PolicyCost::default() });
            }
            let Some(cost) = policies.last_mut() else { continue };
            match what {
                "deliveries" => cost.deliveries = number,
                "inbox_bytes" => cost.inbox_bytes = number,
                "pulled_authors" => cost.pulled_authors = number,
                "cpu_micros" => cost.cpu_micros = number,
                _ => {}
            }
        }
        Self {
            position: status.position,
            window: Duration::from_millis(number("window_millis")),
            posts: number("posts"),
            pages: number("pages"),
            readers: number("readers"),
            sampled: number("sampled"),
            running: text("running").unwrap_or_default(),
            cheapest: text("cheapest"),
            policies,
        }
    }
}

impl StatusValue {
    /// The number, if it is one.
    #[must_use]
    pub fn number(&self) -> Option<u64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(_) => None,
        }
    }

    /// The text, if it is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Number(_) => None,
            Self::Text(text) => Some(text),
        }
    }
}

fn ratio(total: Duration, by: Duration) -> f64 {
    if by.is_zero() { 0.0 } else { total.as_secs_f64() / by.as_secs_f64() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::StatusField;
    use crate::ids::{Epoch, Sequence};

    #[test]
    fn what_is_not_known_does_not_hurt() {
        let position = Position { epoch: Epoch(1), sequence: Sequence(9) };
        let field = |name: &str, value| StatusField { name: name.to_owned(), value };
        let fields = vec![
            field("window_millis", StatusValue::Number(2_000)),
            field("pages", StatusValue::Number(4)),
            field("running", StatusValue::Text("push".to_owned())),
            field("shiny", StatusValue::Number(5)),
            field("push.deliveries", StatusValue::Number(30)),
            field("push.shiny", StatusValue::Number(5)),
            field("active-fans.pulled_authors", StatusValue::Number(10)),
        ];
        let advice = Advice::of(Status { position, fields });
        assert_eq!((advice.running.as_str(), advice.cheapest.as_deref()), ("push", None));
        let [push, fans] = advice.policies.as_slice() else { panic!("{advice:?}") };
        assert_eq!((push.policy.as_str(), advice.per_second(push.deliveries)), ("push", 15.0));
        assert_eq!(
            (fans.policy.as_str(), advice.per_page(fans.pulled_authors)),
            ("active-fans", 2.5)
        );
    }
}
