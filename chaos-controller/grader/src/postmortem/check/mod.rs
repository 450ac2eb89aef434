//! What is wrong with a postmortem, all of it at once: each problem with its place, the words, why they are a problem, and
//! a better way. One rule a file; a rule that may be wrong about a sentence is silent about it.

mod blame;
mod cascade;
mod causes;
mod counterfactual;
mod items;
mod numbers;
mod sections;
mod unfilled;
mod vague;

use regex::Regex;
use serde::{Deserialize, Serialize};

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
pub fn check(text: &str, card: &Scorecard) -> Vec<Problem> {
    let page = Page::read(text);
    let found = ALL.iter().flat_map(|(name, rule)| {
        rule(&page, card).into_iter().map(|problem| Problem { rule: (*name).to_owned(), ..problem })
    });
    let mut problems: Vec<Problem> = found.collect();
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
