//! The report as one HTML file that needs nothing beside it.

use crate::scorecard::Scorecard;
use crate::story::Story;

pub(crate) fn page(card: &Scorecard, _story: &Story) -> String {
    format!("<!doctype html><title>{}</title>", card.verdict.name())
}
