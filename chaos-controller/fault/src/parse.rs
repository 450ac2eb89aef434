//! Reads a fault from JSON and names everything that is wrong with it, which serde alone cannot:
//! it stops at the first problem.
//!
//! Files are checked elsewhere, against the schema and with line numbers; this is for the wire.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::effect::{self, BANK_EFFECTS, PROCESS_EFFECTS};
use crate::field::{self, Field};
use crate::{FaultSpec, Problem, check};

/// The fault in `document`, or every problem with it: unknown keys, wrong values, and what
/// [`check()`] says.
pub fn parse(document: &Value) -> Result<FaultSpec, Vec<Problem>> {
    let mut walk = Walk::default();
    if let Some(fields) = walk.object("", document) {
        walk.keys("", fields, &["effect", "share", "path", "region", "ramp", "lease"]);
        match fields.get("effect") {
            Some(effect) => walk.effect(effect),
            None => walk.missing("", "effect"),
        }
        walk.optional::<f64>("", fields, "share");
        walk.optional::<crate::Path>("", fields, "path");
        walk.optional::<crate::Region>("", fields, "region");
        walk.optional::<crate::Span>("", fields, "lease");
        if let Some(ramp) = fields.get("ramp").filter(|ramp| !ramp.is_null()) {
            walk.ramp(ramp);
        }
    }
    if !walk.problems.is_empty() {
        return Err(walk.problems);
    }
    let spec: FaultSpec = serde_json::from_value(document.clone())
        .map_err(|error| vec![Problem { path: String::new(), message: error.to_string() }])?;
    match check(&spec) {
        problems if problems.is_empty() => Ok(spec),
        problems => Err(problems),
    }
}

#[derive(Default)]
struct Walk {
    problems: Vec<Problem>,
}

impl Walk {
    fn effect(&mut self, effect: &Value) {
        let kinds: Vec<&str> = BANK_EFFECTS.into_iter().chain(PROCESS_EFFECTS).collect();
        let Some((kind, value)) = self.variant("effect", effect, &kinds) else {
            return;
        };
        let path = format!("effect.{kind}");
        if kind == "latency" {
            self.latency(&path, value);
        } else {
            self.fields(&path, value, effect::fields(kind));
        }
    }

    fn latency(&mut self, path: &str, latency: &Value) {
        let kinds = ["fixed", "uniform", "normal", "lognormal", "pareto"];
        let Some((kind, value)) = self.variant(path, latency, &kinds) else {
            return;
        };
        self.fields(&format!("{path}.{kind}"), value, effect::latency_fields(kind));
    }

    /// An object with these keys and no other.
    fn fields(&mut self, path: &str, value: &Value, allowed: &[Field]) {
        let Some(fields) = self.object(path, value) else { return };
        let names: Vec<&str> = allowed.iter().map(|field| field.name).collect();
        self.keys(path, fields, &names);
        for field in allowed {
            match fields.get(field.name) {
                Some(value) => self.reads(&under(path, field.name), value, field.reads),
                None if field.required => self.missing(path, field.name),
                None => {}
            }
        }
    }

    fn ramp(&mut self, ramp: &Value) {
        if let Some(fields) = self.object("ramp", ramp) {
            self.keys("ramp", fields, &["from", "over", "shape"]);
            self.required::<crate::Span>("ramp", fields, "from");
            self.required::<crate::Span>("ramp", fields, "over");
            self.optional::<crate::Shape>("ramp", fields, "shape");
        }
    }

