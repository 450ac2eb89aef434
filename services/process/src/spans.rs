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

/// A span that took longer is kept whatever its trace.
pub const SLOW_SPAN: Duration = Duration::from_secs(1);
/// Unsampled traces that may be kept a second because they failed or were slow.
const EXCEPTIONS_PER_SECOND: u64 = 20;
/// Spans that may wait for export. Their memory is resident, so it is short.
const QUEUE: usize = 2048;
const BATCH: usize = 512;
const EXPORT_EVERY: Duration = Duration::from_millis(500);

/// The tracer that a process records with.
pub type Tracer = SdkTracer;

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
pub(crate) fn tracer(identity: &Identity, dropped: IntCounter) -> (Tracer, Export) {
    let kept = Arc::new(Kept::new(dropped));
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
    (tracer, Export { kept, resource })
}

/// What has been kept and not yet exported.
#[derive(Debug)]
struct Kept {
    queue: Mutex<VecDeque<SpanData>>,
    /// Share of all traces kept, as the bits of an f64; 0 until an endpoint is known.
    ratio: AtomicU64,
    exceptions: Mutex<Exceptions>,
    dropped: IntCounter,
}

impl Kept {
    fn new(dropped: IntCounter) -> Self {
        Self {
            queue: Mutex::new(VecDeque::new()),
            ratio: AtomicU64::new(f64::NAN.to_bits()),
            exceptions: Mutex::new(Exceptions::default()),
            dropped,
        }
    }

    fn offer(&self, span: SpanData) {
        let ratio = f64::from_bits(self.ratio.load(Ordering::Relaxed));
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
        let keep = exceptions.admit(span);
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
/// all among the higher one's.
#[derive(Debug, Default)]
struct Exceptions {
    second: u64,
    seen: u64,
    seen_before: u64,
}

impl Exceptions {
    fn admit(&mut self, span: &SpanData) -> bool {
        let since_epoch = span.end_time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let second = since_epoch.as_secs();
        if second != self.second {
            self.seen_before = if second == self.second + 1 { self.seen } else { 0 };
            self.second = second;
            self.seen = 0;
        }
        // A server span stands for one request; attempts below it are more.
        if span.span_kind == SpanKind::Server {
            self.seen += 1;
        }
        let expected = self.seen_before.max(self.seen).max(1);
        rank(span.span_context.trace_id()) < EXCEPTIONS_PER_SECOND as f64 / expected as f64
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
            .with_endpoint(&welcome.otlp_endpoint)
            .build();
        let mut exporter = match exporter {
            Ok(exporter) => exporter,
            Err(error) => {
                tracing::warn!(%error, "spans cannot be exported");
                return;
            }
        };
        exporter.set_resource(&self.resource);
        self.kept.ratio.store(welcome.trace_ratio.to_bits(), Ordering::Relaxed);
        while !stop.is_cancelled() {
            tokio::select! {
                () = tokio::time::sleep(EXPORT_EVERY) => {}
                () = stop.cancelled() => {}
            }
            while let Some(batch) = self.batch() {
                if let Err(error) = exporter.export(batch).await {
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
