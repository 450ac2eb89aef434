//! Spans: recorded by the OpenTelemetry SDK, kept by the lab's rule, exported
//! over OTLP from the process's own runtime.
//!
//! ```text
//! span ends -> Keeper: sampled trace? failed? slow? -> bounded queue -> OTLP batch
//! ```
//!
//! The rule is a function of the trace id, so every process keeps the same
//! traces without a word about it on the wire. No exporter thread: it would
//! take the allocator off its one-thread path and needs a runtime anyway.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use opentelemetry::trace::{SpanKind, Status, TraceId, TracerProvider};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::WithExportConfig;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    Sampler, SdkTracer, SdkTracerProvider, Span, SpanData, SpanExporter, SpanProcessor,
};
use prometheus::IntCounter;
use tokio_util::sync::CancellationToken;

use crate::membership::Membership;
use crate::options::Identity;
use crate::route::service_url;

/// A span that took longer is kept whatever its trace.
pub const SLOW_SPAN: Duration = Duration::from_secs(1);
/// Unsampled traces that may be kept a second because they failed or were slow.
const EXCEPTIONS_PER_SECOND: usize = 20;
/// What the threshold aims at: four standard deviations of such a count below
/// the limit would be 8, one is 16; a trace cut at the limit is still whole
/// where its other processes kept it.
const EXCEPTIONS_AIMED_AT: f64 = 16.0;
/// Spans that may wait for export. Their memory is resident, so it is short.
const QUEUE: usize = 2048;
const BATCH: usize = 512;
const EXPORT_EVERY: Duration = Duration::from_millis(500);

/// The tracer that a process records with.
pub type Tracer = SdkTracer;

/// Which traces leave this process, for whoever would rather not describe one
/// that stays. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Sampling(Arc<AtomicU64>);

/// None, until an endpoint is known.
impl Default for Sampling {
    fn default() -> Self {
        Self(Arc::new(AtomicU64::new(f64::NAN.to_bits())))
    }
}

impl Sampling {
    /// Whether a trace is kept whatever happens in it. Before an endpoint is
    /// known none is.
    #[must_use]
    pub fn samples(&self, trace: TraceId) -> bool {
        // No number is above none.
        trace_is_sampled(trace, self.ratio())
    }

    fn ratio(&self) -> f64 {
        f64::from_bits(self.0.load(Ordering::Relaxed))
    }

    fn set(&self, ratio: f64) {
        self.0.store(ratio.to_bits(), Ordering::Relaxed);
    }
}

/// Whether a trace belongs to the `ratio` that is kept whatever happens in it.
#[must_use]
pub fn trace_is_sampled(trace: TraceId, ratio: f64) -> bool {
    rank(trace) < ratio
}

/// A trace id's place in `0..1`; ids are random, so the places are uniform.
fn rank(trace: TraceId) -> f64 {
    let bytes = trace.to_bytes();
    let low = u64::from_be_bytes(bytes[8..].try_into().expect("half of sixteen bytes"));
    // 53 bits fill an f64's mantissa, so the quotient stays below one.
    (low >> 11) as f64 / (1_u64 << 53) as f64
}

/// Builds the tracer and the task that exports what it keeps.
pub(crate) fn tracer(identity: &Identity, dropped: IntCounter) -> (Tracer, Sampling, Export) {
    let kept = Arc::new(Kept::new(dropped));
    let sampling = kept.sampling.clone();
    let resource = Resource::builder_empty()
        .with_attributes([
            KeyValue::new("service.name", identity.service.clone()),
            KeyValue::new("service.instance.id", identity.instance.clone()),
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
        ])
        .build();
    let provider = SdkTracerProvider::builder()
        .with_sampler(Sampler::AlwaysOn)
        .with_resource(resource.clone())
        .with_span_processor(Keeper(Arc::clone(&kept)))
        .build();
    let tracer = provider.tracer("firedrill");
    (tracer, sampling, Export { kept, resource })
}

/// What has been kept and not yet exported.
#[derive(Debug)]
struct Kept {
    queue: Mutex<VecDeque<SpanData>>,
    /// Share of all traces kept; no number until an endpoint is known.
    sampling: Sampling,
    exceptions: Mutex<Exceptions>,
    dropped: IntCounter,
}

impl Kept {
    fn new(dropped: IntCounter) -> Self {
        Self {
            queue: Mutex::new(VecDeque::new()),
            sampling: Sampling::default(),
            exceptions: Mutex::new(Exceptions::default()),
            dropped,
        }
    }

    fn offer(&self, span: SpanData) {
        let ratio = self.sampling.ratio();
        if ratio.is_nan()
            || !(trace_is_sampled(span.span_context.trace_id(), ratio) || self.is_exception(&span))
        {
            return;
        }
        let mut queue = self.queue.lock().expect("no panic while the queue is held");
        if queue.len() < QUEUE {
            queue.push_back(span);
        } else {
            self.dropped.inc();
        }
    }

    fn is_exception(&self, span: &SpanData) -> bool {
        let took = span.end_time.duration_since(span.start_time).unwrap_or_default();
        if took <= SLOW_SPAN && !matches!(span.status, Status::Error { .. }) {
            return false;
        }
        let mut exceptions = self.exceptions.lock().expect("no panic while exceptions are counted");
        let since_epoch = span.end_time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let server = span.span_kind == SpanKind::Server;
        let keep = exceptions.admit(since_epoch.as_secs(), span.span_context.trace_id(), server);
        if !keep {
            self.dropped.inc();
        }
        keep
    }
}

