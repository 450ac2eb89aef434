//! What the outage cost, in the measured numbers of the scorecard, and how much of each journey's error budget that was.

use drill::{Journey, Plan};

use super::{Draft, asked};
use crate::finding::percent;
use crate::report::markdown::amount;
use crate::scorecard::Scorecard;

impl Draft<'_> {
    pub(super) fn impact(&self) -> Vec<String> {
        let mut lines: Vec<String> =
            lines(self.card, self.plan).iter().map(|line| format!("- {line}")).collect();
        if lines.is_empty() {
            lines.push(asked("users, requests, money and error budget, in numbers"));
        }
        lines
    }
}

/// A line for each thing that was measured; what was not is not guessed.
fn lines(card: &Scorecard, plan: Option<&Plan>) -> Vec<String> {
    let measures = &card.measures;
    let mut lines = Vec::new();
    if let Some(users) = measures.users_hit {
        let of = plan.map_or_else(String::new, |plan| format!(" of {}", plan.load.users));
        lines.push(format!("Users: {users}{of} were not answered in time at least once."));
    }
    if let Some(lost) = measures.goodput_lost {
        let of: Vec<String> = measures
            .goodput_lost_by_journey
            .iter()
            .filter(|(_, lost)| **lost > 0.0)
            .map(|(journey, lost)| format!("{journey} {lost:.0}"))
            .collect();
        lines.push(format!("Requests: {lost:.0} were not answered correctly in time ({}).", of.join(", ")));
    }
    for (journey, share) in measures.goodput_during.iter().filter(|(_, share)| **share < 0.999) {
        lines.push(format!(
            "While the trigger was at its full strength, {} of {journey} was good.",
            percent(*share)
        ));
    }
    if let Some(revenue) = &measures.revenue {
        lines.push(format!(
            "Money: {} checkouts failed, worth {} at the mean amount of an order; {} still open at the end.",
            revenue.missed_checkouts,
            amount(revenue.missed_cents),
            amount(revenue.at_risk_cents)
        ));
    }
    if let Some(money) = &card.money {
        lines.push(format!(
            "Books: {} orders charged twice ({}), {} charges without an order or orders without a charge ({}).",
            money.double,
            amount(money.double_cents),
            money.lost,
            amount(money.lost_cents)
        ));
    }
    lines.extend(plan.map(|plan| budgets(card, plan)).unwrap_or_default());
    lines
}

/// The error budget of the run, by the definition that guardrails stop by.
fn budgets(card: &Scorecard, plan: &Plan) -> Vec<String> {
    let spent = |journey: Journey| {
        let lost = *card.measures.goodput_lost_by_journey.get(journey.name())?;
        let budget = plan.error_budget(journey).filter(|budget| *budget > 0.0 && lost > 0.0)?;
        Some(format!("{journey} {:.1} times", lost / budget))
    };
    let spent: Vec<String> = Journey::ALL.into_iter().filter_map(spent).collect();
    if spent.is_empty() {
        return Vec::new();
    }
    let seconds = plan.budgeted().as_secs();
    vec![format!("Error budget of these {seconds} s, spent: {}.", spent.join(", "))]
}
