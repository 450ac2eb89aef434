//! What a shop that is down by itself looks like: the figures of the metastable state over the whole of its time, and
//! what they come from. Judging them is the proof's (`proofs/metastable.rs`).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Measures;
use crate::case::Case;
use crate::finding::round;
use crate::moments::Span;
use crate::proofs::metastable;
use crate::query;

/// The metastable state, from `from` to `to` seconds after the fault's start. Shares from 0 to 1.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Storm {
    pub from: f64,
    pub to: f64,
    /// Of the journey that the drill names.
    pub goodput: Option<f64>,
    /// Attempts per call on the edge that the drill names.
    pub amplification: Option<f64>,
    /// Attempts on that edge per request of the journey that users made: the retries of all layers together.
    pub attempts_per_offered: Option<f64>,
    /// Mean share of the pool's workers that are busy.
    pub busy: Option<f64>,
    /// Means over the time.
    pub workers_busy: Option<f64>,
    pub queue_depth: Option<f64>,
    /// Of what the service finished, the share whose caller had left.
    pub waste: Option<f64>,
}

pub(super) fn measure(case: &Case<'_>, measures: &mut Measures) {
    let state = case.plan.aftermath.as_ref().and_then(|stated| stated.metastable.as_ref());
    let Some((state, span)) = state.and_then(|state| Some((state, metastable::span(case, state)?))) else {
        return;
    };
    let storm = storm(case, state, span);
    let over = Duration::from_millis(span.to.saturating_sub(span.from));
    let name = case.moments.name(span);
    for (figure, value) in
        state.figures(over).into_iter().zip([storm.goodput, storm.amplification, storm.busy, storm.waste])
    {
        let from = if figure.name == "goodput" { "requests.bin: answered in time" } else { "samples.bin" };
        let asked = (format!("{from}, {name}"), figure.promql.clone(), span.to);
        measures.ask(case, format!("measures.storm.{}", figure.name), value, "", asked);
    }
    let attempts = format!("samples.bin: lab_client_attempts_total by the requests of requests.bin, {name}");
    measures.note("measures.storm.attempts_per_offered", storm.attempts_per_offered, "", attempts);
    let pool = format!("samples.bin: {} of the pool, mean, {name}", state.busy.service);
    measures.note("measures.storm.workers_busy", storm.workers_busy, "workers", pool.clone());
    measures.note("measures.storm.queue_depth", storm.queue_depth, "requests", pool);
    measures.storm = Some(storm);
}

fn storm(case: &Case<'_>, state: &drill::Metastable, span: Span) -> Storm {
    let samples = &case.recording.samples;
    let over = Duration::from_millis(span.to.saturating_sub(span.from));
    let figures = state.figures(over).map(|figure| {
        let found = query::vector(samples, &figure.promql, span.to);
        found.first().map(|(_, value)| round(*value)).filter(|value| value.is_finite())
    });
    let tally = metastable::tally(case, state, span);
    let offered = tally.map(|tally| tally.offered).filter(|offered| *offered > 0);
    let (caller, callee) = state.edge();
    let attempts = samples.increase(
        "lab_client_attempts_total",
        &[("service", caller), ("target", callee)],
        span.from,
        span.to,
    );
    let pool = [("service", state.busy.service.as_str()), ("pool", "main")];
    let mean = |name| samples.time_weighted_mean(name, &pool, span.from, span.to).map(round);
    Storm {
        from: round(case.moments.seconds(span.from)),
        to: round(case.moments.seconds(span.to)),
        goodput: tally.and_then(|tally| tally.share()).map(round),
        amplification: figures[1],
        attempts_per_offered: attempts
            .zip(offered)
            .map(|(attempts, offered)| round(attempts / offered as f64)),
        busy: figures[2],
        workers_busy: mean("lab_workers_busy"),
        queue_depth: mean("lab_queue_depth"),
        waste: figures[3],
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::measured;
    use crate::testbed::Bed;

    #[test]
    fn after_a_trigger_the_seconds_count_from_its_end_and_from_the_act() {
        let measures = measured(&Bed::stormy());
        let time_to = &measures.time_to;
        let seconds = (time_to.after_trigger, time_to.after_action, time_to.after_replay);
        assert_eq!(seconds, (Some(10.0), Some(3.0), Some(1.0)));
        let storm = measures.storm.unwrap();
        assert_eq!((storm.from, storm.to), (4.0, 9.0));
        assert_eq!((storm.goodput, storm.amplification, storm.waste), (Some(0.0), Some(4.0), Some(1.0)));
    }

    #[test]
    fn a_drill_that_asks_for_no_storm_has_none() {
        let usual = measured(&Bed::recovered());
        assert_eq!((usual.time_to.after_trigger, usual.storm), (None, None));
    }

    #[test]
    fn without_samples_the_figures_are_unknown() {
        let mut bed = Bed::stormy();
        bed.unscraped.extend(["payment", "order"]);
        let storm = measured(&bed).storm.unwrap();
        assert_eq!((storm.amplification, storm.waste, storm.workers_busy), (None, None, None));
    }
}
