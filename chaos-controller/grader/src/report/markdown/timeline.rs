//! What was done, by whom and why.

use std::fmt::{Result, Write as _};

use super::Report;
use super::text::{cell, offset, table};

pub(super) fn write(report: &Report<'_>, page: &mut String) -> Result {
    let events = &report.card.timeline;
    if events.is_empty() {
        return Ok(());
    }
    writeln!(page, "## Timeline\n\nSeconds count from the fault's start.\n")?;
    let rows = events.iter().map(|event| {
        // Words need no reason; a change of the shop does.
        let changes =
            event.kind == "policy" || ["restart", "scale"].iter().any(|verb| event.what.starts_with(verb));
        let unstated = event.why.is_empty() && changes;
        let why = if unstated { "*no reason stated*".to_owned() } else { cell(&event.why) };
        vec![offset(event.seconds), cell(&event.actor), cell(&event.what), why]
    });
    table(page, &["when", "who", "what", "why"], &rows.collect::<Vec<_>>())
}
