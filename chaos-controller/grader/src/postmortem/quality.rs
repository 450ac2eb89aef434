//! The row `postmortem_quality` of the rubric, from the check alone. What no rule can see (whether it is worth reading) is
//! an instructor's to say.

use super::actions::{Kind, actions};
use super::check::{Around, Problem, check};
use super::draft::is_untouched;
use crate::rating::Mark;
use crate::scorecard::Scorecard;

/// A mark and what it rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quality {
    /// `None`: there is nothing to mark yet.
    pub mark: Option<Mark>,
    /// One sentence.
    pub why: String,
    /// Places in the text, as `postmortem.md:12:5: blame`.
    pub evidence: Vec<String>,
}

/// Marks a postmortem of this run.
///
/// Novice: it blames, parts of it are missing, or nobody owns what is to be done. Intermediate: blameless, whole, owned,
/// and something is left: a vague action, a look at what did not happen, a mechanism that stays possible. Expert: nothing
/// is left, and a rerun proves at least one thing that prevents or mitigates.
pub fn quality(text: &str, card: &Scorecard) -> Quality {
    if is_untouched(text) {
        let why = "the draft is as it was written by the program".to_owned();
        return Quality { mark: None, why, evidence: Vec::new() };
    }
    let problems = check(text, card, &Around::default());
    let of = |rules: &[&str]| problems.iter().filter(|one| rules.contains(&one.rule.as_str())).count();
    let (blamed, missing, unowned) = (of(&["blame"]), of(&["section", "unfilled"]), of(&["item"]));
    let proven = actions(text).iter().any(|action| {
        matches!(action.kind, Some(Kind::Prevent | Kind::Mitigate)) && action.proof().is_some()
    });
    let (mark, why) = if blamed + missing + unowned > 0 {
        let why = format!(
            "{blamed} places blame somebody, {missing} parts are missing or empty, {unowned} cells of the action items do not say who, when or by which proof"
        );
        (Mark::Novice, why)
    } else if !problems.is_empty() || !proven {
        let uncut: Vec<&str> =
            problems.iter().filter(|one| one.rule == "cascade").map(|one| one.words.as_str()).collect();
        let left =
            if uncut.is_empty() { String::new() } else { format!("; still possible: {}", uncut.join(", ")) };
        let count = problems.len();
        (
            Mark::Intermediate,
            format!(
                "blameless, whole, and every action has an owner and a day; {count} problems are left{left}"
            ),
        )
    } else {
        let why = "blameless, with numbers and several factors; every mechanism of this run is cut by an action with an owner, a day and the drill that proves it";
        (Mark::Expert, why.to_owned())
    };
    Quality { mark: Some(mark), why, evidence: places(&problems) }
}

/// The first place of each rule.
fn places(problems: &[Problem]) -> Vec<String> {
    let mut told: Vec<&Problem> = Vec::new();
    for one in problems {
        if told.iter().all(|other| other.rule != one.rule) {
            told.push(one);
        }
    }
    let place = |one: &Problem| format!("{}:{}:{}: {}", super::POSTMORTEM, one.line, one.column, one.rule);
    told.into_iter().map(place).collect()
}
