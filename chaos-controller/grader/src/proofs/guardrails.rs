//! No guardrail of the drill stopped the run. One that did makes it void and not failed: the run ended before anybody
//! could say whether the shop recovers, and a candidate who is stopped for the lab's safety has not been judged.
//!
//! A budget is counted again here, from the request log: what the log says was spent, and whether a run went on that
//! should have been stopped.

use drill::{ErrorBudget, Guardrail, Journey};
use evidence::{Entry, kind};

use crate::case::Case;
use crate::finding::{Finding, percent};

/// From the end of a request until the controller has its record and has looked: reports are some tenths of a second
/// apart, looks a second, and a busy machine takes its time.
const SEEN_WITHIN_MS: u64 = 5_000;

pub(crate) fn prove(case: &Case<'_>) -> Finding {
    let Some(stop) = case.recording.entries(kind::GUARDRAIL).next() else {
        return missed(case).unwrap_or_else(|| {
            let count = case.plan.guardrails.len();
            Finding::pass(format!("none of {count} stopped the run")).evidence("journal: guardrail entries")
        });
    };
    let seconds = case.moments.seconds(stop.t_ms);
    let stopped =
        format!("guardrail `{}` stopped the run {seconds:+.1} s after the fault's start", stop.text("name"));
    let evidence = format!("journal: guardrail entry {}", stop.seq);
    match budget(case, stop) {
        Some(budget) => {
            let told = stop.number("spent").unwrap_or_default();
            let words =
                case.plan.budget_spent(budget.journey, &failed(case, stop.t_ms)).map(|(journey, spent)| {
                    format!(
                        "{} of the error budget of {journey} was spent, {} by the request log",
                        percent(told),
                        percent(spent)
                    )
                });
            Finding::fail(format!(
                "{stopped}: {}",
                words.unwrap_or_else(|| "its journey is not played".to_owned())
            ))
            .value(told)
            .below(budget.spent)
            .unit("share")
            .evidence(format!("{evidence}; request log, what had ended by then"))
        }
        None => Finding::fail(format!("{stopped}: it held for {}", stop.text("for")))
            .evidence(evidence)
            .query(stop.text("promql"), stop.t_ms),
    }
}

/// The budget of the guardrail that stopped the run; `None` if it was a condition.
fn budget(case: &Case<'_>, stop: &Entry) -> Option<ErrorBudget> {
    budgets(case).find(|(name, _)| *name == stop.text("name")).map(|(_, budget)| budget)
}

fn budgets<'a>(case: &'a Case<'_>) -> impl Iterator<Item = (&'a str, ErrorBudget)> {
    case.plan.guardrails.iter().filter_map(|guardrail| match guardrail {
        Guardrail::Budget { name, error_budget } => Some((name.as_str(), *error_budget)),
        Guardrail::Condition { .. } => None,
    })
}

/// A budget that was spent while the run was on, and nothing stopped it. An interrupted run was stopped by somebody else.
fn missed(case: &Case<'_>) -> Option<Finding> {
    if case.moments.interrupted {
        return None;
    }
    let failed = failed(case, case.moments.end.saturating_sub(SEEN_WITHIN_MS));
    budgets(case).find_map(|(name, budget)| {
        let (journey, spent) = case.plan.budget_spent(budget.journey, &failed)?;
        (spent >= budget.spent).then(|| {
            Finding::fail(format!(
                "guardrail `{name}` did not stop the run: {} of the error budget of {journey} was spent",
                percent(spent)
            ))
            .value(spent)
            .below(budget.spent)
            .unit("share")
            .evidence("request log, from the start of the run until the books were closed")
        })
    })
}

