//! Payment, where the outage starts: its throughput at full dose, its pool, and Little's law before the fault.

use super::{LittlesLaw, Measures, before};
use crate::cascade::UNAVAILABLE;
use crate::case::Case;
use crate::finding::round;
use crate::moments::{Span, millis};

const PAYMENT: (&str, &str) = ("service", "payment");
const MAIN: (&str, &str) = ("pool", "main");
/// Busy worker-seconds as a counter: exact, where a gauge is only sampled.
const BUSY_SECONDS: &str = "lab_workers_busy_seconds_total";

pub(super) fn measure(case: &Case<'_>, outage: Span, measures: &mut Measures) {
    let samples = &case.recording.samples;
    if let Some((rate, span)) = throughput(case, outage) {
        measures.payment_throughput_rps = Some(round(rate));
        measures.payment_throughput_span =
            Some((round(case.moments.seconds(span.from)), round(case.moments.seconds(span.to))));
    }
    let max = |name| samples.max_over(name, &[PAYMENT, MAIN], outage.from, outage.to).map(round);
    measures.payment_workers_busy_max = max("lab_workers_busy");
    measures.payment_queue_depth_max = max("lab_queue_depth");
    let acted = case.moments.first_action.or(case.moments.full).unwrap_or(outage.from);
    measures.payment_workers_busy_mean =
        busy(case, Span { from: acted.max(outage.from), to: outage.to }).map(|(mean, _)| round(mean));
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
    let finished = |matchers: &[(&str, &str)]| {
        samples.increase("rpc_server_call_duration_seconds_count", matchers, span.from, span.to)
    };
    let all = finished(&[PAYMENT, ("rpc_method", "Charge")])?;
    let refused: f64 = UNAVAILABLE
        .iter()
        .filter_map(|code| finished(&[PAYMENT, ("rpc_method", "Charge"), ("rpc_response_status_code", code)]))
        .sum();
    Some(((all - refused) / span.seconds(), span))
}

pub(super) fn littles_law(case: &Case<'_>) -> Option<LittlesLaw> {
    let span = before(case)?;
    let samples = &case.recording.samples;
    let counted = |name: &str| samples.increase(name, &[PAYMENT], span.from, span.to);
    let calls = counted("rpc_server_call_duration_seconds_count").filter(|calls| *calls > 0.0)?;
    let latency_s = counted("rpc_server_call_duration_seconds_sum")? / calls;
    let rate = samples.rate("rpc_server_call_duration_seconds_count", &[PAYMENT], span.from, span.to)?;
    let (busy, busy_from) = busy(case, span).filter(|(busy, _)| *busy > 0.0)?;
    Some(LittlesLaw {
        rate: round(rate),
        latency_s: round(latency_s),
        busy: round(busy),
        error_share: round((busy - rate * latency_s) / busy),
        busy_from: busy_from.to_owned(),
    })
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
