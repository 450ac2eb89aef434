//! Which journeys were hit, and what the run took of their error budgets.

use std::fmt::{Result, Write as _};

use super::Report;
use super::text::{cell, offset, table, words};
use crate::finding::percent;
use crate::measures::{BlastRadius, ErrorBudget};
use crate::report::html::numbers::burns;

pub(super) fn write(report: &Report<'_>, page: &mut String) -> Result {
    if let Some(radius) = &report.card.measures.blast_radius {
        write_radius(radius, page)?;
    }
    write_budgets(&report.card.measures.error_budgets, page)
}

fn write_radius(radius: &BlastRadius, page: &mut String) -> Result {
    writeln!(page, "### Journeys that were hit\n")?;
    writeln!(page, "{} of {} users met it.\n", radius.users_hit, radius.users)?;
    let rows = radius.journeys.iter().map(|one| {
        vec![
            words(&one.journey),
            if one.hit { "**yes**" } else { "no" }.to_owned(),
            percent(one.goodput),
            percent(one.objective),
            one.users_hit.to_string(),
            format!("{} at {}", percent(one.worst), offset(one.worst_at_seconds)),
        ]
    });
    let head = ["journey", "hit", "answered in time", "promised", "users hit", "worst window"];
    table(page, &head, &rows.collect::<Vec<_>>())
}

fn write_budgets(budgets: &[ErrorBudget], page: &mut String) -> Result {
    let Some(first) = budgets.first() else { return Ok(()) };
    writeln!(page, "### Error budgets\n")?;
    writeln!(
        page,
        "How much of a month's the run spent, a month being {}; and how fast it burned at most, in both windows of a pair at once.\n",
        cell(&first.period)
    )?;
    let mut head = ["journey", "promised", "not answered in time", "spent"].map(str::to_owned).to_vec();
    head.extend(
        first.burn.iter().map(|pair| format!("burn, limit {}× ({})", pair.rate, cell(&pair.windows))),
    );
    let rows = budgets.iter().map(|one| {
        let bad = format!("{} of {}", one.bad, one.offered);
        let mut row = vec![words(&one.journey), percent(one.objective), bad, percent(one.spent)];
        row.extend(burns(one));
        row
    });
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    table(page, &head, &rows.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use crate::testbed::Bed;

    #[test]
    fn every_journey_has_its_budget_and_says_whether_it_was_hit() {
        let page = crate::grade(&Bed::never_recovered().recording()).report_markdown();
        for part in [
            "### Journeys that were hit",
            "| checkout | **yes** |",
            "### Error budgets",
            "burn, limit 14.4× (30 s and 5 s, scaled from 1 h and 5 min)",
            "| the run is too short |",
        ] {
            assert!(page.contains(part), "no `{part}` in\n{page}");
        }
    }
}
