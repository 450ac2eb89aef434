//! What the reports say of a moment that the scorecard does not have. "Never" is a finding: it was looked for in a run that
//! shows it, and did not come. Where that cannot be known there is no data.

use crate::finding::Status;
use crate::scorecard::Scorecard;
use crate::verdict::Verdict;

/// What decides whether there was such a moment.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    Journal,
    /// The requests of every journey.
    Goodput,
}

pub(super) fn absent(card: &Scorecard, by: By) -> &'static str {
    let judged = card.criterion("goodput").is_some_and(|one| one.finding.status != Status::Unknown);
    let known = card.verdict != Verdict::Void && (by == By::Journal || judged);
    if known { "never" } else { "no data" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testbed::Bed;

    fn told(bed: &Bed) -> [&'static str; 2] {
        let card = crate::grade(&bed.recording()).card;
        [absent(&card, By::Journal), absent(&card, By::Goodput)]
    }

    #[test]
    fn what_was_looked_for_and_did_not_come_never_came() {
        assert_eq!(told(&Bed::never_recovered()), ["never", "never"]);
    }

    #[test]
    fn of_a_void_run_and_of_one_without_requests_nothing_is_known() {
        let mut void = Bed::never_recovered();
        void.delivered_ms = Some(1.0);
        assert_eq!(told(&void), ["no data", "no data"]);
        let mut silent = Bed::never_recovered();
        silent.requests.clear();
        assert_eq!(told(&silent)[1], "no data");
    }
}
