//! The walker names every misfit, with its place and what is allowed there.

use serde_json::json;

use super::*;
use crate::{diagnostic::Problems, source::Source, tree};

fn findings(schema: &Value, text: &str) -> Vec<String> {
    let source = Source::new("t", text);
    let mut problems = Problems::default();
    let node = tree::parse(&source, &mut problems).unwrap();
    for (span, finding) in walk(schema, &node) {
        problems.add(&source, span, finding);
    }
    problems.list().iter().map(ToString::to_string).collect()
}

fn policy() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["workers"],
        "properties": {
            "workers": {"type": ["integer", "null"], "minimum": 1, "maximum": 400},
            "wait": {"anyOf": [{"const": "off"}, {"$ref": "#/$defs/Span"}]},
            "key": {"anyOf": [{"enum": ["on", "off"], "type": "string"}, {"type": "null"}]},
            "effect": {"oneOf": [
                {"type": "object", "additionalProperties": false, "required": ["latency"],
                 "properties": {"latency": {"type": "object", "additionalProperties": false,
                    "required": ["value"], "properties": {"value": {"$ref": "#/$defs/Span"}}}}},
                {"type": "object", "additionalProperties": false, "required": ["hang"],
                 "properties": {"hang": {"type": "object", "additionalProperties": false}}},
            ]},
            "names": {"type": "array", "items": {"type": "string"}},
        },
        "$defs": {"Span": {"type": "string", "pattern": "^[0-9]+(us|ms|s|m|h)$"}},
    })
}

#[test]
fn what_is_right_is_silent() {
    let text = "workers: 5\nwait: off\nkey: on\neffect: {latency: {value: 3s}}\nnames: [a]\n";
    assert_eq!(findings(&policy(), text), Vec::<String>::new());
}

#[test]
fn every_problem_is_told_at_its_own_word() {
    let text = "wrokers: 5\nwait: fast\nkey: true\neffect: {latncy: {}}\nnames: [1]\n";
    assert_eq!(
        findings(&policy(), text),
        [
            "t:1:1: unknown key `wrokers`; allowed: workers, wait, key, effect, names; \
             hint: did you mean `workers`?",
            "t:1:1: the key `workers` is missing; allowed: workers: a whole number from 1 to 400",
            "t:2:7: `fast` is not allowed here; allowed: off, a duration such as 400ms, 1.5s or 2m",
            "t:3:6: the truth value `true` is not allowed here; allowed: on, off; hint: write `on`",
            "t:4:10: unknown kind `latncy`; allowed: latency, hang; hint: did you mean `latency`?",
            "t:5:9: the number 1 is not allowed here; allowed: text; \
             hint: to write it as text, quote it: \"1\"",
        ]
    );
}

#[test]
fn the_alternative_that_was_meant_is_the_one_explained() {
    let text = "workers: 1\neffect: {latency: {value: 3}}\nwait: 5\n";
    assert_eq!(
        findings(&policy(), text),
        [
            "t:2:27: the number 3 is not allowed here; allowed: a duration such as 400ms, 1.5s or \
             2m; hint: a time needs its unit: `3s` or `3ms`?",
            "t:3:7: the number 5 is not allowed here; allowed: off, a duration such as 400ms, 1.5s \
             or 2m; hint: a time needs its unit: `5s` or `5ms`?",
        ]
    );
    assert_eq!(
        findings(&policy(), "workers: 1\neffect: hang\n"),
        ["t:2:9: `hang` needs its own keys; hint: write `{hang: {...}}`"]
    );
    assert_eq!(
        findings(&policy(), "workers: 1\neffect: {hang: {}, latency: {value: 1s}}\n"),
        ["t:2:1: `effect` must hold exactly one kind; allowed: latency, hang"]
    );
}

#[test]
fn numbers_have_ranges_and_kinds() {
    assert_eq!(
        findings(&policy(), "workers: 401\n"),
        ["t:1:10: 401 is out of range; allowed: from 1 to 400"]
    );
    assert_eq!(
        findings(&policy(), "workers: 1.5\n"),
        ["t:1:10: the number 1.5 is not allowed here; allowed: a whole number from 1 to 400"]
    );
    assert_eq!(
        findings(&policy(), "workers: 1\nwait:\n"),
        ["t:2:1: `wait` has no value; allowed: off, a duration such as 400ms, 1.5s or 2m"]
    );
}
