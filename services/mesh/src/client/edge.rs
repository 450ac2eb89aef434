//! The state of one kind of call, by target and method: one machine for each policy, kept across policy versions, and
//! the counters. What the machines are is their layers' business.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use opentelemetry::trace::TraceId;
use prometheus::{Histogram, HistogramVec, IntCounter, IntCounterVec};
use resilience::Call;
use resilience::fallback::Fallback;
use tokio::time::Instant;

use crate::client::Failure;
use crate::client::layers::{balance, breaker, bulkhead, concurrency, fallback, hedge, retry, throttle};
use crate::metrics::ClientMetrics;

/// One edge of the shop.
pub(crate) struct Edge {
    pub(crate) target: &'static str,
    pub(crate) method: &'static str,
    /// `target.method`, on spans.
    pub(crate) name: &'static str,
    pub(crate) metrics: ClientMetrics,
    pub(crate) breaker: breaker::Guarded,
    pub(crate) budget: retry::Budget,
    pub(crate) places: bulkhead::Places,
    pub(crate) concurrency: concurrency::Limited,
    pub(crate) throttle: throttle::Throttled,
    pub(crate) instances: balance::Instances,
    pub(crate) hedging: hedge::Learned,
    pub(crate) shelf: fallback::Shelf,
    epoch: Instant,
    /// Where the draws stand: of jitter, of choices.
    draws: AtomicU64,
}

/// Why we did not make an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    Breaker,
    Bulkhead,
    Concurrency,
    Throttle,
    /// The kill switch.
    SwitchedOff,
    /// A retry that the budget did not pay for.
    Budget,
    /// A retry that the callee does not want, or somebody behind it.
    Marked,
    /// It would have begun after the deadline, or with less left than the callee begins anything with.
    Deadline,
}

impl Refusal {
    /// The value of the label `reason`.
    fn name(self) -> &'static str {
        match self {
            Self::Breaker => "breaker",
            Self::Bulkhead => "bulkhead",
            Self::Concurrency => "concurrency",
            Self::Throttle => "throttle",
            Self::SwitchedOff => "switched_off",
            Self::Budget => "budget",
            Self::Marked => "marked",
            Self::Deadline => "deadline",
        }
    }

    /// What the caller is told.
    fn said(self) -> &'static str {
        match self {
            Self::Breaker => "breaker is open",
            Self::Bulkhead => "bulkhead is full",
            Self::Concurrency => "concurrency limit",
            Self::Throttle => "throttled",
            Self::SwitchedOff => "switched off",
            Self::Budget => "no retry: the budget is spent",
            Self::Marked => "no retry: the callee does not want one",
            Self::Deadline => "the deadline is too near",
        }
    }
}

impl Edge {
    pub(crate) fn new(target: &'static str, method: &'static str, metrics: &ClientMetrics) -> Self {
        // An edge lives as long as its process; its name is leaked once so
        // that spans need not own a copy each.
        let name: &'static str = format!("{target}.{method}").leak();
        Self {
            target,
            method,
            name,
            metrics: metrics.clone(),
            breaker: breaker::Guarded::default(),
            budget: retry::Budget::default(),
            places: bulkhead::Places::default(),
            concurrency: concurrency::Limited::default(),
            throttle: throttle::Throttled::default(),
            instances: balance::Instances::default(),
            hedging: hedge::Learned::default(),
            shelf: fallback::Shelf::default(),
            epoch: Instant::now(),
            draws: AtomicU64::new(RandomState::new().build_hasher().finish()),
        }
    }

    /// Takes the policy in force; state stays where the kind of machine does.
    pub(crate) fn configure(&self, call: &Call) {
        self.breaker.configure(call);
        self.breaker.show(self, TraceId::INVALID);
        self.budget.configure(self, call);
        self.places.configure(call.bulkhead);
        self.concurrency.configure(self, call);
        self.throttle.configure(call);
        self.instances.configure(self, call);
        self.hedging.configure(call);
        self.shelf.configure(call);
    }

    pub(crate) fn now(&self) -> Duration {
        self.epoch.elapsed()
    }

    /// A draw in `0..1` (SplitMix64, Steele, Lea and Flood 2014): these need to be spread, not to be repeatable.
    pub(crate) fn draw(&self) -> f64 {
        const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;
        let mut z = self.draws.fetch_add(GOLDEN, Ordering::Relaxed).wrapping_add(GOLDEN);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Counts what we refuse to send, and says so.
    pub(crate) fn refuse(&self, refusal: Refusal) -> Failure {
        self.count_refusal(refusal);
        Failure::rejected(refusal.said())
    }

    pub(crate) fn count_refusal(&self, refusal: Refusal) {
        let labels = [self.target, self.method, refusal.name()];
        self.metrics.refused.with_label_values(&labels).inc();
    }

    pub(crate) fn count_fallback(&self, kind: Fallback) {
        self.metrics.fallbacks.with_label_values(&[self.target, self.method, kind.name()]).inc();
    }

    pub(crate) fn count_attempt(&self, outcome: &str) {
        count(&self.metrics.attempts, self, outcome).inc();
    }

    pub(crate) fn count_call(&self, outcome: &str, took: Duration) {
        count(&self.metrics.calls, self, outcome).inc();
        observe(&self.metrics.call_duration, self, outcome).observe(took.as_secs_f64());
    }
}

fn count(counters: &IntCounterVec, edge: &Edge, outcome: &str) -> IntCounter {
    counters.with_label_values(&[edge.target, edge.method, outcome])
}

fn observe(histograms: &HistogramVec, edge: &Edge, outcome: &str) -> Histogram {
    histograms.with_label_values(&[edge.target, edge.method, outcome])
}
