//! Recovery must last: goodput stays at the threshold for the hold time that follows the recovered windows.

use crate::case::Case;
use crate::finding::{Finding, Status, percent};
use crate::recovery::Search;

pub(crate) fn judge(case: &Case<'_>) -> Finding {
    let least = case.plan.thresholds.goodput;
    let hold = match &case.search {
        Search::NoData => {
            return Finding::unknown("nothing is known of the time to hold").at_least(least).unit("share");
        }
        Search::Never { .. } => {
            return Finding::fail("there was no recovery to hold").at_least(least).unit("share");
        }
        Search::Recovered(recovery) => &recovery.hold,
    };
    let span = case.moments.name(hold.span);
    let mut finding = match (hold.status, hold.worst) {
        (Status::Fail, Some((journey, share, at))) => Finding::fail(format!(
            "it did not last: {journey} fell to {} {:+.0} s after the fault",
            percent(share),
            case.moments.seconds(at)
        )),
        (Status::Unknown, _) => {
            Finding::unknown("the recording ends, or a journey is silent, within the time to hold")
        }
        _ => Finding::pass(format!("held for {:.0} s", hold.span.seconds())),
    };
    if let Some((_, share, _)) = hold.worst {
        finding = finding.value(share);
    }
    finding.at_least(least).unit("share").evidence(format!("requests.bin: {span} by intended time"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testbed::{Bed, judge as graded};

    #[test]
    fn a_recovery_that_lasts_passes() {
        assert_eq!(graded(&Bed::recovered(), judge).status, Status::Pass);
    }

    #[test]
    fn a_relapse_within_the_hold_fails_and_says_when() {
        let finding = graded(&Bed::recovered().sick(17_000, 25_000), judge);
        assert_eq!(finding.status, Status::Fail);
        assert!(finding.reason.contains("did not last"), "{}", finding.reason);
    }

    #[test]
    fn a_recording_that_ends_before_the_hold_is_unknown() {
        let mut bed = Bed::recovered().recovering_at(20_000);
        bed.requests.retain(|request| request.intended_ms() < 25_000);
        bed.end = 25_000;
        assert_eq!(graded(&bed, judge).status, Status::Unknown);
    }
}
