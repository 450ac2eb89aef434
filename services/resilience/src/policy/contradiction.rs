//! Two fields that cannot both hold.
//!
//! Judged on what is written and not on the typed rows, which have forgotten whether a window of 100 was said or is the
//! default: a row that says only the minimum may stand over one that says the window. Rows of which each is right by
//! itself may contradict each other when one is laid over the other; that is no problem here, and the policy itself says
//! what holds then.

use std::collections::BTreeSet;

use serde_json::Value;

use super::problem::Problem;
use super::row;
use super::span::Span;
use super::topology::{self, ANY, SERVICES};
use crate::breaker::BreakerPolicy;

/// The contradictions inside the rows of a document, or of a patch.
pub(super) fn in_rows(document: &Value) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (service, row) in members(&document["services"]) {
        for (key, call) in members(&row["calls"]) {
            let place = ["services", service, "calls", key];
            problems.extend(breaker(&place, &call["breaker"]));
            problems.extend(backoff(&place, &call["retry"]["backoff"]));
        }
    }
    problems
}

/// The contradictions between what a whole document says and the defaults of what it leaves out.
pub(super) fn with_defaults(document: &Value) -> Vec<Problem> {
    let window = BreakerPolicy::default().window;
    let mut places = BTreeSet::new();
    for (service, _) in SERVICES {
        for (target, method) in topology::calls(service) {
            let key = format!("{target}.{method}");
            let breaker = &row::call(document, service, &key)["breaker"];
            let defaulted = breaker.get("window").is_none() && !is_on(&breaker["window_time"]);
            if defaulted
                && breaker["minimum_calls"].as_u64().is_some_and(|minimum| minimum > u64::from(window))
            {
                places.extend(says_minimum(document, service, &key));
            }
        }
    }
    let told = |place: [String; 4]| {
        let place = [place[0].as_str(), &place[1], &place[2], &place[3]];
        let minimum = &document[place[0]][place[1]][place[2]][place[3]]["breaker"]["minimum_calls"];
        too_many(&place, minimum, &Value::from(window)).hint("no row says its `window`, which is 100 then")
    };
    places.into_iter().map(told).collect()
}

/// The strongest row that says the minimum of this call.
fn says_minimum(document: &Value, service: &str, key: &str) -> Option<[String; 4]> {
    let rows = [(service, key), (service, ANY), (ANY, key), (ANY, ANY)];
    let says = |(service, key): &(&str, &str)| {
        document["services"][service]["calls"][key]["breaker"].get("minimum_calls").is_some()
    };
    let (service, key) = rows.into_iter().find(says)?;
    Some(["services", service, "calls", key].map(str::to_owned))
}

fn breaker(place: &[&str; 4], breaker: &Value) -> Option<Problem> {
    let (window, minimum) = (&breaker["window"], &breaker["minimum_calls"]);
    let more = minimum.as_u64()? > window.as_u64()?;
    (more && !is_on(&breaker["window_time"])).then(|| too_many(place, minimum, window))
}

fn too_many(place: &[&str; 4], minimum: &Value, window: &Value) -> Problem {
    let message = format!("{minimum} calls never fit in a window of {window}: it would never open");
    let keys: Vec<&str> = place.iter().copied().chain(["breaker", "minimum_calls"]).collect();
    Problem::new(&keys, message).allow([format!("1 to {window}").as_str()])
}

fn backoff(place: &[&str; 4], backoff: &Value) -> Option<Problem> {
    let span = |field: &str| backoff[field].as_str()?.parse::<Span>().ok();
    let (base, cap) = (span("base")?, span("cap")?);
    let keys: Vec<&str> = place.iter().copied().chain(["retry", "backoff", "cap"]).collect();
    (cap < base).then(|| Problem::new(&keys, format!("the cap {cap} is below the base {base}")))
}

fn is_on(setting: &Value) -> bool {
    setting.is_string() && setting != "off"
}

fn members(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flatten().map(|(key, member)| (key.as_str(), member))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::policy::{Snapshot, check_patch, parse};

    fn paths(services: Value) -> Vec<String> {
        let problems = parse(&json!({"version": 1, "services": services})).err().unwrap_or_default();
        problems.into_iter().map(|problem| problem.path).collect()
    }

    #[test]
    fn a_minimum_above_the_window_of_its_row_is_a_problem() {
        let row = |breaker: Value| json!({"payment": {"calls": {"bank.charge": {"breaker": breaker}}}});
        let path = "services.payment.calls.bank.charge.breaker.minimum_calls";
        assert_eq!(paths(row(json!({"window": 10, "minimum_calls": 20}))), [path]);
        assert_eq!(paths(row(json!({"window": 10, "minimum_calls": 10}))), [""; 0]);
        assert_eq!(paths(row(json!({"minimum_calls": 101}))), [path], "the default window holds 100");
        assert_eq!(paths(row(json!({"minimum_calls": 100}))), [""; 0]);
        let timed = json!({"window": 10, "minimum_calls": 2_000, "window_time": "10s"});
        assert_eq!(paths(row(timed)), [""; 0], "a time holds any number of calls");
    }

    #[test]
    fn a_default_row_is_named_once_however_many_calls_it_reaches() {
        let everywhere = json!({"*": {"calls": {"*": {"breaker": {"minimum_calls": 200}}}}});
        assert_eq!(paths(everywhere), ["services.*.calls.*.breaker.minimum_calls"]);
    }

    #[test]
    fn a_patch_may_say_the_minimum_alone() {
        let patch =
            json!({"services": {"payment": {"calls": {"bank.charge": {"breaker": {"minimum_calls": 200}}}}}});
        assert_eq!(check_patch(&patch), []);
    }

    #[test]
    fn of_rows_laid_over_each_other_the_window_holds_and_is_shown() {
        let services = json!({
            "*": {"calls": {"*": {"breaker": {"window": 500, "minimum_calls": 300}}}},
            "payment": {"calls": {"bank.charge": {"breaker": {"window": 50}}}},
        });
        let document = parse(&json!({"version": 1, "services": services})).unwrap();
        let in_force = |service: &str, call: &str| {
            Snapshot::of(&document, 1, service).in_force()["calls"][call]["breaker"]["minimum_calls"].clone()
        };
        assert_eq!(in_force("payment", "bank.charge"), 50);
        assert_eq!(in_force("payment", "bank.lookup"), 300);
    }

    #[test]
    fn a_cap_below_its_base_is_a_problem_only_where_both_are_said() {
        let row = |backoff: Value| json!({"cart": {"calls": {"*": {"retry": {"backoff": backoff}}}}});
        assert_eq!(
            paths(row(json!({"base": "2s", "cap": "1s"}))),
            ["services.cart.calls.*.retry.backoff.cap"]
        );
        assert_eq!(paths(row(json!({"base": "20s"}))), [""; 0], "the default cap holds");
    }
}
