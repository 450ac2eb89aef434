//! Each fault was delivered as requested: the p50 that calls met, against the p50 that was asked for.

use crate::case::Case;
use crate::finding::{Finding, counted};
use crate::summary::{self, Dose};
use crate::surge;

use super::with_note;

pub(super) fn prove(case: &Case<'_>) -> Finding {
    if case.plan.load.surge.is_some() {
        return surge::prove(case);
    }
    let doses = summary::doses(case);
    let finding = match doses.iter().find(|dose| dose.within == Some(false)) {
        Some(dose) => Finding::fail(format!(
            "fault {} delivered {:.1} ms (p50 of {} calls by the {}), {:.1} ms were requested",
            dose.fault,
            dose.delivered_ms.unwrap_or_default(),
            dose.n,
            dose.source,
            dose.requested_ms.unwrap_or_default()
        )),
        None => missing(case, &doses).unwrap_or_else(|| {
            let worst = doses.iter().filter_map(Dose::off_ms).fold(0.0, f64::max);
            Finding::pass(format!(
                "{} delivered as requested, at most {worst:.2} ms off",
                counted(doses.len(), "dose", "doses")
            ))
            .value(worst)
            .unit("ms")
        }),
    };
    with_note(
        case,
        "dose",
        finding.evidence("journal: dose entries (the bank's own measurement, or the controller's probes)"),
    )
}

/// A fault whose dose nobody measured. Only latencies have a dose to measure; for the rest the controller's own entry
/// is the proof.
fn missing(case: &Case<'_>, doses: &[Dose]) -> Option<Finding> {
    if case.moments.fired.is_empty() {
        return Some(Finding::unknown("no fault was applied"));
    }
    let measured = |id: &str| doses.iter().any(|dose| dose.fault == id && dose.within == Some(true));
    let silent = case.moments.fired.iter().find(|fault| fault.why != "person" && !measured(&fault.id))?;
    match super::noted(case, "dose") {
        Some(note) => Some(note),
        None => Some(Finding::unknown(format!("the dose of fault {} was not measured", silent.id))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Status;
    use crate::testbed::{Bed, judge as graded};

    #[test]
    fn a_dose_as_requested_is_proven() {
        let finding = graded(&Bed::recovered(), prove);
        assert_eq!(finding.status, Status::Pass, "{}", finding.reason);
    }

    #[test]
    fn a_dose_that_did_not_land_is_not() {
        let mut bed = Bed::recovered();
        bed.delivered_ms = Some(2_700.0);
        assert_eq!(graded(&bed, prove).status, Status::Fail);
    }

    #[test]
    fn an_unmeasured_dose_is_unknown() {
        let mut bed = Bed::recovered();
        bed.delivered_ms = None;
        assert_eq!(graded(&bed, prove).status, Status::Unknown);
    }
}
