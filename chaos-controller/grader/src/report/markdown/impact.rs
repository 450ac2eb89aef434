//! What users saw, and what the shop did in vain.

use std::collections::BTreeMap;
use std::fmt::{Result, Write as _};

use super::Report;
use super::text::{capital, cell, table};
use crate::finding::percent;
use crate::report::absent::{By, absent};
use crate::scorecard::Scorecard;

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
    writeln!(page, "{}.\n", capital(&moments(report.card).join(", ")))?;
    list(page, "Attempts per call while the fault was on", &measures.amplification, "")?;
    list(page, "Work done for users who had left", &measures.wasted_work_seconds, " worker-seconds")
}

/// When what was done, after the fault's start; of a person first after the handover, when their clock began.
fn moments(card: &Scorecard) -> Vec<String> {
    let measures = &card.measures;
    let times = &measures.time_to;
    let always = [
        ("first action", "first_action", times.first_action, By::Journal),
        ("recovered", "recovery", times.recovery, By::Goodput),
        ("recovery verified", "verified_recovery", times.verified_recovery, By::Goodput),
    ];
    // Of people only: a script that says nothing has not failed to.
    let people = [
        ("detected", "detect", times.detect, By::Journal),
        ("acknowledged", "acknowledge", times.acknowledge, By::Journal),
        ("first message", "first_message", times.first_message, By::Journal),
        ("right diagnosis", "right_diagnosis", times.right_diagnosis, By::Journal),
        (
            "first act that helped",
            "mitigation",
            measures.mitigation.as_ref().map(|helped| helped.seconds),
            By::Goodput,
        ),
    ];
    let said = |(name, key, at, by): (&str, &str, Option<f64>, By)| {
        let since = times.since_handover.get(key).filter(|_| card.candidate.is_none());
        match (since, at) {
            (Some(since), Some(at)) => {
                format!("{name} {since:+.0} s after the handover ({at:+.0} s after the fault)")
            }
            (None, Some(at)) => format!("{name} {at:+.0} s"),
            (_, None) => format!("{name}: {}", absent(card, by)),
        }
    };
    let people = people.into_iter().filter(|(_, _, at, _)| at.is_some());
    people.chain(always).map(said).collect()
}

fn list(page: &mut String, title: &str, values: &BTreeMap<String, f64>, unit: &str) -> Result {
    if values.is_empty() {
        return Ok(());
    }
    let values: Vec<String> =
        values.iter().map(|(name, value)| format!("{} {value:.2}{unit}", cell(name))).collect();
    writeln!(page, "{title}: {}.\n", values.join(", "))
}
