//! Requested dose against delivered dose, for each fault: as it was measured where it acts (the bank on the shop's own
//! calls, the guard on processes), and for latencies on our probes of the same path, whose dose we draw ourselves
//! because a draw is a function of names only.
//!
//! The verdict on the dose is the grader's; the proof here tells the person who watches.

use std::sync::Arc;
use std::time::{Duration, Instant};

use evidence::kind;
use fault::{Dose, Draw, Effect, FaultSpec, Path, Region};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::bank::{self, BANK, PROBE_ATTEMPT, Probed};
use crate::causes::chain;
use crate::faults::place::Place;
use crate::lab::Lab;

use super::Run;

/// Enough for a median, and for the twenty that a dose must be measured on.
const PROBES: usize = 24;
/// Probes are spread over at most this each.
const SPACING: Duration = Duration::from_millis(250);
/// How long after its dose a probe is given up.
const LATE: Duration = Duration::from_secs(5);
/// Fewer of the shop's calls than this prove nothing.
const ENOUGH: u64 = 20;

/// A fault whose dose is being measured.
#[derive(Debug)]
pub(crate) struct Measuring {
    fault: String,
    /// The only one who knows of it: a fault of the same name elsewhere is another one.
    place: Place,
    begun: Instant,
    probes: JoinHandle<Vec<Measured>>,
}

/// A probe, and the dose that it was to get.
#[derive(Debug, Clone, PartialEq)]
struct Measured {
    requested: Duration,
    delivered: Duration,
}

impl Measuring {
    /// Whether all probes have been answered: the fault may end.
    pub(crate) fn is_taken(&self) -> bool {
        self.probes.is_finished()
    }
}

/// Begins to measure a fault that has just been applied and is to last for `length`.
pub(crate) fn measure(
    lab: &Arc<Lab>,
    run: &Arc<Run>,
    fault: &str,
    spec: &FaultSpec,
    length: Duration,
) -> Measuring {
    let begun = Instant::now();
    let probes = tokio::spawn(probe_all(
        Arc::clone(lab),
        Arc::clone(run),
        fault.to_owned(),
        spec.clone(),
        begun,
        length,
    ));
    Measuring { fault: fault.to_owned(), place: Place::of(&spec.effect), begun, probes }
}

/// Waits for the measurements, and notes them.
pub(crate) async fn conclude(lab: &Lab, run: &Run, doses: Vec<Measuring>) {
    // A surge has no dose to ask anybody for: the grader counts the users.
    if doses.is_empty() {
        return;
    }
    let mut proven = true;
    let mut details = Vec::new();
    for Measuring { fault, place, begun, probes } in doses {
        let measured = probes.await.unwrap_or_default();
        let listed = place.list(lab).await.unwrap_or_else(|error| {
            tracing::warn!(error = chain(&error), fault, "nobody tells its dose");
            Value::Null
        });
        let shop = shop_dose(&listed, &fault, begun.elapsed(), measured.len() as u64);
        let probe = probe_dose(&fault, measured);
        let enough = shop.as_ref().is_some_and(|dose| dose["n"].as_u64().unwrap_or_default() >= ENOUGH);
        // Only latencies are probed: of the rest the place itself knows, however few there were to hit.
        let judged = if enough { shop.as_ref() } else { probe.as_ref().or(shop.as_ref()) };
        let (ok, detail) = judge(run, judged);
        proven &= ok;
        details.push(format!("{fault}: {detail}"));
        for dose in [shop, probe].into_iter().flatten() {
            lab.observe(kind::DOSE, dose);
        }
    }
    lab.observe(kind::PROOF, json!({"name": "dose", "ok": proven, "detail": details.join("; ")}));
}

