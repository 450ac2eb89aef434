//! Payment, where the outage starts: its throughput at full dose, its pool, and Little's law before the fault.

use serde::{Deserialize, Serialize};

use super::{Measures, before};
use crate::cascade::UNAVAILABLE;
use crate::case::Case;
use crate::finding::round;
use crate::moments::{Span, millis};
use crate::query::{growth, words};

const PAYMENT: (&str, &str) = ("service", "payment");
const MAIN: (&str, &str) = ("pool", "main");
const REPLIES: &str = "rpc_server_call_duration_seconds_count";
/// Busy worker-seconds as a counter: exact, where a gauge is only sampled.
const BUSY_SECONDS: &str = "lab_workers_busy_seconds_total";

/// Little's law for payment before the fault: busy workers = rate x time in the handler.
///
/// The latency is the handler's own time, without the wait in the queue: `rpc_server_call_duration_seconds` of the
/// shop starts when a worker does, and the wait is `lab_queue_wait_seconds`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LittlesLaw {
    pub rate: f64,
    pub latency_s: f64,
    pub busy: f64,
    /// (busy - rate x latency) / busy.
    pub error_share: f64,
    /// `integral`: busy worker-seconds are counted exactly; `samples`: the gauge was sampled, and a sample of a small
    /// pool once a second is off by some percent.
    pub busy_from: String,
}

pub(super) fn measure(case: &Case<'_>, outage: Span, measures: &mut Measures) {
    let samples = &case.recording.samples;
    if let Some((rate, span)) = throughput(case, outage) {
        let (rate, name) = (round(rate), case.moments.name(span));
        measures.payment_throughput_rps = Some(rate);
        measures.payment_throughput_span =
            Some((round(case.moments.seconds(span.from)), round(case.moments.seconds(span.to))));
        let counter = format!(
            "{REPLIES}{{service=\"payment\",rpc_method=\"Charge\",rpc_response_status_code!~\"{}\"}}",
            UNAVAILABLE.join("|")
        );
        let promql = format!("{} / {}", growth(samples, &counter, "service", span), span.seconds());
        let asked = (format!("samples.bin: growth of {counter}, {name}"), promql, span.to);
        measures.ask(case, "measures.payment_throughput_rps", Some(rate), "calls/s", asked);
    }
    measures.payment_workers_busy_max = most(case, outage, measures, "workers_busy");
    measures.payment_queue_depth_max = most(case, outage, measures, "queue_depth");
    let acted = case.moments.first_action.or(case.moments.full).unwrap_or(outage.from);
    let later = Span { from: acted.max(outage.from), to: outage.to };
    let mean = busy(case, later);
    measures.payment_workers_busy_mean = mean.map(|(mean, _)| round(mean));
    let evidence = format!("samples.bin: mean of the busy workers, {}", case.moments.name(later));
    let counter = format!("{BUSY_SECONDS}{{service=\"payment\",pool=\"main\"}}");
    let promql = format!("{} / {}", growth(samples, &counter, "service", later), later.seconds());
    let (name, value) = ("measures.payment_workers_busy_mean", measures.payment_workers_busy_mean);
    measures.ask(case, name, value, "workers", (evidence, promql, later.to));
}

/// The highest value of a gauge of payment's pool.
fn most(case: &Case<'_>, outage: Span, measures: &mut Measures, gauge: &str) -> Option<f64> {
    let samples = &case.recording.samples;
    let most = samples.max_over(&format!("lab_{gauge}"), &[PAYMENT, MAIN], outage.from, outage.to).map(round);
    let series = format!("lab_{gauge}{{service=\"payment\",pool=\"main\"}}");
    let length = words(outage.to.saturating_sub(outage.from));
    let evidence = format!("samples.bin: {series}, {}", case.moments.name(outage));
    let asked = (evidence, format!("max_over_time(sum({series})[{length}:1s])"), outage.to);
    measures.ask(case, format!("measures.payment_{gauge}_max"), most, "", asked);
    most
}

