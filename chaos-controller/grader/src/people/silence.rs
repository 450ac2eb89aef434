//! The cadence of an incident: how long those who wait for news had to do without, at the longest.
//!
//! ```text
//!   handover ---- message ------------ message -- recovered
//!            [ 1 ]        [     2     ]        [3]            the longest of these
//! ```
//! After the recovery the pressure is off, and nobody counts.

use super::Message;
use crate::case::Case;
use crate::finding::round;
use crate::recovery::Search;

/// Seconds. `None`: nobody said anything, or there was no handover.
pub(super) fn longest(case: &Case<'_>, messages: &[Message]) -> Option<f64> {
    let moments = &case.moments;
    let from = moments.seconds(moments.handover?);
    let end = match &case.search {
        Search::Recovered(recovery) => recovery.windows.from,
        _ => moments.outage()?.to,
    };
    let to = moments.seconds(end).max(from);
    if messages.is_empty() {
        return None;
    }
    let mut last = from;
    let mut longest: f64 = 0.0;
    for at in messages.iter().map(|message| message.seconds.clamp(from, to)).chain([to]) {
        longest = longest.max(at - last);
        last = at;
    }
    Some(round(longest))
}

#[cfg(test)]
mod tests {
    use super::super::words::told;
    use crate::testbed::Bed;
    use evidence::Said;

    fn say() -> Said {
        Said::Say { text: "x".into(), to: Default::default() }
    }

    fn silence(bed: &Bed) -> Option<f64> {
        told(bed).longest_silence_s
    }

    #[test]
    fn it_counts_from_the_handover_and_to_the_recovery() {
        // Handover at 8 s, recovered at 11 s.
        assert_eq!(silence(&Bed::recovered().said(8_500, "ada", &say())), Some(2.5));
        assert_eq!(silence(&Bed::recovered().said(10_000, "ada", &say())), Some(2.0));
        assert_eq!(
            silence(&Bed::recovered().said(5_500, "ada", &say())),
            Some(3.0),
            "told before the handover"
        );
    }

    #[test]
    fn without_a_recovery_it_lasts_as_long_as_the_outage() {
        let bed = Bed::never_recovered().said(9_000, "ada", &say()).said(12_000, "ada", &say());
        assert_eq!(silence(&bed), Some(13.0));
    }

    #[test]
    fn nobody_spoke_or_nothing_was_handed_over() {
        assert_eq!(silence(&Bed::recovered()), None);
        let mut bed = Bed::recovered().said(9_000, "ada", &say());
        bed.phases.retain(|(name, _)| *name != "handover");
        assert_eq!(silence(&bed), None);
    }
}
