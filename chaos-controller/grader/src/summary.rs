//! Short facts of the scorecard that are neither judged nor computed at length: the doses, and the load.

use evidence::kind;
use serde::{Deserialize, Serialize};

use crate::case::Case;
use crate::finding::round;
use crate::proofs::generator;

/// With fewer calls of the shop than this, the controller's probes speak.
const FEWEST_CALLS: u64 = 20;

/// One measurement of a fault, requested against delivered. Latencies in milliseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dose {
    pub fault: String,
    /// `timeline`, `replay` or `person`.
    pub why: String,
    /// `shop` (the shop's own calls) or `probe`.
    pub source: String,
    pub n: u64,
    /// p50.
    pub requested_ms: Option<f64>,
    /// p50.
    pub delivered_ms: Option<f64>,
    pub requested_p99_ms: Option<f64>,
    pub delivered_p99_ms: Option<f64>,
    /// How much later than drawn a call was answered, p50 and least, in microseconds: never below zero.
    pub error_p50_us: Option<f64>,
    pub error_min_us: Option<f64>,
    /// Inside the tolerance; `None` where this measurement is not the one that counts.
    pub within: Option<bool>,
}

impl Dose {
    pub(crate) fn off_ms(&self) -> Option<f64> {
        self.within?;
        Some((self.delivered_ms? - self.requested_ms?).abs())
    }
}

/// Every measurement, in the order of the journal.
pub(crate) fn doses(case: &Case<'_>) -> Vec<Dose> {
    let mut doses: Vec<Dose> = case
        .recording
        .entries(kind::DOSE)
        .map(|entry| {
            let id = entry.text("fault");
            let why = case
                .moments
                .fired
                .iter()
                .rfind(|fault| fault.id == id)
                .map_or("", |fault| fault.why.as_str());
            Dose {
                fault: id.to_owned(),
                why: why.to_owned(),
                source: entry.text("source").to_owned(),
                n: entry.number("n").unwrap_or_default() as u64,
                requested_ms: entry.number("requested_p50_ms"),
                delivered_ms: entry.number("delivered_p50_ms"),
                requested_p99_ms: entry.number("requested_p99_ms"),
                delivered_p99_ms: entry.number("delivered_p99_ms"),
                error_p50_us: entry.number("error_p50_us"),
                error_min_us: entry.number("error_min_us"),
                within: None,
            }
        })
        .collect();
    let by_shop: Vec<String> =
        doses.iter().filter(|dose| counts_alone(dose)).map(|dose| dose.fault.clone()).collect();
    for dose in &mut doses {
        let speaks =
            counts_alone(dose) || (dose.source != "shop" && dose.n > 0 && !by_shop.contains(&dose.fault));
        if let (true, Some(requested), Some(delivered)) = (speaks, dose.requested_ms, dose.delivered_ms) {
            let thresholds = &case.plan.thresholds;
            let tolerance = (requested * thresholds.dose_share).max(thresholds.dose_abs.as_secs_f64() * 1e3);
            dose.within = Some((delivered - requested).abs() <= tolerance);
        }
    }
    doses
}

fn counts_alone(dose: &Dose) -> bool {
    dose.source == "shop" && dose.n >= FEWEST_CALLS
}

/// The load while the drill lasted. Rates per second.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Load {
    pub offered: Option<f64>,
    pub achieved: Option<f64>,
    /// The worst phase.
    pub lateness_p99_ms: Option<f64>,
}

pub(crate) fn load(case: &Case<'_>) -> Load {
    let Some(overall) = generator::overall(case) else { return Load::default() };
    let per_second = |count: u64| Some(round(count as f64 / overall.span.seconds()));
    let phases = generator::phases(case);
    Load {
        offered: per_second(overall.offered),
        achieved: per_second(overall.sent),
        lateness_p99_ms: phases.iter().filter_map(|phase| phase.lateness_p99_ms).reduce(f64::max),
    }
}
