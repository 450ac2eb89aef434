//! Safe bounds: how far a policy may be turned before a fix is no longer a fix.
//!
//! Judged on what is in force, not on what is written: a bound on payment's workers also holds a value from the `*`
//! row, and the default. `services.*` bounds every service, `calls.*` every call of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::document::Document;
use super::problem::Problem;
use super::snapshot::Snapshot;
use super::span::Span;
use super::topology::{self, ANY, SERVICES};
use super::{path, scale, schema, shape};

/// A bound on one number or one time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bound {
    /// `services.payment.server.workers`
    pub path: String,
    /// Inclusive; times are in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
}

/// A value in force that is out of its bound.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Violation {
    /// Of the service and the call that violates it, without `*`.
    pub path: String,
    /// As it is written: `10000`, `"30s"`, `"off"`.
    pub value: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
}

impl Bound {
    /// The bound for a lab at `scale`; one on a time or a share stays.
    pub fn scaled(&self, scale: f64) -> Bound {
        let keys = path::split(&self.path);
        let scaled = |bound: f64| scale::scaled(&keys, bound, scale);
        Bound { path: self.path.clone(), min: self.min.map(scaled), max: self.max.map(scaled) }
    }
}

/// All the values in force that are out of bounds. Of a document that cannot be read nothing is known to be safe:
/// every bound is violated, by null.
pub fn violations(document: &Value, bounds: &[Bound]) -> Vec<Violation> {
    let read = Document::read(document.clone()).ok();
    let mut rows: BTreeMap<String, Value> = BTreeMap::new();
    let mut violations = Vec::new();
    for bound in bounds {
        let mut violated = |path: &str, value: Value| {
            violations.push(Violation { path: path.to_owned(), value, min: bound.min, max: bound.max });
        };
        let Some(document) = &read else {
            violated(&bound.path, Value::Null);
            continue;
        };
        for keys in concrete(&path::split(&bound.path)) {
            let row =
                rows.entry(keys[1].clone()).or_insert_with(|| Snapshot::of(document, 0, &keys[1]).in_force());
            let Some(value) = in_force(row, &keys[2..]) else {
                continue;
            };
            let Some(number) = magnitude(&keys, &value) else {
                continue;
            };
            if bound.min.is_some_and(|min| number < min) || bound.max.is_some_and(|max| number > max) {
                violated(&path::join(&keys), value);
            }
        }
    }
    violations
}

/// All the bounds that bound nothing: a path that no document can have, or one that is not a number or a time.
pub fn check_bounds(bounds: &[Bound]) -> Vec<Problem> {
    bounds.iter().filter_map(check).collect()
}

fn check(bound: &Bound) -> Option<Problem> {
    let keys = path::split(&bound.path);
    if bound.min.is_none() && bound.max.is_none() {
        return Some(Problem::new(&keys, "a bound without `min` and `max` bounds nothing"));
    }
    if let (Some(min), Some(max)) = (bound.min, bound.max)
        && min > max
    {
        return Some(Problem::new(&keys, format!("no value is at least {min} and at most {max}")));
    }
    if concrete(&keys).is_empty() {
        let problem = Problem::new(&keys, "the shop has no such service or call");
        return Some(problem.allow(SERVICES.iter().map(|(name, _)| *name).chain([ANY])));
    }
    let root = schema::whole();
    let mut node = root;
    for (depth, key) in keys.iter().enumerate() {
        node = value_of(root, node);
        let known = node["properties"].as_object();
        node = match known.and_then(|known| known.get(key)) {
            Some(next) => next,
            None if node["additionalProperties"].is_object() => &node["additionalProperties"],
            None => {
                let names: Vec<&str> =
                    known.into_iter().flat_map(|known| known.keys().map(String::as_str)).collect();
                let problem = Problem::new(&keys[..=depth], format!("`{key}` is not a field here"));
                return Some(problem.allow(names.iter().copied()).meant(key, names));
            }
        };
    }
    let node = value_of(root, node);
    let bounded =
        matches!(node["type"].as_str(), Some("integer" | "number")) || node.get("pattern").is_some();
    (!bounded).then(|| Problem::new(&keys, "only a number or a time can be bounded"))
}

