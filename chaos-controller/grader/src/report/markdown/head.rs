//! The verdict, and half a page for somebody who has read nothing else: the same sentences as on the HTML page.

use std::fmt::{Result, Write as _};

use super::Report;
use super::text::{capital, cell};
use crate::report::html::summary;

pub(super) fn write(report: &Report<'_>, page: &mut String) -> Result {
    let card = report.card;
    let player = card.candidate.as_deref().unwrap_or("a person");
    let name = card.verdict.name().to_uppercase();
    writeln!(page, "# {name}: {} ({}, {})\n", cell(&card.drill), cell(&card.variant), cell(player))?;
    writeln!(page, "{}. Exit code {}.\n", cell(&capital(&card.reason)), card.exit)?;
    let summary = summary::of(card, report.story);
    writeln!(page, "## In short\n\n{}\n", cell(&summary.lead))?;
    for (title, text) in &summary.paragraphs {
        writeln!(page, "**{title}** {}\n", cell(text))?;
    }
    Ok(())
}
