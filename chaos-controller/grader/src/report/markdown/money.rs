//! What the books say, and what came in or stayed away.

use std::fmt::{Result, Write as _};

use super::Report;
use super::text::{amount, offset, table};
use crate::measures::Settling;

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
    table(page, &["", "orders", "amount"], &cells.collect::<Vec<_>>())?;
    match &report.card.measures.settling {
        Some(settling) if settling.orders > 0 => write_settling(settling, page),
        _ => Ok(()),
    }
}

/// Pending has a price.
fn write_settling(settling: &Settling, page: &mut String) -> Result {
    let told = |value: Option<f64>, unit: &str| {
        value.map_or("no data".to_owned(), |value| format!("{value:.1}{unit}"))
    };
    let at = settling.at_risk_peak_at_seconds.map_or(String::new(), |at| format!(" at {}", offset(at)));
    let rows = [
        ("until it was settled, or the end (half of them)", told(settling.age_p50_seconds, " s")),
        ("the longest", told(settling.age_max_seconds, " s")),
        ("settled per second, while any was", told(settling.drained_per_second, "")),
        ("most revenue at risk at once", format!("{}{at}", amount(settling.at_risk_peak_cents))),
    ];
    let head = format!("{} orders that their checkout left pending", settling.orders);
    table(page, &[&head, "measured"], &rows.map(|(name, value)| vec![name.to_owned(), value]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pending_has_a_price() {
        let settling = Settling {
            orders: 3,
            age_p50_seconds: Some(4.0),
            age_max_seconds: Some(9.5),
            drained_per_second: None,
            at_risk_peak_cents: 12_345,
            at_risk_peak_at_seconds: Some(7.0),
        };
        let mut page = String::new();
        write_settling(&settling, &mut page).unwrap();
        for part in ["| 4.0 s |", "| the longest | 9.5 s |", "| no data |", "| 123.45 at +7.0 s |"] {
            assert!(page.contains(part), "no `{part}` in\n{page}");
        }
    }
}
