//! Whether a lever can act at all. A breaker that never opens and a timeout that outlasts the users stand in the policy and
//! protect nobody. How well a lever is set is not asked: the users' goodput says that.

use std::collections::BTreeMap;
use std::time::Duration;

use resilience::policy::Span;
use serde_json::Value;

/// Fields that hold a value, by their path.
pub(super) type Fields<'a> = BTreeMap<String, &'a Value>;

/// Two policies, and how long users wait.
pub(super) struct Change<'a> {
    pub(super) before: &'a Fields<'a>,
    pub(super) after: &'a Fields<'a>,
    pub(super) patience: Duration,
}

/// The policy document's defaults.
const WORKERS: f64 = 200.0;
const QUEUE: f64 = 10_000.0;
const WINDOW: f64 = 100.0;
const RATE: f64 = 0.5;
const BUDGET: f64 = 0.2;

impl Change<'_> {
    /// Whether what a changed field belongs to can do anything for the users.
    pub(super) fn acts(&self, path: &str, value: &Value) -> bool {
        let parts: Vec<&str> = path.split('.').collect();
        let has = |name: &str| parts.contains(&name);
        let last = parts.last().copied().unwrap_or_default();
        match last {
            "attempt_timeout" | "total_timeout" => self.within(Some(value), Duration::ZERO),
            // Nobody works for a user who has left: that is a bound too.
            "deadline" => self.within(Some(value), Duration::from_nanos(1)),
            _ if has("breaker") => self.opens(&stem(path, "breaker")),
            _ if has("retry") => self.bounds(path, last, value),
            _ if has("bulkheads") || last == "bulkhead" => {
                value.as_f64().is_some_and(|held| held < self.workers(&parts))
            }
            _ if has("queue") => self.sheds(path, last, value),
            _ if has("settler") => value.as_f64().is_some_and(|rate| rate > 0.0),
            "second" => value.as_f64().is_some_and(|share| share > 0.0),
            _ => true,
        }
    }

    /// It can open: on failures, or on calls that are slow before their users leave; and it may look at enough of them.
    fn opens(&self, stem: &str) -> bool {
        let text = |name: &str| self.field(stem, name).and_then(Value::as_str);
        let number =
            |name: &str, usual: f64| self.number(self.after, &format!("{stem}.{name}")).unwrap_or(usual);
        let counted = text("window_time").is_none_or(|time| time == "off");
        let window = number("window", WINDOW);
        let enough = !counted || number("minimum_calls", window) <= window;
        let slow = self.within(self.field(stem, "slow_call_duration"), Duration::ZERO);
        match text("state") {
            Some("disabled" | "metrics_only") => false,
            Some("forced_open") => true,
            _ => enough && (number("failure_rate", RATE) < 1.0 || slow),
        }
    }

    /// Fewer retries than before, or a budget that is less than one for each call. A backoff spreads them and bounds none.
    fn bounds(&self, path: &str, last: &str, value: &Value) -> bool {
        match last {
            "max_retries" => value.as_f64() < Some(self.number(self.before, path).unwrap_or_default()),
            "retry" | "on" => true,
            _ if path.contains(".budget.") => {
                let ratio = format!("{}.ratio", stem(path, "budget"));
                self.number(self.after, &ratio).unwrap_or(BUDGET) < 1.0
            }
            _ => false,
        }
    }

    /// A shorter queue, one with another order, or one that lets nobody wait longer than a user does.
    fn sheds(&self, path: &str, last: &str, value: &Value) -> bool {
        match last {
            "limit" => value.as_f64() < Some(self.number(self.before, path).unwrap_or(QUEUE)),
            "order" => value.as_str() != Some("fifo"),
            "wait" => self.within(Some(value), Duration::ZERO),
            _ => true,
        }
    }

    /// The workers of the service that a path is about.
    fn workers(&self, parts: &[&str]) -> f64 {
        let service = parts.get(1).copied().unwrap_or("*");
        let of = |service: &str| self.number(self.after, &format!("services.{service}.server.workers"));
        of(service).or_else(|| of("*")).unwrap_or(WORKERS)
    }

    /// Below the users' patience, with so much more allowed.
    fn within(&self, value: Option<&Value>, more: Duration) -> bool {
        let span = value.and_then(Value::as_str).and_then(|text| text.parse::<Span>().ok());
        span.is_some_and(|span| span.get() < self.patience + more)
    }

    fn field(&self, stem: &str, name: &str) -> Option<&Value> {
        self.after.get(&format!("{stem}.{name}")).copied()
    }

    fn number(&self, fields: &Fields<'_>, path: &str) -> Option<f64> {
        fields.get(path).and_then(|value| value.as_f64())
    }
}

