//! The planted answers of the drills are right, each in its drill, in their own words and in the candidates'.

use super::{fields, judge, text, truths};
use crate::diagnosis::Grade;

/// The words that a planted candidate diagnoses with.
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

#[test]
fn the_answer_of_every_drill_is_right() {
    for (drill, file) in ANSWERS {
        // The folded text under `root_cause`, up to the next key.
        let words: Vec<&str> = file
            .lines()
            .skip_while(|line| !line.starts_with("root_cause:"))
            .skip(1)
            .take_while(|line| line.starts_with("  "))
            .map(str::trim)
            .collect();
        let mechanism: Vec<&str> = file
            .lines()
            .skip_while(|line| !line.starts_with("mechanism:"))
            .skip(1)
            .map_while(|line| line.strip_prefix("  - "))
            .map(|line| line.trim_matches('"'))
            .collect();
        let found = judge(&fields(&words.join(" "), &mechanism, &[]), &truths::named(drill));
        assert_eq!(found.grade, Grade::Right, "{drill}: {}\n{:#?}", found.explanation, found.points);
    }
}

#[test]
fn what_planted_candidates_say_is_right() {
    for (drill, file) in CANDIDATES {
        let line = file.lines().find(|line| line.contains("do: diagnose")).unwrap();
        let words = line.split('"').nth(1).unwrap();
        let found = judge(&text(words), &truths::named(drill));
        assert_eq!(found.grade, Grade::Right, "{drill}: {words}: {}\n{:#?}", found.explanation, found.points);
    }
}
