//! The metrics of the user's eye. Labels are resolved once: a request touches
//! one counter and one histogram.

use process::LATENCY_BUCKETS;
use prometheus::{
    Gauge, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry,
};
use proto::control::Outcome;

use crate::journey::Journey;
use crate::summary::Health;

/// The outcomes that a request may have, with their labels.
const OUTCOMES: [(Outcome, &str); 8] = [
    (Outcome::Ok, "ok"),
    (Outcome::Pending, "pending"),
    (Outcome::Http503, "http_503"),
    (Outcome::Http504, "http_504"),
    (Outcome::HttpOther, "http_other"),
    (Outcome::GaveUp, "gave_up"),
    (Outcome::Connection, "connection"),
    (Outcome::Wrong, "wrong"),
];

/// Counters and gauges of the generator.
#[derive(Debug)]
pub(crate) struct Meters {
    /// By journey and outcome, in the order of their numbers.
    requests: [[IntCounter; OUTCOMES.len()]; 5],
    latency: [Histogram; 5],
    offered_rate: Gauge,
    achieved_rate: Gauge,
    schedule_lag: Gauge,
    in_flight: IntGauge,
    lost: IntCounter,
}

impl Meters {
    pub(crate) fn new(registry: &Registry) -> prometheus::Result<Self> {
        let requests = IntCounterVec::new(
            Opts::new("lab_user_requests_total", "Requests of users by how they ended"),
            &["journey", "outcome"],
        )?;
        let latency = HistogramVec::new(
            HistogramOpts::new(
                "lab_user_latency_seconds",
                "From the intended time of a request to its end, however it ended",
            )
            .buckets(LATENCY_BUCKETS.to_vec()),
            &["journey"],
        )?;
        registry.register(Box::new(requests.clone()))?;
        registry.register(Box::new(latency.clone()))?;
        let gauge = |name: &str, help: &str| -> prometheus::Result<Gauge> {
            let gauge = Gauge::new(name, help)?;
            registry.register(Box::new(gauge.clone()))?;
            Ok(gauge)
        };
        let in_flight =
            IntGauge::new("lab_user_requests_in_flight", "Requests of users that have not ended")?;
        registry.register(Box::new(in_flight.clone()))?;
        let lost = IntCounter::new(
            "lab_request_records_lost_total",
            "Records of the request log that found no room while the controller was away",
        )?;
        registry.register(Box::new(lost.clone()))?;
        Ok(Self {
            requests: Journey::ALL.map(|journey| {
                OUTCOMES.map(|(_, label)| requests.with_label_values(&[journey.name(), label]))
            }),
            latency: Journey::ALL.map(|journey| latency.with_label_values(&[journey.name()])),
            offered_rate: gauge(
                "lab_offered_rate",
                "Requests per second whose intended time fell in the last second",
            )?,
            achieved_rate: gauge(
                "lab_achieved_rate",
                "Requests per second that were sent in the last second",
            )?,
            schedule_lag: gauge(
                "lab_schedule_lag_seconds",
                "How late requests were sent in the last second, 99th percentile",
            )?,
            in_flight,
            lost,
        })
    }

    pub(crate) fn ended(&self, journey: Journey, outcome: Outcome, latency_us: u64) {
        let place = OUTCOMES.iter().position(|(known, _)| *known == outcome);
        if let Some(place) = place {
            self.requests[journey.index()][place].inc();
        }
        self.latency[journey.index()].observe(latency_us as f64 / 1e6);
    }

    pub(crate) fn second(&self, health: Health, in_flight: u64, lost: u64) {
        self.offered_rate.set(health.offered_rate);
        self.achieved_rate.set(health.achieved_rate);
        self.schedule_lag.set(health.lateness_p99);
        self.in_flight.set(i64::try_from(in_flight).unwrap_or(i64::MAX));
        self.lost.inc_by(lost.saturating_sub(self.lost.get()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_has_a_series_from_the_start() {
        let registry = Registry::new();
        let meters = Meters::new(&registry).unwrap();
        meters.ended(Journey::Checkout, Outcome::GaveUp, 10_000_000);
        let families = registry.gather();
        let requests = families.iter().find(|family| family.name() == "lab_user_requests_total").unwrap();
        assert_eq!(requests.get_metric().len(), Journey::ALL.len() * OUTCOMES.len());
        let counted: f64 = requests.get_metric().iter().map(|metric| metric.get_counter().get_value()).sum();
        assert_eq!(counted, 1.0);
    }
}