    /// The one key of an externally tagged choice, and its value.
    fn variant<'a>(
        &mut self,
        path: &str,
        value: &'a Value,
        allowed: &[&str],
    ) -> Option<(&'a str, &'a Value)> {
        let fields = self.object(path, value)?;
        self.keys(path, fields, allowed);
        let mut known = fields.iter().filter(|(key, _)| allowed.contains(&key.as_str()));
        match (known.next(), known.next()) {
            (Some((key, value)), None) => Some((key, value)),
            (None, _) if !fields.is_empty() => None,
            _ => {
                self.add(path, format!("needs exactly one of {}", allowed.join(", ")));
                None
            }
        }
    }

    fn object<'a>(&mut self, path: &str, value: &'a Value) -> Option<&'a Map<String, Value>> {
        let object = value.as_object();
        if object.is_none() {
            self.add(path, format!("expected an object, found {value}"));
        }
        object
    }

    fn keys(&mut self, path: &str, fields: &Map<String, Value>, allowed: &[&str]) {
        for key in fields.keys().filter(|key| !allowed.contains(&key.as_str())) {
            let list = if allowed.is_empty() { "nothing".to_owned() } else { allowed.join(", ") };
            self.add(&under(path, key), format!("unknown key: allowed are {list}"));
        }
    }

    fn required<T: DeserializeOwned>(&mut self, path: &str, fields: &Map<String, Value>, key: &str) {
        match fields.get(key) {
            Some(_) => self.optional::<T>(path, fields, key),
            None => self.missing(path, key),
        }
    }

    fn optional<T: DeserializeOwned>(&mut self, path: &str, fields: &Map<String, Value>, key: &str) {
        if let Some(value) = fields.get(key) {
            self.reads(&under(path, key), value, field::reads::<T>);
        }
    }

    fn reads(&mut self, path: &str, value: &Value, reads: fn(&Value) -> Result<(), String>) {
        if let Err(message) = reads(value) {
            self.add(path, message);
        }
    }

    fn missing(&mut self, path: &str, key: &str) {
        self.add(&under(path, key), "missing");
    }

    fn add(&mut self, path: &str, message: impl Into<String>) {
        self.problems.push(Problem { path: path.to_owned(), message: message.into() });
    }
}

fn under(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn paths(document: Value) -> Vec<String> {
        let problems = parse(&document).expect_err("a wrong document");
        problems.into_iter().map(|problem| problem.path).collect()
    }

    #[test]
    fn a_right_document_reads_as_serde_reads_it() {
        let document = json!({
            "effect": {"latency": {"lognormal": {"p50": "1s", "p99": "9s"}}},
            "share": 0.25, "path": "all", "lease": "3s",
            "ramp": {"from": "100ms", "over": "60s", "shape": "linear"},
        });
        assert_eq!(parse(&document), Ok(serde_json::from_value(document).unwrap()));
    }

    #[test]
    fn every_unknown_key_and_wrong_value_is_named() {
        let document = json!({
            "effect": {"latency": {"uniform": {"min": 5, "maximum": "1s"}}},
            "share": "half", "lese": "3s", "path": "refund", "region": "third",
            "ramp": {"from": "fast", "shape": "cubic"},
        });
        assert_eq!(
            paths(document),
            [
                "lese",
                "effect.latency.uniform.maximum",
                "effect.latency.uniform.min",
                "effect.latency.uniform.max",
                "share",
                "path",
                "region",
                "ramp.from",
                "ramp.over",
                "ramp.shape",
            ]
        );
    }

    #[test]
    fn an_effect_is_exactly_one() {
        assert_eq!(paths(json!({})), ["effect"]);
        assert_eq!(paths(json!({"effect": {}})), ["effect"]);
        assert_eq!(paths(json!({"effect": {"hang": {}, "error": {"status": 500}}})), ["effect"]);
        assert_eq!(paths(json!({"effect": {"slow": {}}})), ["effect.slow"]);
        assert_eq!(paths(json!({"effect": "hang"})), ["effect"]);
        assert_eq!(paths(json!([])), [""]);
    }

    #[test]
    fn values_are_checked_after_the_form() {
        assert_eq!(paths(json!({"effect": {"error": {"status": 200}}})), ["effect.error.status"]);
        assert_eq!(paths(json!({"effect": {"hang": {}}, "ramp": {"from": "1s", "over": "1s"}})), ["ramp"]);
    }
}
