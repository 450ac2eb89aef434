//! The measures as tables, and where each number is from.

use minijinja::{Value, context};

use super::words;
use crate::measures::{Burn, ErrorBudget, Figure, TimeTo};
use crate::query;
use crate::report::absent::{By, absent};
use crate::scorecard::Scorecard;

/// Of each moment that somebody is measured by: its name, when it was, and what it was. A person's clock began with the
/// handover, so that is counted first.
pub(super) fn moments(card: &Scorecard) -> Vec<Value> {
    let measures = &card.measures;
    let times: &TimeTo = &measures.time_to;
    let helped = measures.mitigation.as_ref();
    let rows = [
        ("detected", "detect", times.detect, times.detected_by.clone().unwrap_or_default()),
        ("acknowledged", "acknowledge", times.acknowledge, String::new()),
        ("first message", "first_message", times.first_message, String::new()),
        ("right diagnosis", "right_diagnosis", times.right_diagnosis, String::new()),
        ("first action", "first_action", times.first_action, String::new()),
        (
            "first act that helped",
            "mitigation",
            helped.map(|one| one.seconds),
            helped.map(|one| one.what.clone()).unwrap_or_default(),
        ),
        ("recovered", "recovery", times.recovery, String::new()),
        ("recovery verified", "verified_recovery", times.verified_recovery, "it held".to_owned()),
    ];
    let row = |(name, key, at, what): (&str, &str, Option<f64>, String)| {
        let by = match key {
            "mitigation" | "recovery" | "verified_recovery" => By::Goodput,
            _ => By::Journal,
        };
        let none = absent(card, by);
        let since = times.since_handover.get(key).copied();
        context! {
            name,
            at => at.map_or(none.to_owned(), words::offset),
            since => match (since, at) {
                (Some(since), _) => words::offset(since),
                (None, Some(_)) => "before it".to_owned(),
                (None, None) => none.to_owned(),
            },
            what => if at.is_some() { what } else { String::new() },
        }
    };
    rows.into_iter().map(row).collect()
}

/// The highest burn rate of each pair of windows, and since when it was above the pair's limit.
pub(in crate::report) fn burns(budget: &ErrorBudget) -> Vec<String> {
    let told = |burn: &Burn| {
        let Some(peak) = burn.peak else { return "the run is too short".to_owned() };
        let above = burn.exceeded_at_seconds;
        let above = above.map_or(String::new(), |at| format!(", above from {}", words::offset(at)));
        format!("{peak:.1}×{above}")
    };
    budget.burn.iter().map(told).collect()
}

/// Every number that says where it is from.
pub(super) fn figures(card: &Scorecard) -> Vec<Value> {
    let row = |figure: &Figure| {
        context! {
            name => words::name(figure.name.trim_start_matches("measures.")),
            value => value(figure),
            evidence => figure.evidence.as_str(),
            query => figure.query.as_ref().map(|text| query::command(text, &card.run, figure.at_ms)),
        }
    };
    card.measures.figures.iter().map(row).collect()
}

fn value(figure: &Figure) -> String {
    match figure.unit.as_str() {
        "share" => words::percent(figure.value),
        "" => words::plain(figure.value),
        unit => format!("{} {unit}", words::plain(figure.value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testbed::Bed;

    fn told(card: &Scorecard, cell: &str) -> Vec<String> {
        let cells = moments(card).into_iter().map(|row| row.get_attr(cell).unwrap().to_string());
        cells.collect()
    }

    #[test]
    fn what_never_happened_is_never_and_not_zero() {
        let card = crate::grade(&Bed::never_recovered().recording()).card;
        assert!(told(&card, "at").iter().any(|at| at == "never"), "{:?}", told(&card, "at"));
        assert!(told(&card, "at").iter().all(|at| at != "0 s"));
    }

    #[test]
    fn a_persons_times_are_counted_from_the_handover_too() {
        let mut card = crate::grade(&Bed::recovered().recording()).card;
        (card.candidate, card.measures.time_to.first_action) = (None, Some(5.0));
        card.measures.time_to.since_handover = [("first_action".to_owned(), 3.0)].into();
        assert!(told(&card, "since").contains(&"+3 s".to_owned()), "{:?}", told(&card, "since"));
        assert!(told(&card, "at").contains(&"+5 s".to_owned()));
    }
}
