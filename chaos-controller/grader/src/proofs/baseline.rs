//! The shop was healthy before the fault: else nothing that follows is the fault's doing.

use drill::{During, OwnCriterion};

use super::with_note;
use crate::case::Case;
use crate::criteria::own;
use crate::finding::{Finding, Status, percent};
use crate::measures::before;
use crate::moments::Span;

pub(super) fn prove(case: &Case<'_>) -> Finding {
    let least = case.plan.baseline.goodput;
    let Some(span) = before(case) else {
        let finding =
            Finding::unknown("no fault was applied, so no baseline ended").at_least(least).unit("share");
        return with_note(case, "baseline", finding);
    };
    let finding = match case.log.worst_of_all(span) {
        None => Finding::unknown("there are no requests of every journey before the fault"),
        Some((journey, share)) if share < least => Finding::fail(format!(
            "the shop was not healthy before the fault: {journey} at {}, at least {} is needed",
            percent(share),
            percent(least)
        ))
        .value(share),
        Some((_, share)) => Finding::pass(format!(
            "healthy for {:.0} s before the fault: every journey at least {}",
            span.seconds(),
            percent(share)
        ))
        .value(share),
    };
    let finding = match steady(case, span) {
        Some(steady) if finding.status == Status::Pass => steady,
        _ => finding,
    };
    with_note(
        case,
        "baseline",
        finding.at_least(least).unit("share").evidence(format!("requests.bin: {}", case.moments.name(span))),
    )
}

/// The first condition of the steady state that did not hold, or of which nothing is known.
fn steady(case: &Case<'_>, span: Span) -> Option<Finding> {
    case.plan.steady_state.iter().find_map(|steady| {
        let condition = OwnCriterion {
            name: steady.name.clone(),
            promql: steady.promql.clone(),
            during: During::default(),
            required: true,
        };
        let mut finding = own::judge_span(case, &condition, span);
        finding.reason = format!("steady state `{}`: {}", steady.name, finding.reason);
        (finding.status != Status::Pass).then_some(finding)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testbed::{Bed, judge as graded};

    #[test]
    fn a_healthy_start_is_proven_and_a_sick_one_is_not() {
        assert_eq!(graded(&Bed::recovered(), prove).status, Status::Pass);
        assert_eq!(graded(&Bed::recovered().sick(2_000, 3_000), prove).status, Status::Fail);
        let mut silent = Bed::recovered();
        silent.requests.retain(|request| request.intended_ms() > 5_000);
        assert_eq!(graded(&silent, prove).status, Status::Unknown);
    }

    #[test]
    fn the_steady_state_of_a_drill_is_part_of_its_baseline() {
        let bed = |promql: &str| {
            Bed::recovered().with_plan(json!({"steady_state": [{"name": "room", "promql": promql}]}))
        };
        let judged = |promql: &str| graded(&bed(promql), prove);
        assert_eq!(judged("max(lab_workers_busy) < 10").status, Status::Pass);
        let finding = judged("max(lab_workers_busy) < 5");
        assert_eq!(finding.status, Status::Fail);
        assert!(finding.reason.starts_with("steady state `room`"), "{}", finding.reason);
        assert_eq!(judged("max(lab_shed_total) < 5").status, Status::Unknown);
    }
}
