//! What anybody may see of the bank: durations, charges, calls under way.
//! Nothing here tells an injected latency from an honest one.

use std::time::Duration;

use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, IntGauge, Opts, Registry};

use crate::ledger::Charged;

/// The one route; charges and lookups are told apart by their status.
const ROUTE: &str = "/charges";

#[derive(Clone)]
pub(crate) struct Metrics {
    duration: HistogramVec,
    charges: IntCounterVec,
    active: IntGauge,
}

/// A call under way; a guard, because a call may end by being dropped.
pub(crate) struct Active(IntGauge);

impl Metrics {
    pub(crate) fn new(registry: &Registry) -> prometheus::Result<Self> {
        let duration = HistogramVec::new(
            HistogramOpts::new("http_server_request_duration_seconds", "Time from receipt to the answer")
                .buckets(process::LATENCY_BUCKETS.to_vec()),
            &["http_route", "http_response_status_code"],
        )?;
        let charges = IntCounterVec::new(
            Opts::new("lab_charges_total", "Charges asked for, by whether they were made or had been before"),
            &["state"],
        )?;
        let active = IntGauge::new("http_server_active_requests", "Calls that are under way")?;
        registry.register(Box::new(duration.clone()))?;
        registry.register(Box::new(charges.clone()))?;
        registry.register(Box::new(active.clone()))?;
        Ok(Self { duration, charges, active })
    }

    pub(crate) fn active(&self) -> Active {
        self.active.inc();
        Active(self.active.clone())
    }

    pub(crate) fn answered(&self, status: u16, took: Duration) {
        self.duration.with_label_values(&[ROUTE, &status.to_string()]).observe(took.as_secs_f64());
    }

    pub(crate) fn charged(&self, charged: Charged) {
        let state = match charged {
            Charged::Now => "committed",
            Charged::Before => "repeated",
        };
        self.charges.with_label_values(&[state]).inc();
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        self.0.dec();
    }
}
