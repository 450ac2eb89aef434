//! What was really wrong, as the recording shows it.

use std::fmt::{Result, Write as _};

use super::Report;
use super::text::{cell, offset, words};
use crate::report::edge;

pub(super) fn write(report: &Report<'_>, page: &mut String) -> Result {
    let truth = &report.card.truth;
    if truth.roots.is_empty() && truth.mechanisms.is_empty() {
        return Ok(());
    }
    writeln!(page, "## What was really wrong\n")?;
    for root in &truth.roots {
        let (component, what) = (cell(&root.component), cell(&root.what));
        let (when, evidence) = (offset(root.seconds), cell(&root.evidence));
        writeln!(page, "- Cause: **{component}** ({}, {when}): {what}. {evidence}", words(&root.kind))?;
    }
    if let Some(edge) = &truth.first_broken_edge {
        let (caller, callee) = (cell(&edge.caller), cell(&edge.callee));
        let (told, evidence) = (cell(&edge::told(edge)), cell(&edge.evidence));
        writeln!(page, "- Broke first: **{caller} -> {callee}**, {told}. {evidence}")?;
    }
    for mechanism in &truth.mechanisms {
        let (at, what, evidence) = (cell(&mechanism.at), cell(&mechanism.what), cell(&mechanism.evidence));
        writeln!(page, "- Mechanism: **{}** at {at}: {what}. {evidence}", words(&mechanism.kind))?;
    }
    writeln!(page)
}
