//! What was said to be wrong, point by point against what was.

use std::fmt::{Result, Write as _};

use super::Report;
use super::text::{cell, offset, quote, table, words};

const HEAD: [&str; 6] = ["point", "got", "of", "said", "recorded", "why"];

pub(super) fn write(report: &Report<'_>, page: &mut String) -> Result {
    let submitted = &report.card.diagnoses.submitted;
    if submitted.is_empty() {
        return Ok(());
    }
    writeln!(page, "## Diagnoses\n")?;
    for one in submitted {
        let (when, who, score) = (offset(one.seconds), cell(&one.actor), one.score * 100.0);
        writeln!(page, "**{when}, {who}: {}, {score:.0} %**\n", words(&one.grade))?;
        quote(page, &one.said)?;
        writeln!(page, "{}\n", cell(&one.explanation))?;
        let rows = one.points.iter().map(|point| {
            let number = |value: f64| format!("{value:.2}");
            let words = [&point.claimed, &point.recorded, &point.why].map(|text| cell(text));
            [cell(&point.name), number(point.got), number(point.worth)].into_iter().chain(words).collect()
        });
        table(page, &HEAD, &rows.collect::<Vec<_>>())?;
    }
    Ok(())
}
