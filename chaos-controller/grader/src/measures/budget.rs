//! How much of each journey's error budget the run spent, and how fast it burned: the four pairs of windows of the
//! workbook of Google's SREs (chapter 5), scaled to a drill as the alerts are (`deploy/prometheus/drill-windows.rules.yml`).
//! A month is played in six hours, a window of an hour in thirty seconds, and none is shorter than 5 s. The requests are
//! those of the log, held against the journey's own latency; the alerts see a histogram.

use drill::JourneyLoad;
use serde::{Deserialize, Serialize};

use super::Measures;
use super::figure::seconds;
use crate::case::Case;
use crate::finding::round;
use crate::moments::Span;

/// A month of 30 days, 120 times as fast.
const PERIOD_S: f64 = 6.0 * 3_600.0;
/// How fast, the long and the short window in seconds, and what they are outside of a drill.
const PAIRS: [(f64, u64, u64, &str); 4] = [
    (14.4, 30, 5, "1 h and 5 min"),
    (6.0, 180, 15, "6 h and 30 min"),
    (3.0, 720, 60, "1 day and 2 h"),
    (1.0, 2_160, 180, "3 days and 6 h"),
];

/// The error budget of a journey.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ErrorBudget {
    pub journey: String,
    /// Share of good answers that is promised.
    pub objective: f64,
    pub offered: u64,
    pub bad: u64,
    /// Share of a month's budget that the run spent; above 1 there is none left.
    pub spent: f64,
    /// What a month is here: "6 h, a month scaled by 1/120".
    pub period: String,
    pub burn: Vec<Burn>,
}

/// How fast a budget burned over a pair of windows: as many times as fast as it may be spent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Burn {
    /// The rate that the pair warns of.
    pub rate: f64,
    /// "30 s and 5 s, scaled from 1 h and 5 min".
    pub windows: String,
    /// The highest that both windows had at once; `None`: the run is shorter than the long one.
    pub peak: Option<f64>,
    pub peak_at_seconds: Option<f64>,
    /// When both were first above the rate.
    pub exceeded_at_seconds: Option<f64>,
}

pub(super) fn measure(case: &Case<'_>, measures: &mut Measures) {
    let (Some(first), Some(last)) = (case.log.rows().first(), case.log.rows().last()) else { return };
    let span = Span { from: first.request.intended_ms(), to: last.request.intended_ms() + 1 };
    let budgets: Vec<ErrorBudget> =
        case.plan.load.journeys.iter().filter_map(|load| budget(case, load, span)).collect();
    for one in &budgets {
        let log = format!("requests.bin: {}, not answered in time, {}", one.journey, case.moments.name(span));
        measures.note(format!("measures.error_budgets.{}.spent", one.journey), Some(one.spent), "share", log);
        for burn in &one.burn {
            let name = format!("measures.error_budgets.{}.burn.{}", one.journey, burn.rate);
            let at = burn.peak_at_seconds.unwrap_or_default();
            let log =
                format!("requests.bin: {}, the windows of {} that end {at:+.1} s", one.journey, burn.windows);
            measures.note(name, burn.peak, "times", log);
        }
    }
    measures.error_budgets = budgets;
}

/// `None` without a request, or an objective that leaves no budget.
fn budget(case: &Case<'_>, load: &JourneyLoad, span: Span) -> Option<ErrorBudget> {
    let allowed = Some(1.0 - load.slo_share).filter(|allowed| *allowed > 0.0 && load.rate > 0.0)?;
    let counts = Counts::of(case, load, span);
    let (offered, bad) = counts.within(0, counts.sums.len() as u64 - 1);
    (offered > 0).then(|| ErrorBudget {
        journey: load.journey.name().to_owned(),
        objective: load.slo_share,
        offered,
        bad,
        spent: round(bad as f64 / (allowed * load.rate * PERIOD_S)),
        period: "6 h, a month scaled by 1/120".to_owned(),
        burn: PAIRS.iter().map(|pair| burn(case, &counts, allowed, pair, span.from)).collect(),
    })
}