/// The value side of an `off | value`.
fn value_of<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let schema = shape::resolve(root, schema);
    let choices = schema["anyOf"].as_array();
    let value = choices.and_then(|choices| choices.iter().find(|choice| choice["const"] != "off"));
    value.map_or(schema, |value| shape::resolve(root, value))
}

/// The paths without `*` that a path stands for; none if it names what is not there.
fn concrete(keys: &[String]) -> Vec<Vec<String>> {
    let [root, service, rest @ ..] = keys else {
        return Vec::new();
    };
    if root != "services" {
        return Vec::new();
    }
    let mut paths = Vec::new();
    for (name, _) in SERVICES.iter().filter(|(name, _)| service == ANY || name == service) {
        let base = [root.clone(), (*name).to_owned()];
        match rest {
            [calls, key, rest @ ..] if calls == "calls" => {
                for (target, method) in topology::calls(name) {
                    let call = format!("{target}.{method}");
                    if *key == ANY || *key == call {
                        let tail = [calls.clone(), call].into_iter().chain(rest.iter().cloned());
                        paths.push(base.iter().cloned().chain(tail).collect());
                    }
                }
            }
            // What only one service has is bounded only there.
            [only, ..]
                if (only == "settler" && *name != "order") || (only == "deadline" && *name != "frontend") => {
            }
            _ => paths.push(base.iter().chain(rest).cloned().collect()),
        }
    }
    paths
}

/// What is in force at the keys below a service; `off` for a field of a policy that is off.
fn in_force(row: &Value, keys: &[String]) -> Option<Value> {
    let mut value = row;
    for key in keys {
        value = match value.get(key) {
            Some(next) => next,
            None if value == "off" => break,
            // A method without a bulkhead may hold every worker.
            None if keys.get(1).is_some_and(|key| key == "bulkheads") => {
                return Some(row["server"]["workers"].clone());
            }
            None if keys.get(1).is_some_and(|key| key == "rate_limits") => return Some("off".into()),
            None => return None,
        };
    }
    Some(value.clone())
}

/// A value as a number, times in seconds. None = there is nothing to judge.
fn magnitude(keys: &[String], value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(word) if word == "off" => off(keys),
        Value::String(text) => text.parse::<Span>().ok().map(|span| span.get().as_secs_f64()),
        _ => None,
    }
}

