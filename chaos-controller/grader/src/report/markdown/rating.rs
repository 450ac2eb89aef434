//! The scorecard of whoever played: marks of the machine and of people in columns of their own, and what to learn.

use std::fmt::{Result, Write as _};

use super::Report;
use super::text::{capital, cell, offset, table, words};
use crate::rating::{Given, Rating};

/// What a run does not show is left blank.
const BLANK: &str = "-";

pub(super) fn write(report: &Report<'_>, page: &mut String) -> Result {
    let rating = &report.card.rating;
    if *rating == Rating::default() {
        return Ok(());
    }
    writeln!(page, "## Scorecard\n")?;
    if rating.of_script {
        writeln!(
            page,
            "A script played: these rows say what the script shows, and nothing about a person.\n"
        )?;
    }
    write_marks(rating, page)?;
    write_readiness(rating, page)?;
    write_lessons(rating, page)?;
    write_unexplained(rating, page)
}

fn write_marks(rating: &Rating, page: &mut String) -> Result {
    let evidence = |evidence: &[String]| cell(&evidence.join("; "));
    let rubric = rating.rubric.iter().map(|row| {
        let machine = row.machine.map_or(BLANK.to_owned(), |mark| words(&mark));
        let (name, why, anchor) = (words(&row.name), cell(&row.why), cell(&row.anchor));
        vec![name, machine, given(row.human.as_ref()), why, anchor, evidence(&row.evidence)]
    });
    let rubric: Vec<_> = rubric.collect();
    table(page, &["row", "machine", "person", "why", "what that looks like", "evidence"], &rubric)?;
    let signals = rating.signals.iter().map(|row| {
        let (name, why) = (words(&row.name), cell(&row.why));
        vec![name, number(row.machine), given(row.human.as_ref()), why, evidence(&row.evidence)]
    });
    table(page, &["signal", "machine", "person", "why", "evidence"], &signals.collect::<Vec<_>>())?;
    let own = rating.self_scores.iter().map(|row| {
        let (name, said, why) = (words(&row.name), cell(&row.own_reason), cell(&row.why));
        vec![name, number(row.own), said, number(row.machine), given(row.human.as_ref()), why]
    });
    let head = ["self-score", "own", "in their words", "machine", "person", "why"];
    table(page, &head, &own.collect::<Vec<_>>())
}

fn write_readiness(rating: &Rating, page: &mut String) -> Result {
    let readiness = &rating.readiness;
    if readiness.why.is_empty() {
        return Ok(());
    }
    let word = match readiness.ready {
        Some(true) => "ready",
        Some(false) => "not yet",
        None => "cannot be said",
    };
    let average = readiness.average.map_or(String::new(), |average| format!(" ({average:.1} on average)"));
    writeln!(page, "**Readiness: {word}**{average}. {}\n", cell(&capital(&readiness.why)))
}

fn write_lessons(rating: &Rating, page: &mut String) -> Result {
    for (title, remarks) in [("Strengths", &rating.strengths), ("Improvements", &rating.improvements)] {
        if remarks.is_empty() {
            continue;
        }
        writeln!(page, "### {title}\n")?;
        for remark in remarks {
            writeln!(page, "- {} ({})", cell(&remark.text), cell(&remark.evidence))?;
        }
        writeln!(page)?;
    }
    if !rating.resources.is_empty() {
        writeln!(page, "### To read\n")?;
        for resource in &rating.resources {
            let [title, place, gap] =
                [&resource.title, &resource.place, &resource.gap].map(|text| cell(text));
            writeln!(page, "- {title}: {place} (for: {gap})")?;
        }
        writeln!(page)?;
    }
    Ok(())
}

fn write_unexplained(rating: &Rating, page: &mut String) -> Result {
    if rating.unexplained.is_empty() {
        return Ok(());
    }
    writeln!(page, "### Done without a stated reason\n")?;
    for action in &rating.unexplained {
        let (when, by, what) = (offset(action.seconds), cell(&action.by), cell(&action.what));
        writeln!(page, "- {when} {by}: {what} (journal: entry {})", action.seq)?;
    }
    writeln!(page)
}

fn number(score: Option<u8>) -> String {
    score.map_or(BLANK.to_owned(), |score| score.to_string())
}

/// A person's mark, and whether it stands instead of the machine's.
fn given(given: Option<&Given>) -> String {
    given.map_or(BLANK.to_owned(), |given| {
        let verb = if given.overrules { "overruled by" } else { "by" };
        let reason =
            if given.reason.is_empty() { String::new() } else { format!(": {}", cell(&given.reason)) };
        format!("**{}** {verb} {}{reason}", words(&given.mark), cell(&given.by))
    })
}
