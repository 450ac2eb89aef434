//! What whoever reads a comparison asks first: who played, how it ended, what broke when, what it cost.

use grader::{Money, Scorecard};

use super::row::{Kind, Row};
use crate::verdict::amount;

/// How a service of the shop is seen to be down.
const SYMPTOMS: [(&str, &str); 4] =
    [("payment", "payment full"), ("order", "order 503"), ("cart", "cart 504"), ("frontend", "blank page")];

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
    for (service, symptom) in SYMPTOMS {
        row(symptom, &|card| {
            let broken = card.cascade.iter().find(|broken| broken.service == service);
            after(broken.map(|broken| broken.seconds))
        });
    }
    row("recovered", &|card| after(card.measures.time_to.verified_recovery));
    row("requests lost", &|card| {
        card.measures.goodput_lost.map_or("no data".into(), |lost| format!("{lost:.0}"))
    });
    let money =
        |of: fn(&Money) -> String| move |card: &Scorecard| card.money.as_ref().map_or("no data".into(), of);
    row("orders confirmed", &money(|money| money.confirmed.to_string()));
    row("confirmed", &money(|money| amount(money.confirmed_cents)));
    row(
        "lost / double / pending",
        &money(|money| format!("{} / {} / {}", money.lost, money.double, money.pending)),
    );
    row("checkouts missed", &|card| {
        let revenue = card.measures.revenue.as_ref();
        revenue.map_or("no data".into(), |revenue| {
            format!("{} ({})", revenue.missed_checkouts, amount(revenue.missed_cents))
        })
    });
    rows
}

fn after(seconds: Option<f64>) -> String {
    seconds.map_or("never".into(), |seconds| format!("after {seconds:.1} s"))
}