/// Chooses which failed and slow traces to keep when there are too many.
///
/// Keeping the ids below a threshold keeps *whole* traces: the processes see
/// different rates, so their thresholds differ, but the lower one's traces are
/// all among the higher one's. The threshold aims below the limit, because the
/// rate is only known from the second before; the limit itself is hard.
#[derive(Debug, Default)]
struct Exceptions {
    second: u64,
    seen: u64,
    seen_before: u64,
    /// Traces kept in this second: a trace that has begun to be kept goes on.
    kept: Vec<TraceId>,
}

impl Exceptions {
    /// `server` spans stand for one request each; attempts below it are more.
    fn admit(&mut self, second: u64, trace: TraceId, server: bool) -> bool {
        if second != self.second {
            self.seen_before = if second == self.second + 1 { self.seen } else { 0 };
            self.second = second;
            self.seen = 0;
            self.kept.clear();
        }
        self.seen += u64::from(server);
        if self.kept.contains(&trace) {
            return true;
        }
        let expected = self.seen_before.max(self.seen).max(1);
        let keep =
            self.kept.len() < EXCEPTIONS_PER_SECOND && rank(trace) < EXCEPTIONS_AIMED_AT / expected as f64;
        if keep {
            self.kept.push(trace);
        }
        keep
    }
}

#[derive(Debug)]
struct Keeper(Arc<Kept>);

impl SpanProcessor for Keeper {
    fn on_start(&self, _span: &mut Span, _cx: &Context) {}

    fn on_end(&self, span: SpanData) {
        self.0.offer(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }
}

/// The exporting half of a tracer.
pub(crate) struct Export {
    kept: Arc<Kept>,
    resource: Resource,
}

impl Export {
    /// Exports batches to the endpoint that the controller names, until `stop`;
    /// then what is left, once.
    pub(crate) async fn run(self, membership: Membership, stop: CancellationToken) {
        let mut welcome = membership.welcome();
        let welcome = tokio::select! {
            known = welcome.wait_for(Option::is_some) => known.ok().and_then(|welcome| welcome.clone()),
            () = stop.cancelled() => None,
        };
        let Some(welcome) = welcome.filter(|welcome| !welcome.otlp_endpoint.is_empty()) else {
            return;
        };
        let exporter = opentelemetry_otlp::SpanExporter::builder()
            .with_tonic()
            .with_endpoint(service_url(&welcome.otlp_endpoint))
            .build();
        let mut exporter = match exporter {
            Ok(exporter) => exporter,
            Err(error) => {
                tracing::warn!(%error, "spans cannot be exported");
                return;
            }
        };
        exporter.set_resource(&self.resource);
        self.kept.sampling.set(welcome.trace_ratio);
        while !stop.is_cancelled() {
            tokio::select! {
                () = tokio::time::sleep(EXPORT_EVERY) => {}
                () = stop.cancelled() => {}
            }
            while let Some(batch) = self.batch() {
                let size = batch.len() as u64;
                if let Err(error) = exporter.export(batch).await {
                    self.kept.dropped.inc_by(size);
                    tracing::debug!(%error, "spans were not taken");
                    break;
                }
            }
        }
    }

    fn batch(&self) -> Option<Vec<SpanData>> {
        let mut queue = self.kept.queue.lock().expect("no panic while the queue is held");
        let size = queue.len().min(BATCH);
        (size > 0).then(|| queue.drain(..size).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The trace at a place between nothing and all.
    fn at(place: f64) -> TraceId {
        let low = (place * (1_u64 << 53) as f64) as u64;
        TraceId::from_bytes((u128::from(low << 11) | 1 << 64).to_be_bytes())
    }

    #[test]
    fn the_same_traces_are_sampled_everywhere_and_as_many_as_asked_for() {
        let sampled = |ratio: f64| {
            (0..1000).filter(|n| trace_is_sampled(at((f64::from(*n) + 0.5) / 1000.0), ratio)).count()
        };
        assert_eq!((sampled(0.0), sampled(0.1), sampled(1.0)), (0, 100, 1000));
    }

    #[test]
    fn nothing_is_sampled_before_an_endpoint_is_known() {
        let sampling = Sampling::default();
        assert!(!sampling.samples(at(0.0)));
        sampling.set(0.1);
        assert!(sampling.samples(at(0.05)) && !sampling.samples(at(0.5)));
    }

    #[test]
    fn a_few_exceptions_are_all_kept() {
        let mut exceptions = Exceptions::default();
        assert!((0..15).all(|n| exceptions.admit(7, at(f64::from(n) / 15.0), true)));
    }

    #[test]
    fn of_many_exceptions_no_more_than_twenty_traces_a_second_are_kept() {
        let mut exceptions = Exceptions::default();
        for second in 1..5 {
            let kept =
                (0..450).filter(|n| exceptions.admit(second, at(f64::from(n * 7 % 450) / 450.0), true));
            let kept = kept.count();
            assert!((10..=20).contains(&kept), "second {second}: {kept}");
        }
    }

    #[test]
    fn once_the_rate_is_known_a_process_keeps_what_a_busier_one_keeps() {
        let (mut busy, mut calm) = (Exceptions::default(), Exceptions::default());
        for second in 1..4 {
            for n in 0..400 {
                let trace = at(f64::from(n) / 400.0);
                let kept = busy.admit(second, trace, true);
                // Every tenth request gets as far as the calm one.
                if n % 10 == 0 && second == 3 && kept {
                    assert!(calm.admit(second, trace, true), "{n}");
                }
            }
        }
    }

    #[test]
    fn a_trace_that_began_to_be_kept_goes_on_in_that_second() {
        let mut exceptions = Exceptions::default();
        assert!(exceptions.admit(1, at(0.9), true));
        for n in 0..1000 {
            exceptions.admit(1, at(f64::from(n) / 2000.0), true);
        }
        assert!(exceptions.admit(1, at(0.9), false) && !exceptions.admit(1, at(0.95), true));
    }
}