/// Finished `Charge` calls per second before anybody acted, over whole multiples of the bank's latency: after a step
/// or a ramp they come in waves of that period, and a part of a wave measures nothing.
fn throughput(case: &Case<'_>, outage: Span) -> Option<(f64, Span)> {
    let full = case.moments.full?;
    let fault = case.plan.faults.first()?;
    let wave = millis(fault::median(&fault.spec, fault.length)?).max(1);
    let to = case.moments.first_action.unwrap_or(outage.to).min(outage.to);
    // The calls that were admitted at a lower dose finish within the first wave: it is left out where time allows.
    let whole = to.checked_sub(full)? / wave;
    let waves = if whole > 1 { whole - 1 } else { whole };
    let span = Span { from: to - waves * wave, to };
    if waves == 0 {
        return None;
    }
    let samples = &case.recording.samples;
    let finished = |matchers: &[(&str, &str)]| samples.increase(REPLIES, matchers, span.from, span.to);
    let all = finished(&[PAYMENT, ("rpc_method", "Charge")])?;
    let refused: f64 = UNAVAILABLE
        .iter()
        .filter_map(|code| finished(&[PAYMENT, ("rpc_method", "Charge"), ("rpc_response_status_code", code)]))
        .sum();
    Some(((all - refused) / span.seconds(), span))
}

pub(super) fn littles_law(case: &Case<'_>, measures: &mut Measures) {
    let Some((law, span)) = law(case) else { return };
    let name = case.moments.name(span);
    for (field, value, unit, from) in [
        ("rate", law.rate, "calls/s", REPLIES),
        ("latency_s", law.latency_s, "s", "rpc_server_call_duration_seconds_sum by its count"),
        ("busy", law.busy, "workers", BUSY_SECONDS),
        ("error_share", law.error_share, "share", "the three of the same span"),
    ] {
        let evidence = format!("samples.bin: {from} of payment, {name}");
        measures.note(format!("measures.littles_law.{field}"), Some(value), unit, evidence);
    }
    measures.littles_law = Some(law);
}

fn law(case: &Case<'_>) -> Option<(LittlesLaw, Span)> {
    let span = before(case)?;
    let samples = &case.recording.samples;
    let counted = |name: &str| samples.increase(name, &[PAYMENT], span.from, span.to);
    let calls = counted(REPLIES).filter(|calls| *calls > 0.0)?;
    let latency_s = counted("rpc_server_call_duration_seconds_sum")? / calls;
    let rate = samples.rate(REPLIES, &[PAYMENT], span.from, span.to)?;
    let (busy, busy_from) = busy(case, span).filter(|(busy, _)| *busy > 0.0)?;
    let law = LittlesLaw {
        rate: round(rate),
        latency_s: round(latency_s),
        busy: round(busy),
        error_share: round((busy - rate * latency_s) / busy),
        busy_from: busy_from.to_owned(),
    };
    Some((law, span))
}

/// Mean of payment's busy workers, and where it is from.
fn busy(case: &Case<'_>, span: Span) -> Option<(f64, &'static str)> {
    let samples = &case.recording.samples;
    if let Some(rate) = samples.rate(BUSY_SECONDS, &[PAYMENT, MAIN], span.from, span.to) {
        return Some((rate, "integral"));
    }
    let mean = samples.time_weighted_mean("lab_workers_busy", &[PAYMENT, MAIN], span.from, span.to)?;
    Some((mean, "samples"))
}

#[cfg(test)]
mod tests {
    use super::super::tests::measured;
    use crate::testbed::Bed;

    #[test]
    fn an_outage_is_measured_at_full_dose() {
        let measures = measured(&Bed::never_recovered());
        assert!((measures.payment_throughput_rps.unwrap() - 20.0).abs() < 1.0, "{measures:?}");
        assert_eq!(measures.payment_workers_busy_max, Some(20.0));
        assert_eq!(measures.payment_queue_depth_max, Some(80.0));
    }

    #[test]
    fn what_the_samples_say_can_be_asked_again() {
        let measures = measured(&Bed::never_recovered());
        for name in ["payment_throughput_rps", "payment_queue_depth_max", "payment_workers_busy_max"] {
            let name = format!("measures.{name}");
            let figure = measures.figures.iter().find(|figure| figure.name == name).unwrap();
            assert!(figure.query.is_some(), "{figure:?}");
        }
    }

    #[test]
    fn littles_law_holds_where_it_should() {
        let law = measured(&Bed::recovered()).littles_law.unwrap();
        assert!(law.error_share.abs() < 0.03, "{law:?}");
        assert!((law.busy - 6.0).abs() < 0.2, "{law:?}");
    }

    #[test]
    fn without_samples_measures_are_absent_not_zero() {
        let mut bed = Bed::recovered();
        bed.unscraped.push("payment");
        let measures = measured(&bed);
        assert_eq!((measures.payment_throughput_rps, measures.payment_workers_busy_max), (None, None));
        assert!(measures.littles_law.is_none());
    }
}