fn judge(run: &Run, dose: Option<&Value>) -> (bool, String) {
    let Some(dose) = dose else { return (false, "not measured".to_owned()) };
    let number = |name: &str| dose[name].as_f64();
    let (Some(requested), Some(delivered)) = (number("requested_p50_ms"), number("delivered_p50_ms")) else {
        // Not about latency: judged where it was measured.
        let hits = dose["n"].as_u64().unwrap_or_default();
        let (requested, delivered) = (number("requested"), number("delivered"));
        let (Some(requested), Some(delivered)) = (requested, delivered) else {
            return (false, format!("{hits} hits, and no dose"));
        };
        let (of, unit) = (dose["of"].as_str().unwrap_or_default(), dose["unit"].as_str().unwrap_or_default());
        let detail = format!("{of} {delivered:.2}{unit} of {requested:.2}{unit}, {hits} hits");
        return (hits > 0 && dose["within"] == true, detail);
    };
    let thresholds = &run.plan.thresholds;
    let allowed = (requested * thresholds.dose_share).max(thresholds.dose_abs.as_secs_f64() * 1000.0);
    let source = dose["source"].as_str().unwrap_or_default();
    let detail =
        format!("p50 {delivered:.1} ms of {requested:.1} ms over {} calls by the {source}", dose["n"]);
    ((delivered - requested).abs() <= allowed, detail)
}

/// What was delivered as it was measured where it acts: by the bank to the calls of the shop, which it cannot tell from
/// our probes, but their number can; by the guard to processes. One of the same name that had ended before this one
/// began, `age` ago, was of another run.
fn shop_dose(listed: &Value, fault: &str, age: Duration, probes: u64) -> Option<Value> {
    let lists = [listed.get("ended"), listed.get("faults")];
    let entry = lists
        .into_iter()
        .flatten()
        .filter_map(Value::as_array)
        .flatten()
        .rfind(|entry| entry["id"] == fault && within(entry, age))?;
    Some(json!({
        "fault": fault,
        "source": "shop",
        "n": entry["hits"].as_u64().unwrap_or_default().saturating_sub(probes),
        "requested_p50_ms": entry["requested_ms"]["p50"],
        "delivered_p50_ms": entry["delivered_ms"]["p50"],
        "requested_p99_ms": entry["requested_ms"]["p99"],
        "delivered_p99_ms": entry["delivered_ms"]["p99"],
        "error_p50_us": entry["error_us"]["p50"],
        "error_min_us": entry["error_us"]["min"],
        "of": entry["dose"]["of"],
        "unit": entry["dose"]["unit"],
        "requested": entry["dose"]["requested"],
        "delivered": entry["dose"]["delivered"],
        "error": entry["dose"]["error"],
        "within": entry["dose"]["within"],
    }))
}

fn within(entry: &Value, age: Duration) -> bool {
    entry["ended_ago_ms"].as_u64().is_none_or(|ago| u128::from(ago) <= age.as_millis())
}

fn probe_dose(fault: &str, measured: Vec<Measured>) -> Option<Value> {
    if measured.is_empty() {
        return None;
    }
    let of = |pick: &dyn Fn(&Measured) -> f64| {
        let mut values: Vec<f64> = measured.iter().map(pick).collect();
        values.sort_by(f64::total_cmp);
        values
    };
    let requested = of(&|probe| probe.requested.as_secs_f64() * 1e3);
    let delivered = of(&|probe| probe.delivered.as_secs_f64() * 1e3);
    let error = of(&|probe| (probe.delivered.as_secs_f64() - probe.requested.as_secs_f64()) * 1e6);
    Some(json!({
        "fault": fault,
        "source": "probe",
        "n": measured.len(),
        "requested_p50_ms": quantile(&requested, 0.5),
        "delivered_p50_ms": quantile(&delivered, 0.5),
        "requested_p99_ms": quantile(&requested, 0.99),
        "delivered_p99_ms": quantile(&delivered, 0.99),
        "error_p50_us": quantile(&error, 0.5),
        "error_min_us": error.first(),
    }))
}

/// Nearest rank, of sorted values.
fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    let rank = (sorted.len() as f64 * q).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied()
}

