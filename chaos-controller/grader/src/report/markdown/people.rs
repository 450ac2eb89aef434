//! What people did with each other: who led, what was said, believed, decided and taken on.

use std::fmt::{Result, Write as _};

use super::Report;
use super::text::{cell, offset, table};
use crate::people::People;

pub(super) fn write(report: &Report<'_>, page: &mut String) -> Result {
    let people = &report.card.people;
    let tables = tables(people);
    if tables.iter().all(|(_, _, rows)| rows.is_empty()) && people.longest_silence_s.is_none() {
        return Ok(());
    }
    writeln!(page, "## People\n")?;
    if let Some(silence) = people.longest_silence_s {
        writeln!(page, "The longest silence was {silence:.0} s.\n")?;
    }
    if let Some(first) = people.mitigated_before_cause {
        let told = if first { "before" } else { "only after" };
        writeln!(page, "Something was done for users {told} the cause was named right.\n")?;
    }
    for (title, head, rows) in tables {
        if !rows.is_empty() {
            writeln!(page, "### {title}\n")?;
            table(page, head, &rows)?;
        }
    }
    Ok(())
}

/// A title, the heads of the columns, the rows.
type Told = (&'static str, &'static [&'static str], Vec<Vec<String>>);

fn tables(people: &People) -> [Told; 7] {
    let row = |seconds: f64, texts: &[&str]| -> Vec<String> {
        std::iter::once(offset(seconds)).chain(texts.iter().map(|text| cell(text))).collect()
    };
    let roles = people.roles.iter().map(|of| row(of.seconds, &[&of.role, &of.name]));
    let severity = people.severity.iter().map(|of| row(of.seconds, &[&of.level, &of.by]));
    let messages = people.messages.iter().map(|of| row(of.seconds, &[&of.by, &of.to, &of.text]));
    let hypotheses = people
        .hypotheses
        .iter()
        .map(|of| row(of.seconds, &[&of.id, &of.by, &of.text, &of.prediction, &of.reversal, &of.outcome]));
    let decisions = people
        .decisions
        .iter()
        .map(|of| row(of.seconds, &[&of.by, &of.text, &of.reason, &of.expect, &of.undo]));
    let tasks = people
        .tasks
        .iter()
        .map(|of| row(of.seconds, &[&of.id, &of.owner, &of.text, if of.done { "done" } else { "open" }]));
    let hints = people.hints.iter().map(|of| row(of.seconds, &[&of.level]));
    [
        ("Roles", &["when", "role", "who"], roles.collect()),
        ("Severity", &["when", "level", "called by"], severity.collect()),
        ("Messages", &["when", "from", "to", "what"], messages.collect()),
        (
            "Hypotheses",
            &["when", "", "who", "belief", "expects to see", "turns back if", "came to"],
            hypotheses.collect(),
        ),
        ("Decisions", &["when", "who", "what", "why", "should do", "taken back by"], decisions.collect()),
        ("Tasks", &["when", "", "owner", "what", "state"], tasks.collect()),
        ("Hints", &["when", "level"], hints.collect()),
    ]
}
