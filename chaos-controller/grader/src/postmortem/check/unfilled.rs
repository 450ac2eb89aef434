//! What a draft asks people to fill in, and nobody has.

use super::{Page, Place, Problem, problem};
use crate::postmortem::FILL_IN;
use crate::scorecard::Scorecard;

pub(super) fn check(page: &Page<'_>, _card: &Scorecard) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (index, line) in page.lines.iter().enumerate() {
        for (at, _) in line.match_indices(FILL_IN) {
            let place = Place { line: index + 1, column: line[..at].chars().count() + 1 };
            let rest = &line[at..];
            let words = &rest[..rest.find(']').map_or(rest.len(), |end| end + 1)];
            let wanted = words.trim_start_matches(FILL_IN).trim_end_matches(']').trim();
            problems.push(problem(
                place,
                words,
                "the draft could not know this, and nobody has said it",
                wanted,
            ));
        }
    }
    problems
}
