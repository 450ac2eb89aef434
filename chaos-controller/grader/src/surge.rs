//! A surge of users, as the request log has it: how many must have come in a span, and the proof that they did. The
//! journal says when it began and ended, the plan how high it was.

use crate::case::Case;
use crate::finding::{Finding, Sense};
use crate::moments::{Span, millis};

/// Of a Poisson process, before its count is held against it.
const DEVIATIONS: f64 = 4.0;

/// How many times its own rate the load had in the span, on average; 1 without a surge.
pub(crate) fn mean_factor(case: &Case<'_>, span: Span) -> f64 {
    let Some(surge) = case.plan.load.surge else { return 1.0 };
    let seconds = span.seconds();
    if seconds <= 0.0 {
        return 1.0;
    }
    let more: f64 = surges(case)
        .map(|(on, _)| {
            // A surge that was cut short is one of that length.
            let one = drill::Surge { length: std::time::Duration::from_millis(on.to - on.from), ..surge };
            let after = |t_ms: u64| std::time::Duration::from_millis(t_ms.saturating_sub(on.from));
            let (from, to) = (after(span.from), after(span.to));
            (one.mean_factor(from, to) - 1.0) * to.saturating_sub(from).as_secs_f64()
        })
        .sum();
    1.0 + more / seconds
}

/// The users came: at its height the surge had the rate that the plan says.
pub(crate) fn prove(case: &Case<'_>) -> Finding {
    let Some(surge) = case.plan.load.surge else { return Finding::unknown("there is no surge") };
    let requested: f64 = case.plan.load.journeys.iter().map(|load| load.rate).sum::<f64>() * surge.factor;
    let mut worst: Option<(f64, &str)> = None;
    for (on, id) in surges(case) {
        let height = Span { from: on.from + millis(surge.over), to: on.to };
        let seconds = height.seconds();
        if seconds <= 0.0 {
            return Finding::unknown(format!("the surge `{id}` never reached its height"));
        }
        let delivered = case.log.within(height).len() as f64 / seconds;
        let allowed = requested * case.plan.thresholds.dose_share + DEVIATIONS * (requested / seconds).sqrt();
        if (delivered - requested).abs() > allowed {
            return Finding::fail(format!(
                "at the height of the surge `{id}` {delivered:.1} requests/s came, {requested:.1}/s were to"
            ))
            .value(delivered)
            .threshold(Sense::Exactly, requested)
            .unit("requests/s");
        }
        if worst.is_none_or(|(off, _)| (delivered - requested).abs() > (off - requested).abs()) {
            worst = Some((delivered, id));
        }
    }
    match worst {
        None => Finding::unknown("no surge was offered"),
        Some((delivered, id)) => Finding::pass(format!(
            "{delivered:.1} requests/s came at the height of the surge `{id}`, {requested:.1}/s were to"
        ))
        .value(delivered)
        .threshold(Sense::Exactly, requested)
        .unit("requests/s")
        .evidence("requests.bin: intended times between the end of the climb and the end of the surge"),
    }
}

/// When each surge was on, and its name.
fn surges<'c>(case: &'c Case<'_>) -> impl Iterator<Item = (Span, &'c str)> {
    let moments = &case.moments;
    moments.fired.iter().filter(|fired| fired.why != "person").map(|fired| {
        (
            Span { from: fired.applied, to: fired.cleared.unwrap_or(moments.end).max(fired.applied) },
            fired.id.as_str(),
        )
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::finding::Status;
    use crate::testbed::{Bed, judge as graded};

    /// The bed's outage (5 s to 25 s) and replay (28 s to 32 s) as surges; 20/s of each of five journeys are its base.
    fn surging(factor: f64) -> Bed {
        let bed = Bed::recovered();
        let mut load = serde_json::to_value(&bed.plan().load).unwrap();
        load["surge"] = json!({"factor": factor, "over": "2s", "for": "20s"});
        bed.with_plan(json!({"load": load, "faults": [], "replay": {"for": "4s"}}))
    }

    #[test]
    fn users_who_did_not_come_prove_nothing() {
        let finding = graded(&surging(5.0), prove);
        assert_eq!(finding.status, Status::Fail, "{}", finding.reason);
        assert!(finding.reason.contains("500.0/s"), "{}", finding.reason);
    }

    #[test]
    fn users_who_came_prove_the_surge() {
        let mut bed = surging(2.0);
        let surging = |t_ms: u64| (7_000..25_000).contains(&t_ms) || (28_000..32_000).contains(&t_ms);
        let more: Vec<_> = bed.requests.iter().filter(|one| surging(one.intended_ms())).copied().collect();
        bed.requests.extend(more);
        assert_eq!(graded(&bed, prove).status, Status::Pass);
    }

    #[test]
    fn the_mean_factor_follows_the_climb_the_height_and_the_calm() {
        let bed = surging(5.0);
        let recording = bed.recording();
        let case = Case::new(&recording, bed.plan());
        for (from, to, expected) in
            [(0, 5_000, 1.0), (5_000, 7_000, 3.0), (7_000, 25_000, 5.0), (24_000, 26_000, 3.0)]
        {
            let factor = mean_factor(&case, Span { from, to });
            assert!((factor - expected).abs() < 1e-6, "{from} to {to}: {factor}");
        }
    }
}