/// What `off` comes to: a limit that is off is no limit; what does nothing when it is off does nothing.
fn off(keys: &[String]) -> Option<f64> {
    let has = |name: &str| keys.iter().any(|key| key == name);
    if ["breaker", "throttle", "balance", "outlier", "hedge", "shed"].into_iter().any(has) {
        None
    } else if ["settler", "backoff", "floor", "shift"].into_iter().any(has) {
        Some(0.0)
    } else {
        Some(f64::INFINITY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn bound(path: &str, min: Option<f64>, max: Option<f64>) -> Bound {
        Bound { path: path.into(), min, max }
    }

    fn violated(document: &Value, path: &str, min: Option<f64>, max: Option<f64>) -> Vec<(String, Value)> {
        let bounds = [bound(path, min, max)];
        assert_eq!(check_bounds(&bounds), []);
        violations(document, &bounds).into_iter().map(|violation| (violation.path, violation.value)).collect()
    }

    #[test]
    fn a_bound_holds_what_is_in_force_wherever_it_was_written() {
        let document = json!({"version": 1, "services": {"*": {"server": {"workers": 5_000}},
            "cart": {"server": {"workers": 4_096}}}});
        let workers = "services.payment.server.workers";
        assert_eq!(violated(&document, workers, Some(1.0), Some(400.0)), [(workers.into(), json!(5_000))]);
        assert_eq!(violated(&json!({"version": 1}), workers, None, Some(200.0)), [], "the default counts");
        assert_eq!(violated(&json!({"version": 1}), workers, None, Some(199.0)).len(), 1);
        assert_eq!(
            violated(&document, "services.*.server.workers", None, Some(4_999.0)).len(),
            6,
            "all but cart"
        );
    }

    #[test]
    fn a_limit_that_is_off_is_above_every_bound() {
        let timeout = "services.payment.calls.bank.charge.attempt_timeout";
        assert_eq!(
            violated(&json!({"version": 1}), timeout, None, Some(10.0)),
            [(timeout.into(), json!("off"))]
        );
        let set = |span: &str| json!({"version": 1, "services": {"payment": {"calls": {"*": {"attempt_timeout": span}}}}});
        assert_eq!(violated(&set("9.5s"), timeout, None, Some(10.0)), []);
        assert_eq!(violated(&set("50ms"), timeout, Some(0.1), None).len(), 1);
        let target = "services.payment.server.queue.codel.target";
        assert_eq!(
            violated(&json!({"version": 1}), target, None, Some(1.0)),
            [(target.into(), json!("off"))]
        );
        let floor = "services.payment.server.deadline.floor";
        assert_eq!(violated(&json!({"version": 1}), floor, None, Some(0.2)), [], "no floor refuses nobody");
        let settler = "services.order.settler.rate";
        assert_eq!(
            violated(&json!({"version": 1}), settler, None, Some(600.0)),
            [],
            "a settler that is off is harmless"
        );
    }

    #[test]
    fn a_policy_that_is_on_has_its_defaults() {
        let with = |budget: Value| json!({"version": 1, "services": {"order": {"calls": {"payment.Charge": {"retry": {"budget": budget}}}}}});
        let ratio = "services.order.calls.payment.Charge.retry.budget.ratio";
        assert_eq!(violated(&with(json!({})), ratio, None, Some(0.2)), []);
        assert_eq!(violated(&with(json!("off")), ratio, None, Some(0.2)).len(), 1);
        let charge = "services.payment.server.bulkheads.Charge";
        assert_eq!(
            violated(&json!({"version": 1}), charge, None, Some(150.0)),
            [(charge.into(), json!(200))]
        );
    }

    #[test]
    fn a_rate_limit_that_is_not_there_is_above_every_bound_and_shedding_that_is_off_is_harmless() {
        let rate = "services.payment.server.rate_limits.Charge.rate";
        let with = |limits: Value| json!({"version": 1, "services": {"payment": {"server": {"rate_limits": limits}}}});
        assert_eq!(violated(&with(json!({})), rate, None, Some(450.0)), [(rate.into(), json!("off"))]);
        assert_eq!(violated(&with(json!({"Charge": {"rate": 400}})), rate, None, Some(450.0)), []);
        assert_eq!(violated(&with(json!({"Charge": {"rate": 400}})), rate, Some(420.0), None).len(), 1);
        let up = "services.payment.server.shed.up";
        assert_eq!(violated(&with(json!({})), up, None, Some(0.1)), []);
    }

    #[test]
    fn a_bound_that_bounds_nothing_is_a_problem() {
        let problem =
            |path: &str| check_bounds(&[bound(path, None, Some(1.0))]).pop().map(|problem| problem.message);
        assert!(problem("services.payment.server.workrs").unwrap().contains("not a field"));
        assert!(problem("services.paymnt.server.workers").unwrap().contains("no such service"));
        assert!(
            problem("services.order.calls.bank.charge.bulkhead").unwrap().contains("no such service or call")
        );
        assert!(problem("services.payment.server.cancel").unwrap().contains("only a number or a time"));
        assert!(
            check_bounds(&[bound("services.payment.server.workers", None, None)])[0]
                .message
                .contains("nothing")
        );
        assert!(check_bounds(&[bound("services.payment.server.workers", Some(2.0), Some(1.0))]).len() == 1);
    }

    #[test]
    fn a_document_that_cannot_be_read_is_not_safe() {
        let found = violations(
            &json!({"version": "x"}),
            &[bound("services.payment.server.workers", None, Some(1e9))],
        );
        assert_eq!(found[0].value, Value::Null);
    }

    #[test]
    fn bounds_scale_with_what_they_bound() {
        let tenth = |path: &str| bound(path, Some(1.0), Some(400.0)).scaled(0.1);
        assert_eq!(tenth("services.payment.server.workers").max, Some(40.0));
        assert_eq!(tenth("services.payment.server.workers").min, Some(1.0));
        assert_eq!(tenth("services.payment.calls.bank.charge.attempt_timeout").max, Some(400.0));
    }
}
