//! Questions for afterwards, as the drill asks them.

use std::fmt::{Result, Write as _};

use super::Report;
use super::text::cell;

pub(super) fn write(report: &Report<'_>, page: &mut String) -> Result {
    let questions = &report.story.about.debrief;
    if questions.is_empty() {
        return Ok(());
    }
    writeln!(page, "## Questions for the debrief\n")?;
    for question in questions {
        writeln!(page, "1. {}", cell(question))?;
    }
    writeln!(page)
}
