//! Recovered: every journey's goodput reaches the threshold in each of the windows, while the trigger is still on or, if the
//! drill says so, after the trigger is gone.

use drill::Journey;
use evidence::Outcome;

use crate::case::Case;
use crate::finding::{Finding, percent};
use crate::moments::{Span, millis};
use crate::recovery::Search;

pub(crate) fn judge(case: &Case<'_>) -> Finding {
    let least = case.plan.thresholds.goodput;
    let windows =
        format!("{} windows of {:.0} s", case.plan.windows.count, case.plan.windows.length.as_secs_f64());
    let after = case.plan.aftermath.is_some();
    let (when, how, before) = if after {
        ("once the trigger was gone", "with the trigger gone", "the time to recover was over")
    } else {
        ("while the trigger was on", "with the trigger still on", "the trigger was gone")
    };
    let finding = match &case.search {
        Search::NoData if after => {
            Finding::unknown("there are no requests of every journey in the time to recover")
        }
        Search::NoData => Finding::unknown("there are no requests of every journey while the fault was on"),
        Search::Never { best } => {
            let reason = match best {
                Some((span, journey, share)) => format!(
                    "no {windows} in a row were good {when}; the best began {:+.0} s after the fault, with {journey} at {}",
                    case.moments.seconds(span.from),
                    percent(*share)
                ),
                None => {
                    format!("{before} before {windows} could pass after the first action")
                }
            };
            let finding = Finding::fail(reason);
            match best {
                Some((span, _, share)) => finding.value(*share).evidence(evidence(case, *span)),
                None => finding,
            }
        }
        Search::Recovered(recovery) => {
            let (journey, share) = recovery.worst;
            Finding::pass(format!(
                "recovered {:+.0} s after the fault, {how}: every journey at least {} ({journey}) in {windows}",
                case.moments.seconds(recovery.windows.from),
                percent(share)
            ))
            .value(share)
            .evidence(evidence(case, recovery.windows))
        }
    };
    let finding = finding.at_least(least).unit("share");
    match pending_in_health(case) {
        Some(share) if share > case.plan.thresholds.pending_share => Finding::fail(format!(
            "{} of the orders were left pending while {}, at most {} may be; {}",
            percent(share),
            if case.moments.surge { "the bank was well" } else { "no trigger was on" },
            percent(case.plan.thresholds.pending_share),
            finding.reason
        ))
        .value(share)
        .at_most(case.plan.thresholds.pending_share)
        .unit("share")
        .evidence("requests.bin: checkouts answered 202 with no trigger on"),
        _ => finding,
    }
}

fn evidence(case: &Case<'_>, span: Span) -> String {
    format!("requests.bin: {} by intended time", case.moments.name(span))
}

/// The share of checkouts answered "pending" while no trigger was on; `None` without checkouts in such time.
fn pending_in_health(case: &Case<'_>) -> Option<f64> {
    let grace = millis(case.plan.thresholds.pending_grace);
    let healthy = case.log.rows().iter().filter(|row| {
        let answered = (row.request.intended_us + row.request.latency_us) / 1_000;
        row.request.journey == Journey::Checkout.index() && !case.moments.may_be_pending(answered, grace)
    });
    let (mut all, mut pending) = (0u64, 0u64);
    for row in healthy {
        all += 1;
        pending += u64::from(row.request.outcome == Outcome::Pending);
    }
    (all > 0).then(|| pending as f64 / all as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Status;
    use crate::testbed::{Bed, judge as graded};

    #[test]
    fn a_shop_that_recovers_while_the_bank_is_slow_passes() {
        let finding = graded(&Bed::recovered(), judge);
        assert_eq!(finding.status, Status::Pass, "{}", finding.reason);
        assert_eq!(finding.value, Some(1.0));
    }

    #[test]
    fn a_shop_that_is_well_only_after_the_heal_fails() {
        let finding = graded(&Bed::never_recovered(), judge);
        assert_eq!(finding.status, Status::Fail);
        assert!(finding.reason.contains("while the trigger was on"), "{}", finding.reason);
    }

    #[test]
    fn the_good_seconds_before_the_ramp_bites_do_not_count() {
        let bed = Bed::well("early", Some(5_500)).with_ramp_ms(14_000).sick(12_500, 25_000);
        assert_eq!(graded(&bed, judge).status, Status::Fail);
    }

    #[test]
    fn a_run_without_a_request_log_is_unknown() {
        let mut bed = Bed::recovered();
        bed.requests.clear();
        assert_eq!(graded(&bed, judge).status, Status::Unknown);
    }

    #[test]
    fn pending_counts_while_the_trigger_is_on_and_only_if_settled() {
        let pending = |state: &str| {
            let mut bed = Bed::recovered().outcome(4, Outcome::Pending, 10_000, 25_000);
            let ledger = bed.ledgers.orders.as_mut().unwrap();
            ledger.iter_mut().for_each(|order| order.state = state.into());
            graded(&bed, judge)
        };
        assert_eq!(pending("confirmed").status, Status::Pass);
        assert_eq!(pending("pending").status, Status::Fail);
    }

    #[test]
    fn pending_with_a_healthy_bank_fails() {
        let finding = graded(&Bed::recovered().outcome(4, Outcome::Pending, 0, 40_000), judge);
        assert_eq!(finding.status, Status::Fail);
        assert!(finding.reason.contains("no trigger"), "{}", finding.reason);
    }

    #[test]
    fn pending_in_a_surge_is_pending_with_a_healthy_bank() {
        let bed = Bed::recovered().outcome(4, Outcome::Pending, 12_000, 18_000);
        let mut load = serde_json::to_value(&bed.plan().load).unwrap();
        load["surge"] = serde_json::json!({"factor": 5.0, "over": "1s", "for": "20s"});
        let plan = serde_json::json!({"load": load, "faults": [], "replay": {"for": "4s"}});
        assert_eq!(graded(&bed, judge).status, Status::Pass, "a slow bank is a reason");
        let bed = Bed::recovered().outcome(4, Outcome::Pending, 12_000, 18_000).with_plan(plan);
        let finding = graded(&bed, judge);
        assert_eq!(finding.status, Status::Fail, "{}", finding.reason);
        assert!(finding.reason.contains("pending while the bank was well"), "{}", finding.reason);
    }

    #[test]
    fn after_the_trigger_recovery_counts_once_it_is_gone() {
        let finding = graded(&Bed::stormy(), judge);
        assert_eq!(finding.status, Status::Pass, "{}", finding.reason);
        assert!(finding.reason.contains("with the trigger gone"), "{}", finding.reason);
        let finding = graded(&Bed::stormy().sick(17_000, 25_000), judge);
        assert_eq!(finding.status, Status::Fail);
        assert!(finding.reason.contains("once the trigger was gone"), "{}", finding.reason);
    }
}
