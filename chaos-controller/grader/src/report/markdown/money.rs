//! What the books say, and what came in or stayed away.

use std::fmt::{Result, Write as _};

use super::Report;
use super::text::{amount, table};

pub(super) fn write(report: &Report<'_>, page: &mut String) -> Result {
    writeln!(page, "## Money\n")?;
    let Some(money) = &report.card.money else { return writeln!(page, "There are no ledgers.\n") };
    let mut rows = vec![
        ("confirmed", money.confirmed, money.confirmed_cents),
        ("of these settled later", money.settled, money.settled_cents),
        ("lost", money.lost, money.lost_cents),
        ("charged twice or more", money.double, money.double_cents),
        ("unknown or pending", money.pending, money.pending_cents),
    ];
    if money.second_region > 0 {
        let fees = money.fees_cents as i64;
        rows.push(("charged in the bank's second region, and its fees", money.second_region, fees));
    }
    if let Some(revenue) = &report.card.measures.revenue {
        rows.push(("saved while a trigger was on", revenue.saved_orders, revenue.saved_cents));
        rows.push(("missed checkouts (estimate)", revenue.missed_checkouts, revenue.missed_cents));
    }
    let cells =
        rows.iter().map(|(name, count, cents)| vec![(*name).to_owned(), count.to_string(), amount(*cents)]);
    table(page, &["", "orders", "amount"], &cells.collect::<Vec<_>>())
}
