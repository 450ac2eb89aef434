//! The criteria that a drill brings itself: a condition in PromQL that must hold at every second of a part of the run.
//! No samples is no answer: it is unknown, whatever the condition would say of nothing.

use drill::{During, OwnCriterion};
use evidence::promql::{Kind, Settings, range_with};

use crate::case::Case;
use crate::finding::Finding;
use crate::moments::Span;
use crate::recovery::Search;

/// Looks are this far apart: the scrapes are.
const STEP_MS: u64 = 1_000;
/// Nobody waits behind a verdict, so it is not given up for what it costs.
const SETTINGS: Settings = Settings { budget: u64::MAX, ..Settings::DEFAULT };
/// A gap of one scrape is no hole.
const SEEN_WITHIN_MS: u64 = 2_000;

pub(crate) fn judge(case: &Case<'_>, own: &OwnCriterion) -> Finding {
    match span(case, own.during) {
        Ok(span) => judge_span(case, own, span),
        Err(finding) => finding.query(own.promql.text(), None),
    }
}

/// When the condition must hold, or why there is no such time.
fn span(case: &Case<'_>, during: During) -> Result<Span, Box<Finding>> {
    let moments = &case.moments;
    let none = |why: &str| Err(Box::new(Finding::unknown(why.to_owned())));
    match during {
        During::Outage => match (moments.outage(), moments.full) {
            (Some(outage), Some(full)) if full < outage.to => Ok(Span { from: full, to: outage.to }),
            _ => none("the fault never was at its full dose"),
        },
        During::Recovery => match &case.search {
            Search::Recovered(recovery) => Ok(recovery.windows),
            _ => case.judged().ok_or_else(|| {
                Box::new(Finding::unknown("no fault was applied, so there is no recovery to judge"))
            }),
        },
        During::Hold => match &case.search {
            Search::Recovered(recovery) => Ok(recovery.hold.span),
            Search::Never { .. } => Err(Box::new(Finding::fail("there was no recovery to hold"))),
            Search::NoData => none("nothing is known of the time to hold"),
        },
        During::Clear => match (moments.ends, moments.replay) {
            (Some(from), Some(replay)) if from < replay.from => Ok(Span { from, to: replay.from }),
            _ => none("the faults were not cleared before the trigger was fired again"),
        },
        During::Replay => {
            moments.replay.ok_or_else(|| Box::new(Finding::unknown("the trigger was not fired again")))
        }
        During::Settle => match moments.replay {
            Some(replay) if replay.to <= moments.end => Ok(Span { from: replay.to, to: moments.end }),
            _ => none("the books were closed before anything could settle"),
        },
        During::End if moments.end > 0 => {
            Ok(Span { from: moments.end.saturating_sub(STEP_MS), to: moments.end })
        }
        During::End => none("the journal does not say when the books were closed"),
    }
}

pub(crate) fn judge_span(case: &Case<'_>, own: &OwnCriterion, span: Span) -> Finding {
    let evidence = format!("samples.bin: each second, {}", case.moments.name(span));
    let judged = Watched::over(case, own, span);
    let at = |t_ms: u64| format!("{:+.0} s after the fault's start", case.moments.seconds(t_ms));
    let finding = match judged {
        Err(error) => Finding::unknown(format!("the query cannot be evaluated: {error}")),
        Ok(Watched { looks, failed, unseen }) => match (failed, unseen) {
            // One known "no" decides, whatever is unknown beside it.
            (Some((t_ms, times)), _) => {
                Finding::fail(format!("it did not hold {times} of {looks} times, first {}", at(t_ms)))
                    .value((looks - times) as f64 / looks as f64)
                    .at_least(1.0)
                    .unit("share")
            }
            // A share of what is not known would read as a measured one.
            (None, Some(t_ms)) => {
                Finding::unknown(format!("there are no samples to answer it from {}", at(t_ms)))
            }
            (None, None) => Finding::pass(format!("it held at every second, {looks} in all"))
                .value(1.0)
                .at_least(1.0)
                .unit("share"),
        },
    };
    finding.evidence(evidence).query(own.promql.text(), span.to)
}

