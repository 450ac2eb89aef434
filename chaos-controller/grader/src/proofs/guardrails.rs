//! No guardrail of the drill stopped the run. One that did makes it void and not failed: the run ended before anybody
//! could say whether the shop recovers, and a candidate who is stopped for the lab's safety has not been judged.

use evidence::kind;

use crate::case::Case;
use crate::finding::Finding;

pub(crate) fn prove(case: &Case<'_>) -> Finding {
    let Some(stop) = case.recording.entries(kind::GUARDRAIL).next() else {
        let count = case.plan.guardrails.len();
        return Finding::pass(format!("none of {count} stopped the run"))
            .evidence("journal: guardrail entries");
    };
    Finding::fail(format!(
        "guardrail `{}` stopped the run {:+.1} s after the fault's start: it held for {}",
        stop.text("name"),
        case.moments.seconds(stop.t_ms),
        stop.text("for")
    ))
    .evidence(format!("journal: guardrail entry {}", stop.seq))
    .query(stop.text("promql"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::finding::Status;
    use crate::grade;
    use crate::testbed::Bed;

    #[test]
    fn a_run_that_a_guardrail_stopped_is_void_and_says_which() {
        let body = json!({"name": "flood", "promql": "sum(lab_queue_depth) > 500", "for": "5s"});
        let mut bed = Bed::never_recovered().with_plan(
            json!({"guardrails": [{"name": "flood", "promql": "sum(lab_queue_depth) > 500", "for": "5s"}]}),
        );
        assert_eq!(
            grade(&bed.recording()).card.criterion("guardrails").unwrap().finding.status,
            Status::Pass
        );
        // What was cut short is not measured, and that is not the reason.
        bed.delivered_ms = None;
        let card = grade(&bed.entry(9_000, kind::GUARDRAIL, "controller", body).recording()).card;
        assert_eq!(card.exit, 98);
        assert!(
            card.reason.starts_with("guardrails: guardrail `flood` stopped the run +4.0 s"),
            "{}",
            card.reason
        );
    }
}