fn burn(case: &Case<'_>, counts: &Counts, allowed: f64, pair: &(f64, u64, u64, &str), start: u64) -> Burn {
    let (rate, long, short, outside) = *pair;
    let mut burn = Burn {
        rate,
        windows: format!("{long} s and {short} s, scaled from {outside}"),
        peak: None,
        peak_at_seconds: None,
        exceeded_at_seconds: None,
    };
    for end in long..counts.sums.len() as u64 {
        let burned = |window: u64| {
            let (offered, bad) = counts.within(end - window, end);
            (offered > 0).then(|| bad as f64 / offered as f64 / allowed)
        };
        let Some(both) = burned(long).zip(burned(short)).map(|(long, short)| long.min(short)) else {
            continue;
        };
        let at = seconds(case, start + end * 1_000);
        if burn.peak.is_none_or(|peak| both > peak) {
            (burn.peak, burn.peak_at_seconds) = (Some(both), Some(at));
        }
        if both > rate {
            burn.exceeded_at_seconds.get_or_insert(at);
        }
    }
    burn.peak = burn.peak.map(round);
    burn
}

/// Offered and bad requests of a journey, summed up to each second.
struct Counts {
    sums: Vec<(u64, u64)>,
}

impl Counts {
    fn of(case: &Case<'_>, load: &JourneyLoad, span: Span) -> Counts {
        let seconds = (span.to - span.from).div_ceil(1_000) as usize;
        let mut sums = vec![(0, 0); seconds + 1];
        for row in case.log.within(span).iter().filter(|row| row.request.journey == load.journey.index()) {
            let second = ((row.request.intended_ms() - span.from) / 1_000) as usize + 1;
            sums[second].0 += 1;
            sums[second].1 += u64::from(!row.good);
        }
        for second in 1..sums.len() {
            sums[second].0 += sums[second - 1].0;
            sums[second].1 += sums[second - 1].1;
        }
        Counts { sums }
    }

    /// From the start of one second to that of another.
    fn within(&self, from: u64, to: u64) -> (u64, u64) {
        let (from, to) = (self.sums[from as usize], self.sums[to as usize]);
        (to.0 - from.0, to.1 - from.1)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::measured;
    use super::*;
    use crate::testbed::Bed;

    fn checkout(bed: &Bed) -> ErrorBudget {
        measured(bed).error_budgets.into_iter().find(|one| one.journey == "checkout").unwrap()
    }

    #[test]
    fn an_outage_burns_the_budget_and_says_how_fast() {
        let budget = checkout(&Bed::never_recovered());
        // 19 s and 3.5 s of 20/s; a month is 6 h of 20/s, of which 1 %.
        assert_eq!(budget.bad, 450);
        assert!((budget.spent - 450.0 / 4_320.0).abs() < 1e-6, "{budget:?}");
        let fast = &budget.burn[0];
        assert_eq!(fast.windows, "30 s and 5 s, scaled from 1 h and 5 min");
        // Nineteen and a half of thirty seconds, and all of the last five, as hundredths of a budget of one.
        assert!(fast.peak.unwrap() > 60.0 && fast.exceeded_at_seconds == Some(25.0), "{budget:?}");
    }

    #[test]
    fn a_run_that_is_shorter_than_a_window_does_not_say() {
        let budget = checkout(&Bed::never_recovered());
        assert!(budget.burn[1..].iter().all(|burn| burn.peak.is_none()), "{budget:?}");
    }

    #[test]
    fn a_shop_that_is_well_burns_nothing() {
        let budget = checkout(&Bed::well("layered", None));
        assert_eq!((budget.spent, budget.burn[0].peak), (0.0, Some(0.0)));
    }

    #[test]
    fn without_requests_nothing_is_known() {
        let mut bed = Bed::never_recovered();
        bed.requests.clear();
        assert!(measured(&bed).error_budgets.is_empty());
    }
}
