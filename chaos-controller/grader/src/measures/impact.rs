//! What the outage cost: requests, users, money.

use std::collections::{BTreeMap, BTreeSet};

use drill::Journey;
use evidence::kind;

use super::{Measures, Revenue};
use crate::case::Case;
use crate::finding::round;
use crate::moments::Span;

pub(super) fn measure(case: &Case<'_>, outage: Span, measures: &mut Measures) {
    let moments = &case.moments;
    let affected = Span { from: outage.from, to: moments.replay.map_or(outage.to, |replay| replay.to) };
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
        measures.users_hit = Some(users.len() as u64);
        measures.goodput_lost = Some(lost.values().sum());
        measures.goodput_lost_by_journey = lost;
    }
    measures.goodput_during =
        goodput(case, Span { from: moments.full.unwrap_or(outage.from).min(outage.to), to: outage.to });
    if let (Some(from), Some(replay)) = (moments.ends, moments.replay) {
        measures.goodput_after = goodput(case, Span { from, to: replay.from });
    }
    measures.revenue = revenue(case, affected);
}

/// Goodput of each journey in a span; journeys without requests are absent.
pub(super) fn goodput(case: &Case<'_>, span: Span) -> BTreeMap<String, f64> {
    let tallies = case.log.tallies(span).into_iter();
    tallies.filter_map(|(journey, tally)| Some((journey.name().to_owned(), round(tally.share()?)))).collect()
}

fn revenue(case: &Case<'_>, affected: Span) -> Option<Revenue> {
    let money = case.money.as_ref()?;
    let orders = case.recording.ledgers.orders.as_ref()?;
    let started = case.recording.entries(kind::RUN_STARTED).next();
    let wall = started.and_then(|entry| entry.number("wall_unix_ms")).unwrap_or_default() as u64;
    let acted = case.moments.first_action;
    let mut revenue = Revenue {
        confirmed_cents: money.confirmed_cents,
        at_risk_cents: money.pending_cents,
        ..Revenue::default()
    };
    for order in orders.iter().filter(|order| order.state == "confirmed") {
        let placed = order.created_unix_ms.saturating_sub(wall);
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
