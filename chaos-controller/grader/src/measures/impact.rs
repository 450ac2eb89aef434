//! What the outage cost: requests, users, money.

use std::collections::{BTreeMap, BTreeSet};

use drill::Journey;

use serde::{Deserialize, Serialize};

use super::Measures;
use crate::case::Case;
use crate::finding::round;
use crate::moments::Span;

/// Money that came in, was late, or stayed away. Cents.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Revenue {
    /// All confirmed orders.
    pub confirmed_cents: i64,
    /// Orders placed from the first action to the end of the replay while a trigger was on, and confirmed in the end.
    pub saved_orders: u64,
    pub saved_cents: i64,
    /// Orders still unknown or pending at the end.
    pub at_risk_cents: i64,
    /// Checkouts that failed, at the mean amount of an order.
    pub missed_checkouts: u64,
    pub missed_cents: i64,
}

/// Goodput of the baseline.
pub(super) fn before(case: &Case<'_>, measures: &mut Measures) {
    let Some(span) = super::before(case) else { return };
    measures.goodput_before = goodput(case, span);
    note_goodput(case, "goodput_before", &measures.goodput_before.clone(), span, measures);
}

pub(super) fn measure(case: &Case<'_>, outage: Span, measures: &mut Measures) {
    let moments = &case.moments;
    let affected = super::affected(case, outage);
    let rows = case.log.within(affected);
    if !rows.is_empty() {
        let mut users = BTreeSet::new();
        let mut lost: BTreeMap<String, f64> =
            case.log.journeys.iter().map(|j| (j.name().to_owned(), 0.0)).collect();
        for row in rows.iter().filter(|row| !row.good) {
            users.insert(row.request.user);
            if let Some(journey) = Journey::from_index(row.request.journey) {
                *lost.entry(journey.name().to_owned()).or_default() += 1.0;
            }
        }
        let log = format!("requests.bin: not answered in time, intended {}", moments.name(affected));
        for (journey, lost) in &lost {
            let name = format!("measures.goodput_lost_by_journey.{journey}");
            measures.note(name, Some(*lost), "requests", format!("{log}, {journey}"));
        }
        measures.users_hit = Some(users.len() as u64);
        measures.note("measures.users_hit", Some(users.len() as f64), "users", log.clone());
        measures.goodput_lost = Some(lost.values().sum());
        measures.note("measures.goodput_lost", measures.goodput_lost, "requests", log);
        measures.goodput_lost_by_journey = lost;
    }
    let full = Span { from: moments.full.unwrap_or(outage.from).min(outage.to), to: outage.to };
    measures.goodput_during = goodput(case, full);
    note_goodput(case, "goodput_during", &measures.goodput_during.clone(), full, measures);
    if let (Some(from), Some(replay)) = (moments.ends, moments.replay) {
        let after = Span { from, to: replay.from };
        measures.goodput_after = goodput(case, after);
        note_goodput(case, "goodput_after", &measures.goodput_after.clone(), after, measures);
    }
    measures.revenue = revenue(case, affected);
    note_revenue(measures);
}

fn note_goodput(
    case: &Case<'_>,
    of: &str,
    shares: &BTreeMap<String, f64>,
    span: Span,
    measures: &mut Measures,
) {
    for (journey, share) in shares {
        let log = format!("requests.bin: {journey}, intended {}", case.moments.name(span));
        measures.note(format!("measures.{of}.{journey}"), Some(*share), "share", log);
    }
}

fn note_revenue(measures: &mut Measures) {
    let Some(revenue) = measures.revenue.clone() else { return };
    let book = "ledgers/orders.jsonl";
    for (name, value, unit, from) in [
        ("confirmed_cents", revenue.confirmed_cents as f64, "cents", format!("{book}: state confirmed")),
        (
            "saved_orders",
            revenue.saved_orders as f64,
            "orders",
            format!("{book}: placed after the first action under a trigger, confirmed"),
        ),
        (
            "saved_cents",
            revenue.saved_cents as f64,
            "cents",
            format!("{book}: placed after the first action under a trigger, confirmed"),
        ),
        ("at_risk_cents", revenue.at_risk_cents as f64, "cents", format!("{book}: open at the end")),
        (
            "missed_checkouts",
            revenue.missed_checkouts as f64,
            "requests",
            "requests.bin: checkout, not answered in time".to_owned(),
        ),
        (
            "missed_cents",
            revenue.missed_cents as f64,
            "cents",
            format!("requests.bin: checkout, not answered in time; {book}: mean of amount_cents"),
        ),
    ] {
        measures.note(format!("measures.revenue.{name}"), Some(value), unit, from);
    }
}

/// Goodput of each journey in a span; journeys without requests are absent.
fn goodput(case: &Case<'_>, span: Span) -> BTreeMap<String, f64> {
    let tallies = case.log.tallies(span).into_iter();
    tallies.filter_map(|(journey, tally)| Some((journey.name().to_owned(), round(tally.share()?)))).collect()
}

fn revenue(case: &Case<'_>, affected: Span) -> Option<Revenue> {
    let money = case.money.as_ref()?;
    let orders = case.recording.ledgers.orders.as_ref()?;
    let acted = case.moments.first_action;
    let mut revenue = Revenue {
        confirmed_cents: money.confirmed_cents,
        at_risk_cents: money.pending_cents,
        ..Revenue::default()
    };
    for order in orders.iter().filter(|order| order.state == "confirmed") {
        let placed = case.moments.on_clock(order.created_unix_ms);
        if acted.is_some_and(|acted| placed >= acted)
            && placed < affected.to
            && case.moments.triggered(placed, 0)
        {
            revenue.saved_orders += 1;
            revenue.saved_cents += order.amount_cents;
        }
    }
    let missed = case.log.within(affected).iter();
    let missed =
        missed.filter(|row| !row.good && row.request.journey == Journey::Checkout.index()).count() as u64;
    let total: i64 = orders.iter().map(|order| order.amount_cents).sum();
    let mean = if orders.is_empty() { 0.0 } else { total as f64 / orders.len() as f64 };
    revenue.missed_checkouts = missed;
    revenue.missed_cents = (mean * missed as f64).round() as i64;
    Some(revenue)
}

#[cfg(test)]
mod tests {
    use super::super::tests::measured;
    use crate::testbed::Bed;

    #[test]
    fn an_outage_costs_requests_users_and_money() {
        let measures = measured(&Bed::never_recovered());
        assert_eq!(measures.goodput_before["checkout"], 1.0);
        assert_eq!(measures.goodput_during["checkout"], 0.05, "the first second of twenty is well");
        assert_eq!(measures.goodput_after["checkout"], 1.0);
        assert!(measures.users_hit.unwrap() > 0 && measures.goodput_lost.unwrap() > 100.0);
        assert!(measures.revenue.unwrap().missed_cents > 0);
    }

    #[test]
    fn a_shop_that_stayed_well_lost_nothing() {
        let measures = measured(&Bed::well("layered", None));
        assert_eq!((measures.users_hit, measures.goodput_lost), (Some(0), Some(0.0)));
    }

    #[test]
    fn without_requests_or_ledgers_it_is_unknown() {
        let mut bed = Bed::never_recovered();
        bed.requests.clear();
        bed.ledgers.orders = None;
        let measures = measured(&bed);
        assert_eq!((measures.users_hit, measures.goodput_lost, measures.revenue), (None, None, None));
    }
}
