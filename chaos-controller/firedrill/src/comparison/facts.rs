//! What whoever reads a comparison asks first: who played, how it ended, what broke when, what it cost.

use grader::{Measures, Money, Scorecard, Status, Verdict};

use super::row::{Kind, Row};
use crate::verdict::amount;

/// A measure of a run.
type Measure = fn(&Measures) -> Option<f64>;

/// How a service of the shop is seen to be down, and the measure that is there if anybody looked.
const SYMPTOMS: [(&str, &str, Measure); 4] = [
    ("payment", "payment full", |measures| measures.payment_queue_depth_max),
    ("order", "order 503", |measures| measures.order_503_share_max),
    ("cart", "cart 504", |measures| measures.cart_504_share_max),
    ("frontend", "blank page", |measures| measures.home_failing_share_max),
];
/// The criterion that is failed, and not unknown, where a recovery was looked for and did not come or did not last.
const LASTING: &str = "hold";
const NO_DATA: &str = "no data";

pub(super) fn who_and_what_came_of_it(cards: &[&Scorecard]) -> Vec<Row> {
    let row = |name: &str, of: &dyn Fn(&Scorecard) -> String| {
        Row::new(Kind::Verdict, name, cards.iter().map(|card| of(card)).collect())
    };
    let mut rows = Vec::new();
    if !super::criteria::comparable(cards) {
        rows.push(row("drill", &|card| card.drill.clone()));
    }
    rows.push(row("played by", &|card| card.candidate.clone().unwrap_or_else(|| "a person".into())));
    rows.push(row("verdict", &|card| format!("{} (exit {})", card.verdict.name().to_uppercase(), card.exit)));
    rows
}

pub(super) fn what_happened(cards: &[&Scorecard]) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut row = |name: &str, of: &dyn Fn(&Scorecard) -> String| {
        rows.push(Row::new(Kind::Fact, name, cards.iter().map(|card| of(card)).collect()));
    };
    for (service, symptom, looked) in SYMPTOMS {
        row(symptom, &|card| {
            let broken = card.cascade.iter().find(|broken| broken.service == service);
            after(card, broken.map(|broken| broken.seconds), looked(&card.measures).is_some())
        });
    }
    let sought = |card: &Scorecard| {
        card.criterion(LASTING).is_some_and(|lasting| lasting.finding.status == Status::Fail)
    };
    row("recovered", &|card| after(card, card.measures.time_to.recovery, sought(card)));
    row("recovery verified", &|card| after(card, card.measures.time_to.verified_recovery, sought(card)));
    row("requests lost", &|card| {
        card.measures.goodput_lost.map_or(NO_DATA.into(), |lost| format!("{lost:.0}"))
    });
    let money =
        |of: fn(&Money) -> String| move |card: &Scorecard| card.money.as_ref().map_or(NO_DATA.into(), of);
    row("orders confirmed", &money(|money| money.confirmed.to_string()));
    row("confirmed", &money(|money| amount(money.confirmed_cents)));
    row(
        "lost / double / pending",
        &money(|money| format!("{} / {} / {}", money.lost, money.double, money.pending)),
    );
    row("checkouts missed", &|card| {
        let revenue = card.measures.revenue.as_ref();
        revenue.map_or(NO_DATA.into(), |revenue| {
            format!("{} ({})", revenue.missed_checkouts, amount(revenue.missed_cents))
        })
    });
    rows
}

/// A moment that did not come is "never" only of a run that proves something, and if it was `sought`.
fn after(card: &Scorecard, seconds: Option<f64>, sought: bool) -> String {
    match seconds {
        Some(seconds) => format!("after {seconds:.1} s"),
        None if sought && card.verdict != Verdict::Void => "never".to_owned(),
        None => NO_DATA.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testbed::{card, criterion};
    use super::*;

    /// The cells of the two rows of recovery, and of the blank page.
    fn cells(changes: &serde_json::Value) -> [String; 3] {
        let card = card("a", changes);
        let rows = what_happened(&[&card]);
        ["recovered", "recovery verified", "blank page"].map(|name| {
            rows.iter().find(|row| row.name == name).map(|row| row.cells[0].clone()).unwrap_or_default()
        })
    }

    #[test]
    fn a_recovery_is_told_from_its_proof() {
        let times = json!({"measures": {"time_to": {"recovery": 25.0, "verified_recovery": 33.0}}});
        assert_eq!(cells(&times)[..2], ["after 25.0 s", "after 33.0 s"]);
        let relapsed = json!({"measures": {"time_to": {"recovery": 25.0}}});
        assert_eq!(cells(&relapsed)[..2], ["after 25.0 s", "never"]);
    }

    #[test]
    fn never_is_said_only_of_what_was_looked_for() {
        assert_eq!(cells(&json!({})), ["never"; 3]);
        let void = json!({"verdict": "void", "exit": 98});
        assert_eq!(cells(&void), [NO_DATA; 3]);
        let silent = json!({"criteria": [criterion("hold", "unknown", 0.0, 0.95)],
            "measures": {"home_failing_share_max": null}});
        assert_eq!(cells(&silent), [NO_DATA; 3]);
    }
}
