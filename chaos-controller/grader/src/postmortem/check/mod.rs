//! What is wrong with a postmortem, all of it at once: each problem with its place, the words, why they are a problem, and
//! a better way. One rule a file; a rule that may be wrong about a sentence is silent about it.

mod blame;
mod cascade;
mod causes;
mod counterfactual;
mod items;
mod keepable;
mod numbers;
mod sections;
mod unfilled;
mod vague;

use regex::Regex;
use serde::{Deserialize, Serialize};

use super::date::Date;
use super::page::{Page, Place};
use crate::scorecard::Scorecard;

/// One problem of a text. Lines and columns count from 1, columns in characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// `blame`, `counterfactual`, `section`, `unfilled`, `causes`, `numbers`, `item`, `vague` or `cascade`.
    pub rule: String,
    pub line: usize,
    pub column: usize,
    /// The words it is about.
    pub words: String,
    pub why: String,
    /// What to write instead.
    pub better: String,
}

/// What the text does not say and its reader knows. What is left out is not judged.
#[derive(Debug, Clone, Copy, Default)]
pub struct Around<'a> {
    pub today: Option<Date>,
    /// The drills that exist.
    pub drills: Option<&'a [String]>,
    /// Ids of the items that a rerun has closed.
    pub closed: &'a [String],
}

type Rule = fn(&Page<'_>, &Scorecard) -> Vec<Problem>;

const ALL: [(&str, Rule); 9] = [
    ("section", sections::check),
    ("unfilled", unfilled::check),
    ("numbers", numbers::check),
    ("causes", causes::check),
    ("blame", blame::check),
    ("counterfactual", counterfactual::check),
    ("item", items::check),
    ("vague", vague::check),
    ("cascade", cascade::check),
];

/// Every problem of a postmortem of this run, in reading order. A scorecard without mechanisms cannot say whether the
/// cascade stays possible, and then nothing is said about that.
pub fn check(text: &str, card: &Scorecard, around: &Around<'_>) -> Vec<Problem> {
    let page = Page::read(text);
    let named = |name: &str, found: Vec<Problem>| {
        let rule = name.to_owned();
        found.into_iter().map(move |problem| Problem { rule: rule.clone(), ..problem })
    };
    let mut problems: Vec<Problem> =
        ALL.iter().flat_map(|(name, rule)| named(name, rule(&page, card))).collect();
    problems.extend(named("item", keepable::check(&page, around)));
    problems.sort_by_key(|problem| (problem.line, problem.column));
    problems
}

/// A form of words. What it knows of letters is ASCII, which is what its words are written in, and a hundredth of the size.
fn form(words: &str) -> Regex {
    let spaced = words.replace(' ', r"\s+");
    Regex::new(&format!("(?i-u){spaced}")).expect("the form is a regular expression")
}

/// A problem before its rule is known.
fn problem(place: Place, words: &str, why: impl Into<String>, better: impl Into<String>) -> Problem {
    Problem {
        rule: String::new(),
        line: place.line,
        column: place.column,
        words: words.split_whitespace().collect::<Vec<_>>().join(" "),
        why: why.into(),
        better: better.into(),
    }
}

#[cfg(test)]
mod tests;