/// What was seen of a condition over a span.
struct Watched {
    looks: u64,
    /// The first time that it was known not to hold, and how often.
    failed: Option<(u64, u64)>,
    /// The first time that nothing was known.
    unseen: Option<u64>,
}

impl Watched {
    fn over(case: &Case<'_>, own: &OwnCriterion, span: Span) -> Result<Watched, String> {
        let samples = &case.recording.samples;
        let (query, to) = (&own.promql, span.to.max(span.from));
        let rows = range_with(query, samples, (span.from, to, STEP_MS), &SETTINGS)
            .map_err(|error| error.to_string())?;
        let holds = |t_ms: u64| {
            rows.iter().any(|row| {
                let value = row.points.iter().find(|(t, _)| *t == t_ms).map(|(_, value)| *value);
                // As `drill::holds` says of one answer.
                value.is_some_and(|value| query.kind() != Kind::Scalar || (value != 0.0 && !value.is_nan()))
            })
        };
        let mut watched = Watched { looks: 0, failed: None, unseen: None };
        for t_ms in (span.from..=to).step_by(STEP_MS as usize) {
            watched.looks += 1;
            let seen = query.seen(samples, t_ms.saturating_sub(SEEN_WITHIN_MS), t_ms);
            match holds(t_ms) {
                true if !seen.none() => {}
                false if seen.all() => {
                    let times = watched.failed.map_or(0, |(_, times)| times) + 1;
                    watched.failed = Some((watched.failed.map_or(t_ms, |(first, _)| first), times));
                }
                _ => watched.unseen = watched.unseen.or(Some(t_ms)),
            }
        }
        Ok(watched)
    }
}

#[cfg(test)]
mod tests {
    use evidence::promql::Query;

    use super::*;
    use crate::finding::Status;
    use crate::testbed::Bed;

    fn judged(bed: &Bed, promql: &str, during: During) -> Finding {
        let recording = bed.recording();
        let own = OwnCriterion {
            name: "own".to_owned(),
            promql: Query::parse(promql).unwrap(),
            during,
            required: true,
        };
        judge(&Case::new(&recording, bed.plan()), &own)
    }

    const ROOM: &str = "max(lab_queue_depth{service=\"payment\"}) < 10";

    #[test]
    fn what_holds_all_the_time_passes_and_shows_its_query() {
        for during in
            [During::Recovery, During::Hold, During::Clear, During::Replay, During::Settle, During::End]
        {
            let finding = judged(&Bed::recovered(), ROOM, during);
            assert_eq!(finding.status, Status::Pass, "{during:?}: {}", finding.reason);
            assert_eq!(finding.query.as_deref(), Some(ROOM));
        }
    }

    #[test]
    fn what_does_not_hold_once_fails_and_says_when() {
        let finding = judged(&Bed::recovered(), ROOM, During::Outage);
        assert_eq!(finding.status, Status::Fail);
        assert!(finding.reason.contains("first +1 s"), "{}", finding.reason);
        assert_eq!(judged(&Bed::never_recovered(), ROOM, During::Recovery).status, Status::Fail);
        assert_eq!(judged(&Bed::never_recovered(), ROOM, During::Hold).status, Status::Fail);
    }

    #[test]
    fn without_samples_nothing_is_known_whatever_the_query_says_of_nothing() {
        for promql in [
            "max(lab_queue_depth{service=\"paymnt\"}) < 10",
            "sum(lab_queue_depth{service=\"paymnt\"}) < 10 or vector(1)",
            "absent(lab_queue_depth{service=\"paymnt\"} > 10)",
        ] {
            let finding = judged(&Bed::recovered(), promql, During::Recovery);
            assert_eq!(finding.status, Status::Unknown, "{promql}: {}", finding.reason);
            assert_eq!((finding.value, finding.threshold), (None, None), "{promql}");
        }
        let mut bed = Bed::recovered();
        bed.unscraped.push("payment");
        assert_eq!(judged(&bed, ROOM, During::Recovery).status, Status::Unknown);
        bed.replay = false;
        assert_eq!(judged(&bed, ROOM, During::Replay).status, Status::Unknown);
    }
}
