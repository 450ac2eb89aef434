//! The trigger fired again: a cure that only waited for the bank to heal does not survive it. Where recovery is judged
//! after the trigger, surviving means that the shop is recovered again soon after it, whatever it did meanwhile.

use crate::case::Case;
use crate::criteria::{amplification, queue_wait};
use crate::finding::{Finding, Status, percent};
use crate::moments::{Span, millis};
use crate::recovery::{self, Recovery, Search};

pub(crate) fn judge(case: &Case<'_>) -> Finding {
    let least = case.plan.thresholds.goodput;
    let Some(span) = case.moments.replay else {
        return Finding::unknown("the trigger was not fired again").at_least(least).unit("share");
    };
    if let Some(search) = recovery::again(case) {
        return recovered_again(case, span, &search);
    }
    let worst = case.log.worst(span);
    let whole = case.moments.end >= span.to.min(span.from + millis(case.plan.replay.length));
    let finding = match worst {
        Some((journey, share)) if share < least => Finding::fail(format!(
            "the shop did not survive the trigger fired again: {journey} at {}, at least {} is needed",
            percent(share),
            percent(least)
        ))
        .value(share),
        Some((journey, share)) if whole => Finding::pass(format!(
            "the trigger was fired again and survived: every journey at least {} ({journey})",
            percent(share)
        ))
        .value(share),
        _ => Finding::unknown("there are no requests of every journey over the whole replay"),
    };
    finding
        .at_least(least)
        .unit("share")
        .evidence(format!("requests.bin: {} by intended time", case.moments.name(span)))
}

/// The windows and the hold after the second trigger, with everything that "recovered" needs.
fn recovered_again(case: &Case<'_>, trigger: Span, search: &Search) -> Finding {
    let within = case.plan.aftermath.as_ref().map_or(0, |aftermath| millis(aftermath.within));
    let since = |t_ms: u64| t_ms.saturating_sub(trigger.to) as f64 / 1_000.0;
    let limit = within as f64 / 1_000.0;
    let finding = match search {
        Search::NoData => Finding::unknown("there are no requests of every journey after the second trigger"),
        Search::Never { best } => {
            let least = best.map_or(String::new(), |(_, journey, share)| {
                format!("; at best {journey} was at {}", percent(share))
            });
            Finding::fail(format!(
                "the shop did not recover within {limit:.0} s after the trigger that was fired again{least}"
            ))
        }
        Search::Recovered(recovery) => match missing(case, recovery) {
            Some(finding) => finding,
            None => Finding::pass(format!(
                "recovered again {:.0} s after the trigger that was fired again, and held",
                since(recovery.windows.from)
            ))
            .value(since(recovery.windows.from)),
        },
    };
    let to = trigger.to + within + millis(case.plan.proving());
    let evidence = case.moments.name(Span { from: trigger.to, to });
    finding.at_most(limit).unit("s").evidence(format!("requests.bin and samples.bin: {evidence}"))
}

/// What is not well although goodput came back.
fn missing(case: &Case<'_>, recovery: &Recovery) -> Option<Finding> {
    let hold = &recovery.hold;
    let judged = Span { from: recovery.windows.from, to: hold.span.to };
    if hold.status != Status::Pass {
        let reason = "goodput came back after the trigger that was fired again, and did not hold";
        return Some(Finding::new(hold.status, reason));
    }
    [queue_wait::judge_span(case, judged), amplification::judge_span(case, judged)]
        .into_iter()
        .find(|finding| finding.status != Status::Pass)
        .map(|finding| {
            Finding::new(
                finding.status,
                format!("after the trigger that was fired again: {}", finding.reason),
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Status;
    use crate::testbed::{Bed, judge as graded};

    #[test]
    fn a_replay_that_users_do_not_notice_passes() {
        assert_eq!(graded(&Bed::recovered(), judge).status, Status::Pass);
    }

    #[test]
    fn a_replay_that_breaks_the_shop_fails() {
        let finding = graded(&Bed::recovered().sick(28_000, 32_000), judge);
        assert_eq!(finding.status, Status::Fail);
        assert_eq!(finding.value, Some(0.0));
    }

    #[test]
    fn without_a_replay_nothing_is_known() {
        let mut bed = Bed::recovered();
        bed.replay = false;
        assert_eq!(graded(&bed, judge).status, Status::Unknown);
    }

    #[test]
    fn after_the_trigger_surviving_means_to_be_well_again_soon() {
        let finding = graded(&Bed::stormy(), judge);
        assert_eq!((finding.status, finding.value), (Status::Pass, Some(1.0)), "{}", finding.reason);
        let finding = graded(&Bed::stormy().sick(33_000, 36_000), judge);
        assert_eq!(finding.status, Status::Fail, "{}", finding.reason);
        assert!(finding.reason.contains("did not recover within 2 s"), "{}", finding.reason);
    }

    #[test]
    fn goodput_alone_is_not_well_again() {
        let mut bed = Bed::stormy();
        bed.wait_ms.insert("payment", 400);
        let finding = graded(&bed, judge);
        assert_eq!(finding.status, Status::Fail);
        assert!(finding.reason.contains("payment waited"), "{}", finding.reason);
    }
}
