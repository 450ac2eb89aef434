//! The measures as tables, and where each number is from.

use minijinja::{Value, context};

use super::words;
use crate::measures::{Figure, Measures, TimeTo};
use crate::query;
use crate::scorecard::Scorecard;

/// Of each moment that somebody is measured by: its name, when it was, and what it was.
pub(super) fn moments(measures: &Measures) -> Vec<Value> {
    let times: &TimeTo = &measures.time_to;
    let helped = measures.mitigation.as_ref();
    let rows = [
        ("detected", times.detect, times.detected_by.clone().unwrap_or_default()),
        ("acknowledged", times.acknowledge, String::new()),
        ("first message", times.first_message, String::new()),
        ("right diagnosis", times.right_diagnosis, String::new()),
        ("first action", times.first_action, String::new()),
        (
            "first act that helped",
            helped.map(|one| one.seconds),
            helped.map(|one| one.what.clone()).unwrap_or_default(),
        ),
        ("recovered", times.recovery, String::new()),
        ("recovery verified", times.verified_recovery, "it held".to_owned()),
    ];
    let row = |(name, at, what): (&str, Option<f64>, String)| {
        context! { name, at => at.map_or("never".to_owned(), words::offset), what => if at.is_some() { what } else { String::new() } }
    };
    rows.into_iter().map(row).collect()
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

    #[test]
    fn what_never_happened_is_never_and_not_zero() {
        let rows = moments(&Measures::default());
        assert!(rows.iter().all(|row| row.get_attr("at").unwrap().as_str() == Some("never")), "{rows:?}");
    }
}
