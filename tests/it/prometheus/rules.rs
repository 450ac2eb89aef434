//! Every rule was evaluated and has what it asks for, there and in the lab: recordings have samples, and of the alerts every
//! metric has.

use std::collections::BTreeSet;

use evidence::promql::Query;
use serde_json::Value;
use tests::monitoring::Monitoring;
use tests::oracle::Oracle;

use super::Watched;

/// Prometheus' own answer to what it has loaded.
const RULES: &str = "/api/v1/rules";

pub(super) fn wrong(monitoring: &Monitoring, run: &Watched) -> Vec<String> {
    let mut wrong = Vec::new();
    let loaded = monitoring.ask(RULES).unwrap_or_else(|error| panic!("{error}"));
    let groups = loaded["data"]["groups"].as_array().cloned().unwrap_or_default();
    let all: Vec<&Value> = groups.iter().flat_map(|group| group["rules"].as_array()).flatten().collect();
    if all.len() < 25 {
        wrong.push(format!("only {} rules are loaded: {loaded}", all.len()));
    }
    let oracle = Oracle::at(&monitoring.prometheus, run.zero_unix_ms());
    let over = (run.phase("baseline"), run.phase("reconcile"));
    let is_silent = |query: &str| match oracle.range(query, over.0, over.1, 1_000) {
        Ok(answer) => answer.values().all(Vec::is_empty),
        Err(error) => panic!("{query}: {error}"),
    };
    let mut metrics = BTreeSet::new();
    for rule in all {
        let name = rule["name"].as_str().unwrap_or_default();
        if rule["health"] != "ok" {
            wrong.push(format!("{name} is not evaluated: {rule}"));
        }
        if rule["type"] == "recording" && is_silent(name) {
            wrong.push(format!("{name} records nothing"));
        }
        let text = rule["query"].as_str().unwrap_or_default();
        match Query::parse(text) {
            Ok(query) => metrics.extend(query.metrics().into_iter().map(str::to_owned)),
            Err(refused) => wrong.push(format!("{name}: {refused}")),
        }
    }
    let silent = metrics.iter().filter(|name| is_silent(name));
    wrong.extend(silent.map(|name| format!("no sample of {name}, which rules ask for")));
    wrong
}
