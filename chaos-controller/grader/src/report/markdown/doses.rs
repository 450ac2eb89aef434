//! What was done to the shop, requested against delivered.

use std::fmt::{Result, Write as _};

use super::Report;
use super::text::{cell, table};

const HEAD: [&str; 6] = ["fault", "measured by", "calls", "requested p50", "delivered p50", "as requested"];

pub(super) fn write(report: &Report<'_>, page: &mut String) -> Result {
    if report.card.dose.is_empty() {
        return Ok(());
    }
    writeln!(page, "## Dose\n")?;
    let ms = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.1} ms"));
    let rows = report.card.dose.iter().map(|dose| {
        let within = dose.within.map_or("not judged", |within| if within { "yes" } else { "**no**" });
        vec![
            cell(&dose.fault),
            cell(&dose.source),
            dose.n.to_string(),
            ms(dose.requested_ms),
            ms(dose.delivered_ms),
            within.to_owned(),
        ]
    });
    table(page, &HEAD, &rows.collect::<Vec<_>>())
}
