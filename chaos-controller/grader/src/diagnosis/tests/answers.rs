//! The planted answers of the drills are right, each in its drill, in their own words and in the candidates'.

use evidence::Said;
use serde_json::{Value, json};

use super::{judge, truths};
use crate::diagnosis::Grade;

/// The planted candidates that diagnose.
const CANDIDATES: [(&str, &str); 3] = [
    ("bank-slowdown", include_str!("../../../../../drills/bank-slowdown/candidates/layered.yaml")),
    (
        "commit-then-fail",
        include_str!("../../../../../drills/commit-then-fail/candidates/key-and-settler.yaml"),
    ),
    ("lost-instance", include_str!("../../../../../drills/lost-instance/candidates/ejection.yaml")),
];

const ANSWERS: [(&str, &str); 7] = [
    ("bank-slowdown", include_str!("../../../../../drills/bank-slowdown/answer.yaml")),
    ("retry-storm", include_str!("../../../../../drills/retry-storm/answer.yaml")),
    ("deadline-mismatch", include_str!("../../../../../drills/deadline-mismatch/answer.yaml")),
    ("commit-then-fail", include_str!("../../../../../drills/commit-then-fail/answer.yaml")),
    ("flapping-bank", include_str!("../../../../../drills/flapping-bank/answer.yaml")),
    ("lost-instance", include_str!("../../../../../drills/lost-instance/answer.yaml")),
    ("black-friday", include_str!("../../../../../drills/black-friday/answer.yaml")),
];

fn is_right(drill: &str, fields: &Value) {
    let mut body = json!({"verb": "diagnose"});
    for field in ["text", "root_cause", "mechanism", "propagation"] {
        if !fields[field].is_null() {
            body[field] = fields[field].clone();
        }
    }
    let said: Said = serde_json::from_value(body).unwrap();
    let found = judge(&said, &truths::named(drill));
    assert_eq!(found.grade, Grade::Right, "{drill}: {}\n{:#?}", found.explanation, found.points);
}

#[test]
fn the_answer_of_every_drill_is_right() {
    for (drill, file) in ANSWERS {
        is_right(drill, &serde_saphyr::from_str(file).unwrap());
    }
}

#[test]
fn what_planted_candidates_say_is_right() {
    for (drill, file) in CANDIDATES {
        let file: Value = serde_saphyr::from_str(file).unwrap();
        let steps = file["steps"].as_array().unwrap();
        is_right(drill, steps.iter().find(|step| step["do"] == "diagnose").unwrap());
    }
}
