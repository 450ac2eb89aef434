//! Several factors: an outage with one cause has not been looked at for long enough.

use super::{Page, Place, Problem, problem, sections};
use crate::postmortem::FILL_IN;
use crate::scorecard::Scorecard;

const FEWEST: usize = 2;
/// A factor takes more words than this to say.
const A_FEW_WORDS: usize = 3;

pub(super) fn check(page: &Page<'_>, _card: &Scorecard) -> Vec<Problem> {
    let sections = sections::of(page, "causes");
    let Some(first) = sections.first() else { return Vec::new() };
    // Somebody is still asked for more.
    if sections.iter().any(|section| page.body(section).contains(FILL_IN)) {
        return Vec::new();
    }
    let inside = |line: usize| sections.iter().any(|section| section.body.contains(&(line - 1)));
    let factors = page.blocks.iter().filter(|block| {
        let heading = block.prose.starts_with('#');
        inside(block.place(0).line) && !heading && block.prose.split_whitespace().count() > A_FEW_WORDS
    });
    let sentences: usize = factors.map(|block| sentences(&block.prose)).sum();
    if sentences == 0 || sentences >= FEWEST {
        return Vec::new();
    }
    let place = Place { line: first.line, column: 1 };
    let why = "one cause alone: something set it off, and something else made an outage of it";
    let better =
        "list the trigger and each factor that let it spread: limits, retries, shared pools, missing signals";
    vec![problem(place, &first.title, why, better)]
}

/// Sentences of more than a few words.
fn sentences(prose: &str) -> usize {
    let ends = prose.split(['.', ';', '!', '?']);
    ends.filter(|sentence| sentence.split_whitespace().count() > A_FEW_WORDS).count()
}
