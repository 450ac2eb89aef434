//! The run's recording gives the values that the Prometheus gives, which has scraped it: asked between all scrapes, because
//! Debian's ranges include their start and ours do not.

use evidence::Samples;
use evidence::promql::{Extrapolation, Query, Settings};
use tests::monitoring::Monitoring;
use tests::oracle::Oracle;
use tests::repo;

use super::Watched;
use crate::promql::compare::{Asked, Question, ask};

/// As Debian's Prometheus 2.42 extrapolates; its lookback is set to ours.
const SETTINGS: Settings = Settings { extrapolation: Extrapolation::Prometheus2, ..Settings::DEFAULT };
/// The longest range that is asked for; before the run the Prometheus knows more than the recording.
const LONGEST_MS: u64 = 30_000;

/// Besides what the rules record.
const QUERIES: [&str; 12] = [
    "up",
    "sum by (service, pool) (lab_workers_busy)",
    "lab_queue_depth",
    "sum by (service) (rate(rpc_server_call_duration_seconds_count[10s]))",
    "sum by (rpc_method) (increase(rpc_server_call_duration_seconds_count[30s]))",
    "histogram_quantile(0.99, sum by (service, le) (rate(rpc_server_call_duration_seconds_bucket[15s])))",
    "irate(lab_user_requests_total[5s])",
    "max_over_time(lab_queue_depth[20s])",
    "changes(lab_breaker_state[30s])",
    "lab_charges_total - lab_charges_total offset 10s",
    "avg_over_time(lab_workers_busy[7s]) / on (instance) group_left lab_workers_limit",
    "{__name__=~\"lab_orders_.*\"}",
];

pub(super) fn wrong(monitoring: &Monitoring, run: &Watched) -> Vec<String> {
    let bytes = std::fs::read(run.dir.join("samples.bin")).expect("a run has samples");
    let samples = Samples::decode(&bytes).expect("its samples are read");
    let rules = repo::root().join("deploy/prometheus/drill-windows.rules.yml");
    let text = std::fs::read_to_string(&rules).expect("the rules are there");
    let rules =
        drill::rules(&drill::Source::new("rules", text)).unwrap_or_else(|problems| panic!("{problems}"));
    let long = |text: &str| ["[1m]", "[3m]", "[12m]", "[36m]"].iter().any(|range| text.contains(range));
    let own = rules.recordings.iter().map(|recording| recording.expr.text()).filter(|text| !long(text));
    let oracle = Oracle::at(&monitoring.prometheus, run.zero_unix_ms());
    let phase_ms = between_scrapes(&samples);
    let (first, last) = (LONGEST_MS / 1_000 + 5, run.phase("reconcile") / 1_000 - 1);
    let (mut wrong, mut compared) = (Vec::new(), 0);
    for text in own.chain(QUERIES) {
        assert!(Query::parse(text).is_ok(), "{text}");
        for second in (first..last).step_by(7) {
            // The controller's own series are in no recording.
            let at = Question::At(second * 1_000 + phase_ms);
            match ask(&without_controller(text), at, &samples, &SETTINGS, &oracle) {
                Asked::Same { values, .. } => compared += values,
                Asked::BothFail | Asked::Senseless => wrong.push(format!("{text}: no answer")),
                Asked::Different(how) => wrong.push(format!("{text} {at}: {how}")),
            }
        }
    }
    if compared < 500 {
        wrong.push(format!("only {compared} values were compared"));
    }
    wrong
}

/// `up` and all of one name are the only questions that the controller is part of.
fn without_controller(text: &str) -> String {
    match text {
        "up" => "up{service!=\"controller\"}".to_owned(),
        other => other.to_owned(),
    }
}

/// A millisecond of the second that is as far from all scrapes as one can be.
fn between_scrapes(samples: &Samples) -> u64 {
    let services: std::collections::BTreeSet<&str> =
        samples.instances().map(|(service, _)| service).collect();
    let mut taken: Vec<u64> = services
        .iter()
        .flat_map(|service| samples.scrapes(service))
        .map(|scrape| scrape.t_ms % 1_000)
        .collect();
    taken.sort_unstable();
    taken.dedup();
    let apart = |ms: u64| {
        let around = |other: &u64| (ms + 1_000 - other) % 1_000;
        taken.iter().map(around).map(|gap| gap.min(1_000 - gap)).min().unwrap_or(500)
    };
    let best = (0..1_000).max_by_key(|ms| apart(*ms)).unwrap_or_default();
    assert!(apart(best) > 0, "no time of the second is without a scrape: {taken:?}");
    best
}