/// A path up to the part of this name.
fn stem(path: &str, name: &str) -> String {
    let at = path.find(&format!(".{name}.")).map_or(path.len(), |at| at + 1 + name.len());
    path[..at].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const CALL: &str = "services.payment.calls.bank.charge";

    /// Whether the first of these fields acts, of users who wait 10 s; `before` had a queue of 100 and 3 retries.
    fn acts(fields: &[(&str, Value)]) -> bool {
        let (limit, retries) = (json!(100), json!(3));
        let queue = ("services.payment.server.queue.limit".to_owned(), &limit);
        let before = Fields::from([queue, (format!("{CALL}.retry.max_retries"), &retries)]);
        let after: Fields<'_> = fields.iter().map(|(path, value)| ((*path).to_owned(), value)).collect();
        let change = Change { before: &before, after: &after, patience: Duration::from_secs(10) };
        change.acts(fields[0].0, &fields[0].1)
    }

    fn of_call(fields: &[(&str, Value)]) -> bool {
        let paths: Vec<String> = fields.iter().map(|(name, _)| format!("{CALL}.{name}")).collect();
        let fields: Vec<_> =
            paths.iter().zip(fields).map(|(path, (_, value))| (path.as_str(), value.clone())).collect();
        acts(&fields)
    }

    #[test]
    fn a_timeout_ends_before_the_users_leave_and_a_deadline_when_they_do() {
        assert!(of_call(&[("attempt_timeout", json!("400ms"))]));
        for longer in ["10s", "300s"] {
            assert!(!of_call(&[("attempt_timeout", json!(longer))]), "{longer}");
        }
        assert!(acts(&[("services.frontend.deadline", json!("10s"))]));
        assert!(!acts(&[("services.frontend.deadline", json!("11s"))]));
    }

    #[test]
    fn a_breaker_can_open() {
        assert!(of_call(&[("breaker.window", json!(100))]), "by the defaults");
        assert!(!of_call(&[("breaker.failure_rate", json!(1.0))]));
        let slow = |duration: &str| {
            of_call(&[("breaker.failure_rate", json!(1.0)), ("breaker.slow_call_duration", json!(duration))])
        };
        assert!(slow("400ms") && !slow("30s") && !slow("off"));
        let fields = [("breaker.minimum_calls", json!(200)), ("breaker.window", json!(100))];
        assert!(!of_call(&fields));
        assert!(!of_call(&[("breaker.state", json!("disabled"))]));
    }

    #[test]
    fn a_bulkhead_is_narrower_than_the_pool() {
        let bulkhead = |held: u32| {
            acts(&[
                ("services.payment.server.bulkheads.Charge", json!(held)),
                ("services.payment.server.workers", json!(200)),
            ])
        };
        assert!(bulkhead(150) && !bulkhead(200));
        assert!(!of_call(&[("bulkhead", json!(400))]), "of the default");
    }

    #[test]
    fn a_queue_is_shorter_than_before_or_stands_in_another_order() {
        let queue = |field: &str, value: Value| {
            let path = format!("services.payment.server.queue.{field}");
            acts(&[(path.as_str(), value)])
        };
        assert!(queue("limit", json!(50)) && !queue("limit", json!(100)) && !queue("limit", json!(999)));
        assert!(queue("order", json!("lifo")) && !queue("order", json!("fifo")));
        assert!(queue("wait", json!("1s")) && !queue("wait", json!("60s")));
    }

    #[test]
    fn retries_are_fewer_or_on_a_budget() {
        assert!(of_call(&[("retry.max_retries", json!(0))]) && !of_call(&[("retry.max_retries", json!(4))]));
        assert!(of_call(&[("retry.budget.min_per_second", json!(10))]));
        assert!(!of_call(&[("retry.budget.ratio", json!(1.0))]), "a budget of one each is none");
        assert!(!of_call(&[("retry.backoff.base", json!("1s"))]));
    }

    #[test]
    fn a_settler_settles() {
        assert!(acts(&[("services.order.settler.rate", json!(60))]));
        assert!(!acts(&[("services.order.settler.rate", json!(0))]));
    }
}