/// Failures of each journey, by its index, that had ended at a moment.
fn failed(case: &Case<'_>, t_ms: u64) -> [u64; Journey::ALL.len()] {
    let mut failed = [0; Journey::ALL.len()];
    let ended = |end_us: u64| end_us <= t_ms.saturating_mul(1_000);
    for request in case.recording.requests.iter().filter(|one| ended(one.intended_us + one.latency_us)) {
        if let Some(failed) =
            failed.get_mut(usize::from(request.journey)).filter(|_| case.plan.load.spends(request))
        {
            *failed += 1;
        }
    }
    failed
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::finding::Status;
    use crate::grade;
    use crate::testbed::Bed;

    fn guarded(bed: Bed, guardrail: Value) -> Bed {
        bed.with_plan(json!({"guardrails": [guardrail]}))
    }

    fn flood() -> Value {
        json!({"name": "flood", "promql": "sum(lab_queue_depth) > 500", "for": "5s"})
    }

    fn half_spent() -> Value {
        json!({"name": "half", "error_budget": {"journey": "checkout", "spent": 0.5}})
    }

    fn finding(bed: &Bed) -> Finding {
        grade(&bed.recording()).card.criterion("guardrails").unwrap().finding.clone()
    }

    #[test]
    fn a_run_that_a_guardrail_stopped_is_void_and_says_which() {
        let mut bed = guarded(Bed::never_recovered(), flood());
        assert_eq!(finding(&bed).status, Status::Pass);
        // What was cut short is not measured, and that is not the reason.
        bed.delivered_ms = None;
        let card = grade(&bed.entry(9_000, kind::GUARDRAIL, "controller", flood()).recording()).card;
        assert_eq!(card.exit, 98);
        assert!(
            card.reason.starts_with("guardrails: guardrail `flood` stopped the run +4.0 s"),
            "{}",
            card.reason
        );
    }

    /// The bed's checkouts are 20/s over 5 + 20 + 3 + 4 s, and 1 % of these may fail: 6.4.
    #[test]
    fn a_spent_budget_is_counted_again_from_the_request_log() {
        let body = json!({"name": "half", "journey": "checkout", "failed": 4, "budget": 6.4, "spent": 0.625, "limit": 0.5});
        let bed =
            guarded(Bed::never_recovered(), half_spent()).entry(6_300, kind::GUARDRAIL, "controller", body);
        let finding = finding(&bed);
        // Sick from 6.0 s, 20 a second, each answered after 20 ms: at 6.3 s six had failed, of a budget of 6.4.
        assert_eq!(
            (finding.status, finding.value, finding.threshold),
            (Status::Fail, Some(0.625), Some(0.5))
        );
        assert!(
            finding
                .reason
                .contains("62.5 % of the error budget of checkout was spent, 93.7 % by the request log"),
            "{}",
            finding.reason
        );
    }

    #[test]
    fn a_run_that_went_on_with_its_budget_spent_proves_nothing() {
        let finding = finding(&guarded(Bed::never_recovered(), half_spent()));
        assert_eq!(finding.status, Status::Fail);
        assert!(finding.reason.contains("did not stop the run"), "{}", finding.reason);
        let unhurt = guarded(Bed::well("layered", Some(10_000)), half_spent());
        assert_eq!(super::tests::finding(&unhurt).status, Status::Pass);
    }

    /// Stopped by a guardrail, by Ctrl-C, by a halt: the run is void, and still says that its trigger is gone and its end
    /// was clean, because closing measures both.
    #[test]
    fn a_run_that_was_stopped_still_proves_that_nothing_is_left() {
        let stops: [(&'static str, Value); 3] = [
            (kind::GUARDRAIL, flood()),
            (kind::ACTION, json!({"verb": "interrupt", "text": "the run was stopped"})),
            (kind::ACTION, json!({"verb": "halt", "text": ""})),
        ];
        let proof = |name: &str, detail: &str| json!({"name": name, "ok": true, "detail": detail});
        for (kind_of_stop, body) in stops {
            let mut bed = guarded(Bed::never_recovered(), flood());
            (bed.removal_noted, bed.replay) = (false, false);
            bed.phases.retain(|(name, _)| matches!(*name, "baseline" | "inject" | "handover"));
            let bed = bed
                .entry(9_000, kind_of_stop, "controller", body)
                .entry(
                    39_100,
                    kind::PROOF,
                    "controller",
                    proof("trigger_removed", "no fault; median of 5 probes 100 ms"),
                )
                .entry(39_200, kind::PROOF, "controller", proof("clean", "every journey answered"));
            let card = grade(&bed.recording()).card;
            assert!(matches!(card.exit, 98 | 105), "{kind_of_stop}: {}", card.reason);
            for name in ["trigger_removed", "clean", "residue"] {
                let finding = &card.criterion(name).unwrap().finding;
                assert_eq!(finding.status, Status::Pass, "{kind_of_stop}, {name}: {}", finding.reason);
                assert!(!finding.evidence.is_empty());
            }
        }
    }
}
