//! The report of a run as Markdown, for a terminal, a pull request, or a summary page of CI. Every number is from the
//! scorecard and its story; nothing is computed here. A section without content is not there.

mod budgets;
mod configuration;
mod criteria;
mod debrief;
mod diagnoses;
mod doses;
mod head;
mod impact;
mod money;
mod outage;
mod people;
mod rating;
mod text;
mod timeline;
mod truth;

#[cfg(test)]
mod tests;

use std::fmt::Result;

pub(crate) use text::{amount, cell};

use crate::scorecard::Scorecard;
use crate::story::Story;

/// What a section is written from.
struct Report<'a> {
    card: &'a Scorecard,
    story: &'a Story,
}

/// Writes a section, or nothing.
type Section = fn(&Report<'_>, &mut String) -> Result;

/// In the order of the page: what a manager reads first, what a second run needs last.
const SECTIONS: [Section; 15] = [
    head::write,
    criteria::write_criteria,
    outage::write,
    impact::write,
    budgets::write,
    money::write,
    truth::write,
    diagnoses::write,
    people::write,
    rating::write,
    debrief::write,
    timeline::write,
    criteria::write_proofs,
    doses::write,
    configuration::write,
];

pub(crate) fn page(card: &Scorecard, story: &Story) -> String {
    let (report, mut page) = (Report { card, story }, String::new());
    for section in SECTIONS {
        // Writing to a String cannot fail.
        let _ = section(&report, &mut page);
    }
    page
}
