//! The trigger fired again: a cure that only waited for the bank to heal does not survive it.

use crate::case::Case;
use crate::finding::{Finding, percent};
use crate::moments::millis;

pub(crate) fn judge(case: &Case<'_>) -> Finding {
    let least = case.plan.thresholds.goodput;
    let Some(span) = case.moments.replay else {
        return Finding::unknown("the trigger was not fired again").threshold(least);
    };
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
    finding.threshold(least).evidence(format!("requests.bin: {} by intended time", case.moments.name(span)))
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
}
