//! Criteria and proofs: target, measured and margin of each, why, and where to look.

use std::fmt::{Result, Write as _};

use super::Report;
use super::text::{cell, code, table};
use crate::finding::Status;
use crate::report::html::criteria::{Row, rows};
use crate::scorecard::Criterion;

const HEAD: [&str; 7] = ["", "criterion", "target", "measured", "margin", "why", "evidence"];

pub(super) fn write_criteria(report: &Report<'_>, page: &mut String) -> Result {
    write(page, "Criteria", &report.card.criteria, &report.card.run)
}

pub(super) fn write_proofs(report: &Report<'_>, page: &mut String) -> Result {
    write(page, "Was the experiment sound?", &report.card.proofs, &report.card.run)
}

fn write(page: &mut String, title: &str, criteria: &[Criterion], run: &str) -> Result {
    if criteria.is_empty() {
        return Ok(());
    }
    writeln!(page, "## {title}\n")?;
    let cells = criteria.iter().zip(rows(criteria, run)).map(|(criterion, row)| cells(criterion, &row));
    table(page, &HEAD, &cells.collect::<Vec<_>>())
}

fn cells(criterion: &Criterion, row: &Row) -> Vec<String> {
    let finding = &criterion.finding;
    let status = match finding.status {
        Status::Pass => "pass",
        Status::Fail => "**FAIL**",
        Status::Unknown => "*unknown*",
    };
    let optional = if criterion.required { "" } else { " (not required)" };
    // Where to look, and what to ask there.
    let evidence = match &row.query {
        Some(command) => format!("{}: {}", cell(&finding.evidence), code(command)),
        None => cell(&finding.evidence),
    };
    vec![
        status.to_owned(),
        format!("{}{optional}", cell(&criterion.name)),
        cell(&row.target),
        cell(&row.measured),
        cell(&row.margin),
        cell(&finding.reason),
        evidence,
    ]
}
