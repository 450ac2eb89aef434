//! The counters of serving and calling. Names and labels are the field's
//! (OpenTelemetry in Prometheus form); ours begin with `lab_`. `service` and
//! `instance` are not here: whoever scrapes attaches them.

use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use process::LATENCY_BUCKETS;
use prometheus::{
    Counter, CounterVec, GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec,
    IntGauge, IntGaugeVec, Opts, Registry,
};

/// The one pool of a service; the label exists for services that split theirs.
pub(crate) const POOL: &str = "main";

/// What the serving side counts.
#[derive(Clone)]
pub(crate) struct ServerMetrics {
    /// Time in the handler, by method or route, and status; queueing is `queue_wait`.
    pub(crate) duration: HistogramVec,
    pub(crate) queue_wait: Histogram,
    pub(crate) busy: IntGauge,
    pub(crate) limit: IntGauge,
    /// There while it is learned.
    pub(crate) concurrency: IntGaugeVec,
    /// Workers that may be busy: what the policy has, or fewer while the limit is learned. For the door, and not shown: both
    /// of these are.
    pub(crate) slots: Arc<AtomicU32>,
    pub(crate) depth: IntGauge,
    pub(crate) capacity: IntGauge,
    /// Integral of `busy`: a gauge read once a second has sampling noise of its
    /// own, and Little's law wants the mean.
    pub(crate) busy_seconds: Counter,
    pub(crate) wasted: Counter,
    pub(crate) abandoned: IntCounter,
    pub(crate) shed: IntCounterVec,
    pub(crate) deadline_left_at_start: Histogram,
    pub(crate) deadline_left_at_reply: Histogram,
    pub(crate) deadline_expired: IntCounterVec,
    pub(crate) shed_level: GaugeVec,
    pub(crate) rate_limit: IntCounterVec,
}

impl ServerMetrics {
    pub(crate) fn new(registry: &Registry, duration: HistogramVec) -> prometheus::Result<Self> {
        registry.register(Box::new(duration.clone()))?;
        let queue_wait = histogram_vec(
            "lab_queue_wait_seconds",
            "Time from arrival until a worker started the request",
            &["pool"],
        )?;
        registry.register(Box::new(queue_wait.clone()))?;
        let deadline_remaining = histogram_vec(
            "lab_deadline_remaining_seconds",
            "Time left of the deadline when the turn of the request had come, and when it was answered",
            &["stage"],
        )?;
        registry.register(Box::new(deadline_remaining.clone()))?;
        let shed_level = GaugeVec::new(
            Opts::new("lab_shed_level", "Classes that shedding lets in: 5 = all, 0 = nobody"),
            &["pool"],
        )?;
        registry.register(Box::new(shed_level.clone()))?;
        let concurrency = IntGaugeVec::new(
            Opts::new("lab_workers_concurrency_limit", "Workers that may run at once, as learned"),
            &["pool"],
        )?;
        registry.register(Box::new(concurrency.clone()))?;
        Ok(Self {
            concurrency,
            duration,
            queue_wait: queue_wait.with_label_values(&[POOL]),
            busy: pool_gauge(registry, "lab_workers_busy", "Workers that are running a request")?,
            limit: pool_gauge(registry, "lab_workers_limit", "Workers there are")?,
            slots: Arc::default(),
            depth: pool_gauge(registry, "lab_queue_depth", "Requests that wait for a worker")?,
            capacity: pool_gauge(registry, "lab_queue_capacity", "Requests that may wait for a worker")?,
            busy_seconds: seconds(
                registry,
                "lab_workers_busy_seconds_total",
                "Worker-seconds spent on requests",
            )?,
            wasted: seconds(
                registry,
                "lab_wasted_work_seconds_total",
                "Worker-seconds spent after the user had left",
            )?,
            abandoned: counter(
                registry,
                "lab_abandoned_total",
                "Requests finished after their caller had left",
                &["pool"],
            )?
            .with_label_values(&[POOL]),
            shed: counter(
                registry,
                "lab_shed_total",
                "Requests refused at the door",
                &["pool", "reason", "priority"],
            )?,
            deadline_left_at_start: deadline_remaining.with_label_values(&["queue"]),
            deadline_left_at_reply: deadline_remaining.with_label_values(&["reply"]),
            deadline_expired: counter(
                registry,
                "lab_deadline_expired_total",
                "Requests whose deadline passed",
                &["stage"],
            )?,
            shed_level,
            rate_limit: counter(
                registry,
                "lab_ratelimit_total",
                "Requests that met a rate limit",
                &["pool", "method", "decision"],
            )?,
        })
    }

    pub(crate) fn shed(&self, reason: &str, priority: &str) {
        self.shed.with_label_values(&[POOL, reason, priority]).inc();
    }
}

/// The serving histogram of a gRPC service.
pub(crate) fn grpc_duration() -> prometheus::Result<HistogramVec> {
    histogram_vec(
        "rpc_server_call_duration_seconds",
        "Time in the handler; time in the queue is lab_queue_wait_seconds",
        &["rpc_method", "rpc_response_status_code"],
    )
}

