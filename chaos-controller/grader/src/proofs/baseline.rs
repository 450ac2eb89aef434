//! The shop was healthy before the fault: else nothing that follows is the fault's doing.

use super::with_note;
use crate::case::Case;
use crate::finding::{Finding, percent};
use crate::measures::before;

pub(super) fn prove(case: &Case<'_>) -> Finding {
    let least = case.plan.baseline.goodput;
    let Some(span) = before(case) else {
        let finding = Finding::unknown("no fault was applied, so no baseline ended").threshold(least);
        return with_note(case, "baseline", finding);
    };
    let finding = match case.log.worst(span) {
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
    with_note(
        case,
        "baseline",
        finding.threshold(least).evidence(format!("requests.bin: {}", case.moments.name(span))),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Status;
    use crate::testbed::{Bed, judge as graded};

    #[test]
    fn a_healthy_start_is_proven_and_a_sick_one_is_not() {
        assert_eq!(graded(&Bed::recovered(), prove).status, Status::Pass);
        assert_eq!(graded(&Bed::recovered().sick(2_000, 3_000), prove).status, Status::Fail);
        let mut silent = Bed::recovered();
        silent.requests.retain(|request| request.intended_ms() > 5_000);
        assert_eq!(graded(&silent, prove).status, Status::Unknown);
    }
}
