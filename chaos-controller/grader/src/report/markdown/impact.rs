//! What users saw, and what the shop did in vain.

use std::collections::BTreeMap;
use std::fmt::{Result, Write as _};

use super::Report;
use super::text::{capital, cell, table};
use crate::finding::percent;
use crate::measures::Measures;

pub(super) fn write(report: &Report<'_>, page: &mut String) -> Result {
    let measures = &report.card.measures;
    if measures.goodput_lost_by_journey.is_empty() && measures.goodput_lost.is_none() {
        return Ok(());
    }
    writeln!(page, "## What users saw\n")?;
    let share = |share: Option<&f64>| share.map_or("no data".to_owned(), |share| percent(*share));
    let rows = measures.goodput_lost_by_journey.iter().map(|(journey, lost)| {
        vec![
            cell(journey),
            share(measures.goodput_before.get(journey)),
            share(measures.goodput_during.get(journey)),
            share(measures.goodput_after.get(journey)),
            format!("{lost:.0}"),
        ]
    });
    let head = ["journey", "before", "while the trigger was on", "after", "requests lost"];
    table(page, &head, &rows.collect::<Vec<_>>())?;
    if let (Some(lost), Some(users)) = (measures.goodput_lost, measures.users_hit) {
        writeln!(page, "{lost:.0} requests were not answered in time, to {users} users.")?;
    }
    writeln!(page, "{}.\n", capital(&moments(measures).join(", ")))?;
    list(page, "Attempts per call while the fault was on", &measures.amplification, "")?;
    list(page, "Work done for users who had left", &measures.wasted_work_seconds, " worker-seconds")
}

/// When what was done, after the fault's start.
fn moments(measures: &Measures) -> Vec<String> {
    let times = &measures.time_to;
    let always = [
        ("first action", times.first_action),
        ("recovered", times.recovery),
        ("recovery verified", times.verified_recovery),
    ];
    // Of people only: a script that says nothing has not failed to.
    let people = [
        ("detected", times.detect),
        ("acknowledged", times.acknowledge),
        ("first message", times.first_message),
        ("right diagnosis", times.right_diagnosis),
        ("first act that helped", measures.mitigation.as_ref().map(|helped| helped.seconds)),
    ];
    let said = |value: Option<f64>| value.map_or("never".to_owned(), |value| format!("{value:+.0} s"));
    let people = people.into_iter().filter(|(_, at)| at.is_some());
    people.chain(always).map(|(name, at)| format!("{name} {}", said(at))).collect()
}

fn list(page: &mut String, title: &str, values: &BTreeMap<String, f64>, unit: &str) -> Result {
    if values.is_empty() {
        return Ok(());
    }
    let values: Vec<String> =
        values.iter().map(|(name, value)| format!("{} {value:.2}{unit}", cell(name))).collect();
    writeln!(page, "{title}: {}.\n", values.join(", "))
}