/// The serving histogram of an HTTP service.
pub(crate) fn http_duration() -> prometheus::Result<HistogramVec> {
    histogram_vec(
        "http_server_request_duration_seconds",
        "Time in the handler; time in the queue is lab_queue_wait_seconds",
        &["http_route", "http_response_status_code"],
    )
}

/// What the calling side counts.
#[derive(Clone)]
pub(crate) struct ClientMetrics {
    pub(crate) calls: IntCounterVec,
    pub(crate) call_duration: HistogramVec,
    pub(crate) attempts: IntCounterVec,
    pub(crate) breaker_state: IntGaugeVec,
    pub(crate) breaker_transitions: IntCounterVec,
    pub(crate) breaker_rejected: IntCounterVec,
    pub(crate) budget_tokens: prometheus::GaugeVec,
    pub(crate) refused: IntCounterVec,
    /// There while the limit is on.
    pub(crate) concurrency_limit: IntGaugeVec,
    pub(crate) shift_weight: prometheus::GaugeVec,
    pub(crate) ejected: IntGaugeVec,
    pub(crate) ejections: IntCounterVec,
    pub(crate) hedges: IntCounterVec,
    pub(crate) fallbacks: IntCounterVec,
}

impl ClientMetrics {
    pub(crate) fn new(registry: &Registry) -> prometheus::Result<Self> {
        let call_duration = histogram_vec(
            "lab_client_call_duration_seconds",
            "Time of a call with all of its attempts",
            &["target", "method", "outcome"],
        )?;
        registry.register(Box::new(call_duration.clone()))?;
        let breaker_state = IntGaugeVec::new(
            Opts::new("lab_breaker_state", "One for the state that the breaker is in, else zero"),
            &["target", "method", "state"],
        )?;
        registry.register(Box::new(breaker_state.clone()))?;
        let budget_tokens = prometheus::GaugeVec::new(
            Opts::new("lab_retry_budget_tokens", "Tokens in the retry budget, of either kind"),
            &["target", "method"],
        )?;
        registry.register(Box::new(budget_tokens.clone()))?;
        let concurrency_limit = IntGaugeVec::new(
            Opts::new("lab_concurrency_limit", "Attempts that may be open at once, as learned"),
            &["target", "method"],
        )?;
        registry.register(Box::new(concurrency_limit.clone()))?;
        let shift_weight = prometheus::GaugeVec::new(
            Opts::new("lab_shift_weight", "Share of the calls that the policy sends to a region"),
            &["target", "method", "region"],
        )?;
        registry.register(Box::new(shift_weight.clone()))?;
        let ejected = IntGaugeVec::new(
            Opts::new("lab_ejected_instances", "Instances that are left out because they failed"),
            &["target", "method"],
        )?;
        registry.register(Box::new(ejected.clone()))?;
        let edge = ["target", "method", "outcome"];
        Ok(Self {
            calls: counter(
                registry,
                "lab_client_calls_total",
                "Calls made, each counted once however often it was tried",
                &edge,
            )?,
            call_duration,
            attempts: counter(registry, "lab_client_attempts_total", "Attempts made", &edge)?,
            breaker_state,
            breaker_transitions: counter(
                registry,
                "lab_breaker_transitions_total",
                "Changes of the breaker's state",
                &["target", "method", "from", "to"],
            )?,
            breaker_rejected: counter(
                registry,
                "lab_breaker_rejected_total",
                "Attempts that the breaker did not let through",
                &["target", "method"],
            )?,
            budget_tokens,
            shift_weight,
            refused: counter(
                registry,
                "lab_client_refused_total",
                "Attempts that this side did not make, by the policy that refused them",
                &["target", "method", "reason"],
            )?,
            concurrency_limit,
            fallbacks: counter(
                registry,
                "lab_fallback_total",
                "Answers given without the callee",
                &["target", "method", "kind"],
            )?,
            ejected,
            ejections: counter(
                registry,
                "lab_ejections_total",
                "Instances that were ejected, by the rule that did it",
                &["target", "method", "reason"],
            )?,
            hedges: counter(
                registry,
                "lab_hedge_total",
                "Second attempts at slow reads, by what became of them",
                &edge,
            )?,
        })
    }
}

fn pool_gauge(registry: &Registry, name: &str, help: &str) -> prometheus::Result<IntGauge> {
    let gauge = IntGaugeVec::new(Opts::new(name, help), &["pool"])?;
    registry.register(Box::new(gauge.clone()))?;
    Ok(gauge.with_label_values(&[POOL]))
}

fn seconds(registry: &Registry, name: &str, help: &str) -> prometheus::Result<Counter> {
    let counter = CounterVec::new(Opts::new(name, help), &["pool"])?;
    registry.register(Box::new(counter.clone()))?;
    Ok(counter.with_label_values(&[POOL]))
}

fn counter(
    registry: &Registry,
    name: &str,
    help: &str,
    labels: &[&str],
) -> prometheus::Result<IntCounterVec> {
    let counter = IntCounterVec::new(Opts::new(name, help), labels)?;
    registry.register(Box::new(counter.clone()))?;
    Ok(counter)
}

fn histogram_vec(name: &str, help: &str, labels: &[&str]) -> prometheus::Result<HistogramVec> {
    HistogramVec::new(HistogramOpts::new(name, help).buckets(LATENCY_BUCKETS.to_vec()), labels)
}
