//! The price of "order accepted, payment pending": how old such orders became, how fast the settler worked them off, and
//! how much money was open at the worst moment. From the book of orders, whose rows say when they came and when they were
//! last changed.

use serde::{Deserialize, Serialize};

use super::Measures;
use super::figure::seconds;
use crate::case::Case;
use crate::finding::round;

/// States that are still to be decided.
const OPEN: [&str; 3] = ["pending", "unknown", "charging"];

/// Orders that were not decided by their own checkout: settled later, or open at the end.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Settling {
    pub orders: u64,
    /// From the order to its settling, or to the end; `None` if there was no such order.
    pub age_p50_seconds: Option<f64>,
    pub age_max_seconds: Option<f64>,
    /// Orders settled per second, in the seconds in which any was; `None` if none was settled.
    pub drained_per_second: Option<f64>,
    /// Money in such orders at the worst moment, and when that was.
    pub at_risk_peak_cents: i64,
    pub at_risk_peak_at_seconds: Option<f64>,
}

/// An order that waited.
struct Waited {
    from: u64,
    to: u64,
    cents: i64,
    settled: bool,
}

pub(super) fn measure(case: &Case<'_>, measures: &mut Measures) {
    let Some(waited) = waited(case) else { return };
    let mut ages: Vec<u64> = waited.iter().map(|one| one.to.saturating_sub(one.from)).collect();
    ages.sort_unstable();
    let age = |ms: Option<&u64>| ms.map(|ms| round(*ms as f64 / 1e3));
    let (peak, at) = peak(&waited);
    let settling = Settling {
        orders: waited.len() as u64,
        age_p50_seconds: age(ages.get(ages.len().saturating_sub(1) / 2)),
        age_max_seconds: age(ages.last()),
        drained_per_second: drained(&waited).map(round),
        at_risk_peak_cents: peak,
        at_risk_peak_at_seconds: at.map(|at| seconds(case, at)),
    };
    let book = "ledgers/orders.jsonl: orders that were settled or are open";
    let at_risk = (peak > 0).then_some(peak as f64);
    for (name, value, unit, how) in [
        ("orders", Some(settling.orders as f64), "orders", ""),
        (
            "age_p50_seconds",
            settling.age_p50_seconds,
            "s",
            ", created_unix_ms to updated_unix_ms, or to the end",
        ),
        (
            "age_max_seconds",
            settling.age_max_seconds,
            "s",
            ", created_unix_ms to updated_unix_ms, or to the end",
        ),
        ("drained_per_second", settling.drained_per_second, "orders/s", ", by the second of updated_unix_ms"),
        ("at_risk_peak_cents", at_risk, "cents", ", the sum of their amount_cents at the worst moment"),
    ] {
        measures.note(format!("measures.settling.{name}"), value, unit, format!("{book}{how}"));
    }
    measures.settling = Some(settling);
}

/// `None` without the book of orders, or with an empty one.
fn waited(case: &Case<'_>) -> Option<Vec<Waited>> {
    let orders = case.recording.ledgers.orders.as_ref().filter(|orders| !orders.is_empty())?;
    let open = |state: &str| OPEN.contains(&state);
    let waited = orders.iter().filter(|order| order.settled || open(&order.state)).map(|order| Waited {
        from: case.moments.on_clock(order.created_unix_ms),
        to: match open(&order.state) {
            true => case.moments.end,
            false => case.moments.on_clock(order.updated_unix_ms),
        },
        cents: order.amount_cents,
        settled: order.settled && !open(&order.state),
    });
    Some(waited.collect())
}

/// The settler pauses while it must; what counts is how fast it is when it works.
fn drained(waited: &[Waited]) -> Option<f64> {
    let mut seconds: Vec<u64> = waited.iter().filter(|one| one.settled).map(|one| one.to / 1_000).collect();
    let settled = seconds.len();
    seconds.sort_unstable();
    seconds.dedup();
    (settled > 0).then(|| settled as f64 / seconds.len() as f64)
}

/// The most money that was open at once, and since when.
fn peak(waited: &[Waited]) -> (i64, Option<u64>) {
    let mut changes: Vec<(u64, i64)> =
        waited.iter().flat_map(|one| [(one.from, one.cents), (one.to, -one.cents)]).collect();
    // What ends at a moment is not open any more at it.
    changes.sort_unstable();
    let (mut open, mut most) = (0, (0, None));
    for (at, cents) in changes {
        open += cents;
        if open > most.0 {
            most = (open, Some(at));
        }
    }
    most
}

#[cfg(test)]
mod tests {
    use evidence::Order;

    use super::super::tests::measured;
    use super::*;
    use crate::testbed::{Bed, order};

    /// `(state, settled, created, updated)` of orders of 10.00.
    fn of(rows: &[(&str, bool, u64, u64)]) -> Option<Settling> {
        let mut bed = Bed::recovered();
        let orders = rows.iter().map(|(state, settled, created, updated)| Order {
            settled: *settled,
            amount_cents: 1_000,
            created_unix_ms: *created,
            updated_unix_ms: *updated,
            ..order("o1-1", state)
        });
        bed.ledgers.orders = Some(orders.collect());
        measured(&bed).settling
    }

    #[test]
    fn pending_orders_age_until_they_are_settled() {
        let settling = of(&[
            ("confirmed", true, 10_000, 30_000),
            ("confirmed", true, 12_000, 30_100),
            ("confirmed", true, 13_000, 33_500),
            ("confirmed", false, 11_000, 11_100),
        ])
        .unwrap();
        assert_eq!(
            (settling.orders, settling.age_p50_seconds, settling.age_max_seconds),
            (3, Some(20.0), Some(20.5))
        );
        assert_eq!(settling.drained_per_second, Some(1.5));
        assert_eq!((settling.at_risk_peak_cents, settling.at_risk_peak_at_seconds), (3_000, Some(8.0)));
    }

    #[test]
    fn an_order_that_is_open_at_the_end_ages_until_then() {
        let settling = of(&[("unknown", false, 9_000, 9_500)]).unwrap();
        assert_eq!((settling.age_max_seconds, settling.drained_per_second), (Some(30.0), None));
    }

    #[test]
    fn where_nothing_was_pending_nothing_aged() {
        let settling = of(&[("confirmed", false, 9_000, 9_100)]).unwrap();
        assert_eq!((settling.orders, settling.age_p50_seconds, settling.at_risk_peak_cents), (0, None, 0));
    }

    #[test]
    fn without_a_book_nothing_is_known() {
        let mut bed = Bed::recovered();
        bed.ledgers.orders = None;
        assert_eq!(measured(&bed).settling, None);
    }
}
