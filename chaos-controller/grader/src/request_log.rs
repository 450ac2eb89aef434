//! The user's request log, each row judged as the criteria judge it: for who wants to follow a number to the requests
//! that it counts. Choosing and showing rows is left to others.

use drill::{Journey, Plan};
use evidence::{Recording, Request};

use crate::good::{Bad, Rule};
use crate::goodput::Log;
use crate::moments::Moments;

/// The requests of a run, by intended time.
#[derive(Debug, Clone, PartialEq)]
pub struct RequestLog {
    /// When the fault began, in milliseconds since the start of the run; `None` if there was none.
    pub fault_ms: Option<u64>,
    /// The journeys that the plan offers, in index order.
    pub journeys: Vec<Journey>,
    pub rows: Vec<Judged>,
}

/// A request, and what is held against it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judged {
    pub request: Request,
    /// `None` if it is good.
    pub bad: Option<Bad>,
}

/// The request log of a recording; `None` without a readable plan, which says what is good.
pub fn request_log(recording: &Recording) -> Option<RequestLog> {
    let plan: Plan = serde_json::from_str(&recording.plan_text).ok()?;
    let moments = Moments::of(recording, &plan);
    let rule = Rule::of(recording, &plan, &moments);
    let log = Log::new(recording, &plan, &moments);
    let judged = |request: Request| Judged { request, bad: rule.bad(&request) };
    let rows = log.rows().iter().map(|row| judged(row.request)).collect();
    Some(RequestLog { fault_ms: moments.fault, journeys: log.journeys, rows })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::Case;
    use crate::goodput::Tally;
    use crate::moments::Span;
    use crate::testbed::Bed;

    #[test]
    fn the_rows_add_up_to_what_the_criteria_count() {
        let bed = Bed::never_recovered();
        let recording = bed.recording();
        let case = Case::new(&recording, bed.plan());
        let log = request_log(&recording).unwrap();
        assert_eq!((log.fault_ms, log.rows.len()), (case.moments.fault, recording.requests.len()));
        assert_eq!(log.fault_ms, crate::fault_start(&recording.journal));
        for (from, to) in [(0, u64::MAX), (5_000, 11_000), (20_000, 26_000)] {
            let mut tally = Tally::default();
            let checkouts = log.rows.iter().filter(|row| row.request.journey == Journey::Checkout.index());
            checkouts
                .filter(|row| (from..to).contains(&row.request.intended_ms()))
                .for_each(|row| tally.count(row.bad.is_none()));
            let counted = case.log.tallies(Span { from, to });
            assert!(counted.contains(&(Journey::Checkout, tally)), "{from} to {to}: {counted:?}");
        }
    }

    #[test]
    fn without_a_plan_nobody_can_say_what_is_good() {
        assert_eq!(request_log(&Recording::default()), None);
    }
}
