//! Every service of the start is still there: a service that is taken away cannot fail, and cannot serve.

use std::collections::BTreeSet;

use evidence::kind;

use crate::case::Case;
use crate::finding::Finding;

pub(crate) fn judge(case: &Case<'_>) -> Finding {
    let started = case.services();
    let Some(from) = case.accountable_from().filter(|_| !started.is_empty()) else {
        return Finding::unknown("the journal does not say which services there were at the start")
            .at_most(0.0);
    };
    let replay = case.moments.replay.map(|replay| replay.from);
    let moments = [
        ("when it counted as recovered", Some(from)),
        ("at the replay", replay),
        ("at the end", Some(case.moments.end)),
    ];
    let mut missing = Vec::new();
    for (when, at) in moments {
        let Some(at) = at else { continue };
        for (service, count) in &started {
            let there = instances(case, service, *count, at);
            if there < *count {
                missing.push(format!("{service} had {there} of {count} instances {when}"));
            }
        }
    }
    let finding = match missing.first() {
        None => Finding::pass(format!("all {} services of the start are still there", started.len())),
        Some(first) => Finding::fail(format!("a service was removed: {first}")),
    };
    finding.value(missing.len() as f64).at_most(0.0).evidence("journal: process and action entries")
}

/// How many instances a service had, by the journal.
fn instances(case: &Case<'_>, service: &str, started: u64, at: u64) -> u64 {
    let mut there: BTreeSet<String> = (0..started).map(|number| format!("{service}-{number}")).collect();
    for entry in case
        .recording
        .entries(kind::PROCESS)
        .filter(|entry| entry.t_ms <= at && entry.text("service") == service)
    {
        let instance = entry.text("instance").to_owned();
        match entry.text("event") {
            "joined" | "restarted" => there.insert(instance),
            // One that is only silent was not taken away: nobody but a fault can freeze it.
            "exited" | "scaled_down" => there.remove(&instance),
            _ => false,
        };
    }
    there.len() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Status;
    use crate::testbed::{Bed, judge as graded};
    use serde_json::json;

    fn event(bed: Bed, t_ms: u64, event: &str) -> Bed {
        bed.entry(
            t_ms,
            kind::PROCESS,
            "candidate",
            json!({"service": "payment", "instance": "payment-0", "event": event}),
        )
    }

    #[test]
    fn services_that_stay_pass_and_a_restart_is_no_removal() {
        let bed = event(event(Bed::recovered(), 10_100, "exited"), 10_300, "joined");
        assert_eq!(graded(&bed, judge).status, Status::Pass);
    }

    #[test]
    fn a_service_scaled_to_zero_fails_and_is_named() {
        let finding = graded(&event(Bed::never_recovered(), 10_000, "scaled_down"), judge);
        assert_eq!(finding.status, Status::Fail);
        assert!(finding.reason.contains("payment had 0 of 1"), "{}", finding.reason);
    }

    #[test]
    fn a_process_that_is_frozen_by_the_drill_is_still_there() {
        assert_eq!(graded(&event(Bed::recovered(), 10_000, "lost"), judge).status, Status::Pass);
    }

    #[test]
    fn the_lab_going_down_after_the_books_were_closed_is_no_removal() {
        assert_eq!(graded(&event(Bed::recovered(), 39_500, "exited"), judge).status, Status::Pass);
    }

    #[test]
    fn without_a_list_of_the_start_nothing_is_known() {
        let mut bed = Bed::recovered();
        bed.services = json!({});
        assert_eq!(graded(&bed, judge).status, Status::Unknown);
    }
}
