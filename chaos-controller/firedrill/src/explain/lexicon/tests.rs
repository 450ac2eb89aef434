//! The lexicon against the schema: no policy without its entry, and no entry that says nothing.

use resilience::policy;
use serde_json::Value;

use super::*;
use crate::explain::{explain, path, schema};

/// What holds policies and is none.
const CONTAINERS: [&str; 5] = ["services", "services.*", "services.*.server", "services.*.calls", "version"];

/// Every field of a policy, by its keys, and whether it is a block of others.
fn fields() -> Vec<(Vec<String>, bool)> {
    let schema = policy::schema();
    let paths = schema::paths(&schema, 12).into_iter();
    let policies = paths.filter(|path| !CONTAINERS.contains(&path.as_str()) && path != "services.*.calls.*");
    policies
        .map(|path| {
            let keys: Vec<String> = path.split('.').map(str::to_owned).collect();
            let block = schema::place(&schema, &keys).is_some_and(|place| !place.keys.is_empty());
            (keys, block)
        })
        .collect()
}

#[test]
fn every_field_of_a_policy_has_an_entry_with_its_unit_and_the_source_of_its_default() {
    let mut wrong = Vec::new();
    let fields = fields();
    assert!(fields.len() > 30, "{fields:?}");
    for (keys, block) in fields {
        let path = of_row(&keys).unwrap_or_default();
        match entry(&path) {
            None => wrong.push(format!("{} has no entry", path.join("."))),
            Some(entry) if entry.unit.is_none() && !block => {
                wrong.push(format!("{} has no unit", path.join(".")));
            }
            Some(_) => {}
        }
        let family: Vec<&Entry> = ancestry(&path).iter().filter_map(|path| entry(path)).collect();
        if !family.iter().any(|entry| entry.cannot.is_some()) {
            wrong.push(format!("nothing says what {} cannot do", path.join(".")));
        }
        for (library, _) in LIBRARIES {
            if !family.iter().any(|entry| entry.names.contains_key(library)) {
                wrong.push(format!("nothing says what {} is in {library}", path.join(".")));
            }
        }
    }
    assert!(wrong.is_empty(), "write them down in explain/lexicon/:\n  {}", wrong.join("\n  "));
}

#[test]
fn an_entry_says_where_a_default_is_from_and_names_only_the_three() {
    for (path, entry) in lexicon() {
        let kind = entry.source.split(',').next().unwrap_or_default();
        assert!(["paper", "library", "ours"].contains(&kind), "{path}: {}", entry.source);
        for library in entry.names.keys() {
            assert!(LIBRARIES.iter().any(|(known, _)| known == library), "{path}: {library}");
        }
        let texts = [Some(&entry.source), entry.unit.as_ref(), entry.cannot.as_ref()];
        for text in texts.into_iter().flatten().chain(entry.names.values()) {
            assert!(!text.trim().is_empty(), "{path} has an empty word");
        }
        if let Some(cannot) = &entry.cannot {
            assert!(cannot.ends_with('.') && !cannot.contains(". "), "{path}: one sentence: {cannot}");
        }
    }
    let read: usize = FILES.map(|file| serde_saphyr::from_str::<Lexicon>(file).unwrap().len()).iter().sum();
    assert_eq!(read, lexicon().len(), "two files say something of the same field");
}

#[test]
fn a_policy_is_explained_by_its_short_path() {
    let facts = |word: &str| -> BTreeMap<String, String> {
        explain(word, None).unwrap_or_else(|_| panic!("{word}")).facts.into_iter().collect()
    };
    let probes = facts("policy.calls.breaker.half_open_calls");
    assert_eq!((probes["default"].as_str(), probes["unit"].as_str()), ("10", "calls"));
    assert!(probes["default from"].contains("resilience4j"));
    assert_eq!(probes["in resilience4j"], "permittedNumberOfCallsInHalfOpenState");
    assert!(probes["in Envoy"].starts_with('-'), "the policy's own: {probes:?}");
    assert!(facts("policy.breaker")["cannot"].contains("slow for everybody"));
    assert_eq!(facts("policy.payment.server.queue.limit")["default"], "10000");
    assert_eq!(facts("policy.queue.limit")["in Polly"], "QueueLimit");
    assert_eq!(facts("policy.calls.retry.budget.ratio")["default"], "0.2");
    assert_eq!(facts("policy.settler.rate")["unit"], "orders per second, scales with the lab");
    let whole = "services.payment.calls.bank.charge.attempt_timeout";
    assert_eq!(facts(&format!("policy.{whole}"))["unit"], facts(whole)["unit"]);
    for word in ["policy.braeker", "policy.calls.breaker.widnow"] {
        assert!(!explain(word, None).unwrap_err().near.is_empty(), "{word}");
    }
}

#[test]
fn an_explanation_is_a_screen() {
    for (keys, _) in fields() {
        let word = keys.join(".");
        let lines = path::policy(&word, None).map_or(0, |explained| explained.render().lines().count());
        assert!((4..=24).contains(&lines), "{word}: {lines} lines");
    }
}

#[test]
fn the_schema_itself_says_what_each_field_does() {
    for (keys, _) in fields() {
        let place = schema::place(&policy::schema(), &keys).unwrap_or_default();
        assert!(!place.description.is_empty(), "{} has no description", keys.join("."));
    }
    assert!(matches!(policy::schema(), Value::Object(_)));
}