/// Probes the fault at its full dose, early enough that the last answer is there before its end if it can be.
async fn probe_all(
    lab: Arc<Lab>,
    run: Arc<Run>,
    fault: String,
    spec: FaultSpec,
    applied: Instant,
    length: Duration,
) -> Vec<Measured> {
    // A probe measures how long it took: of anything else the place itself knows more.
    if !spec.path.covers(Path::Charge) || !matches!(spec.effect, Effect::Latency(_)) {
        return Vec::new();
    }
    let Some(mut bank) = lab.directory.first(BANK) else { return Vec::new() };
    if spec.region == Region::Second {
        bank.traffic = bank.second;
        bank.second = String::new();
    }
    let ramp = spec.ramp.as_ref().map_or(Duration::ZERO, |ramp| ramp.over.get());
    let spacing = SPACING.min(length.saturating_sub(ramp) / (2 * PROBES as u32));
    if run.pause(ramp).await.is_err() {
        return Vec::new();
    }
    let purpose = format!("{}-{fault}", run.book.name);
    let mut under_way = Vec::new();
    for number in 0..PROBES {
        let (bank, purpose) = (bank.clone(), purpose.clone());
        under_way.push(tokio::spawn(async move { bank::probe(&bank, &purpose, number).await }));
        if run.pause(spacing).await.is_err() {
            break;
        }
    }
    let patience = fault::median(&spec, ramp).unwrap_or_default() * 4 + LATE;
    let deadline = tokio::time::Instant::now() + patience;
    let mut measured = Vec::new();
    for probe in under_way {
        if let Ok(Ok(Ok(probed))) = tokio::time::timeout_at(deadline, probe).await {
            measured.extend(compare(&spec, run.plan.seed, &fault, applied, &probed));
        }
    }
    measured
}

/// The probe's dose by its name; `None` if it was not to be hit or the fault is not about latency.
fn compare(spec: &FaultSpec, seed: u64, fault: &str, applied: Instant, probed: &Probed) -> Option<Measured> {
    let draw = Draw { seed, fault_id: fault, key: &probed.reference, attempt: PROBE_ATTEMPT };
    match fault::dose(spec, &draw, probed.sent.saturating_duration_since(applied))? {
        Dose::Latency(requested) => Some(Measured { requested, delivered: probed.latency }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn the_bank_s_own_measure_is_that_of_the_newest_fault_of_the_name() {
        let bank = json!({"faults": [], "ended": [
            {"id": "slow", "hits": 1, "requested_ms": {"p50": 1.0, "p99": 1.0}},
            {"id": "slow", "hits": 40, "requested_ms": {"p50": 30_000.0, "p99": 30_000.0},
             "delivered_ms": {"p50": 30_000.1, "p99": 30_001.0}, "error_us": {"min": 2.0, "p50": 100.0}},
        ]});
        let dose = shop_dose(&bank, "slow", MINUTE, 24).unwrap();
        assert_eq!((dose["n"].as_u64(), dose["delivered_p50_ms"].as_f64()), (Some(16), Some(30_000.1)));
        assert!(shop_dose(&bank, "other", MINUTE, 0).is_none());
    }

    #[test]
    fn a_fault_of_the_name_that_had_ended_before_proves_nothing() {
        let ended =
            |ago: u64| json!({"faults": [], "ended": [{"id": "replay", "hits": 40, "ended_ago_ms": ago}]});
        assert!(shop_dose(&ended(60_001), "replay", MINUTE, 0).is_none());
        assert!(shop_dose(&ended(9_000), "replay", MINUTE, 0).is_some());
    }

    #[test]
    fn a_probe_is_compared_with_the_dose_of_its_name() {
        let measured = vec![
            Measured { requested: Duration::from_millis(100), delivered: Duration::from_micros(100_200) },
            Measured { requested: Duration::from_millis(100), delivered: Duration::from_micros(100_100) },
        ];
        let dose = probe_dose("slow", measured).unwrap();
        assert!((dose["error_min_us"].as_f64().unwrap() - 100.0).abs() < 0.01);
        assert_eq!(dose["n"], 2);
        assert!(probe_dose("slow", Vec::new()).is_none());
    }
}
