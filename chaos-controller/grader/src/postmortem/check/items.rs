//! Action items that nobody will do: without an id, a kind, an owner, a day, or the drill that proves them.

use std::collections::BTreeSet;

use super::{Page, Place, Problem, problem};
use crate::postmortem::actions::{self, Action, Kind, is_empty};
use crate::scorecard::Scorecard;

/// Owners who are nobody in particular.
const EVERYBODY: [&str; 12] = [
    "team",
    "the team",
    "we",
    "us",
    "all",
    "everyone",
    "everybody",
    "anyone",
    "someone",
    "somebody",
    "engineering",
    "nobody",
];

pub(super) fn check(page: &Page<'_>, _card: &Scorecard) -> Vec<Problem> {
    let Some((_, actions)) = actions::table(page) else { return Vec::new() };
    let mut seen = BTreeSet::new();
    let mut problems = Vec::new();
    for action in &actions {
        let mut say = |cell: &str, why: &str, better: &str| {
            // What is to be filled in is told by its own rule.
            if !cell.contains(crate::postmortem::FILL_IN) {
                let words = if is_empty(cell) { name(action) } else { cell };
                problems.push(problem(place(page, action, words), words, why, better));
            }
        };
        if is_empty(&action.id) {
            say(&action.id, "an item without an id cannot be closed", "a short one, such as `A1`");
        } else if !seen.insert(action.id.clone()) {
            say(&action.id, "two items have this id", "an id of its own");
        }
        if action.kind.is_none() {
            say("", "its kind is none of the four", "prevent, mitigate, detect or process");
        }
        if is_empty(&action.owner) {
            say(
                &action.owner,
                "it has no owner, so nobody will do it",
                "the one person who can be asked about it",
            );
        } else if EVERYBODY.contains(&action.owner.trim().to_lowercase().as_str()) {
            say(&action.owner, "everybody's item is nobody's", "the one person who can be asked about it");
        }
        if is_empty(&action.due) {
            say(&action.due, "it has no date, so it is never late", "a day, such as `2026-11-30`");
        } else if action.due_on().is_none() {
            say(&action.due, "this is no day", "a day, such as `2026-11-30`");
        }
        let needs_proof = matches!(action.kind, Some(Kind::Prevent | Kind::Mitigate));
        if action.proof().is_none() && (needs_proof || !is_empty(&action.drill)) {
            say(
                &action.drill,
                "no drill proves it, so it can only be believed",
                "the drill of a rerun, such as `bank-slowdown/smoke`",
            );
        }
        if is_empty(&action.status) {
            say(&action.status, "it does not say how far it is", "open, or done");
        }
    }
    problems
}

pub(super) fn name(action: &Action) -> &str {
    if is_empty(&action.id) { &action.text } else { &action.id }
}

/// Where the words stand in the item's row.
pub(super) fn place(page: &Page<'_>, action: &Action, words: &str) -> Place {
    let row = page.lines.get(action.line - 1).copied().unwrap_or_default();
    let at = row.find(words).filter(|_| !words.is_empty()).unwrap_or(0);
    Place { line: action.line, column: row[..at].chars().count() + 1 }
}
