//! An edge of order's to some instances of payment on loopback, each of which does as it is told: what layers that
//! choose among instances are tested with.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use h2::server;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanProcessor};
use process::{Endpoints, Instance};
use prometheus::Registry;
use resilience::pool::Priority;
use resilience::{Call, Snapshot, policy};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::Instant;

use super::{Exchange, Next};
use crate::client::attempt::Template;
use crate::client::edge::Edge;
use crate::client::{Answer, Connections, Failure};
use crate::context::Ctx;
use crate::metrics::ClientMetrics;
use crate::trace::Recorder;

/// What an instance does with a call.
#[derive(Clone, Copy)]
pub(super) enum Does {
    Answers,
    AnswersAfter(Duration),
    Says(u16),
    /// With headers.
    Tells(u16, &'static [(&'static str, &'static str)]),
    Nothing,
}

/// What became of the calls to one instance.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) asked: AtomicU32,
    pub(super) reset: AtomicU32,
}

pub(super) struct Bed {
    edge: Arc<Edge>,
    connections: Connections,
    endpoints: watch::Sender<Arc<Endpoints>>,
    recorder: Recorder,
    registry: Registry,
    snapshot: Arc<Snapshot>,
    pub(super) spans: Ended,
    pub(super) tallies: Vec<Arc<Tally>>,
}

const TARGET: &str = "payment";
const METHOD: &str = "ListMethods";

impl Bed {
    /// An edge with this policy to one instance for each of `does`.
    pub(super) async fn new(policy: Value, does: &[Does]) -> Self {
        Self::in_shop(json!({"order": {"calls": {"payment.ListMethods": policy}}}), does).await
    }

    /// The same with these rows.
    pub(super) async fn in_shop(services: Value, does: &[Does]) -> Self {
        let (mut instances, mut tallies) = (Vec::new(), Vec::new());
        for (number, does) in does.iter().enumerate() {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap().to_string();
            instances.push(Instance { name: format!("payment-{number}"), address });
            let tally = Arc::new(Tally::default());
            tokio::spawn(listen(listener, *does, Arc::clone(&tally)));
            tallies.push(tally);
        }
        let endpoints = watch::Sender::new(Arc::new(Endpoints::from([(TARGET.to_owned(), instances)])));
        let (registry, spans) = (Registry::new(), Ended::default());
        let metrics = ClientMetrics::new(&registry).unwrap();
        let document = policy::parse(&json!({"version": 1, "services": services})).unwrap();
        let snapshot = Arc::new(Snapshot::of(&document, 1, "order"));
        let edge = Arc::new(Edge::new(TARGET, METHOD, &metrics));
        edge.configure(&snapshot.call(TARGET, METHOD));
        Self {
            edge,
            connections: Connections::follow(TARGET, endpoints.subscribe()),
            endpoints,
            recorder: Recorder::into(spans.clone()),
            spans,
            registry,
            snapshot,
            tallies,
        }
    }

    pub(super) async fn call(&self) -> Result<Answer, Failure> {
        self.call_within(None).await
    }

    /// A call of a request with so much time left.
    pub(super) async fn call_within(&self, left: Option<Duration>) -> Result<Answer, Failure> {
        let template = Template {
            method: Method::GET,
            path: PathAndQuery::from_static("/ask"),
            headers: HeaderMap::new(),
            body: Bytes::new(),
        };
        let policy: Arc<Call> = self.snapshot.call(TARGET, METHOD);
        let exchange = Exchange {
            edge: &self.edge,
            connections: &self.connections,
            recorder: &self.recorder,
            policy: &policy,
            template: &template,
            ctx: &self.ctx(left),
        };
        Next::new(&exchange).run().await
    }

    /// Of a trace that is recorded.
    fn ctx(&self, left: Option<Duration>) -> Ctx {
        let (trace, span) = (TraceId::from_bytes([1; 16]), SpanId::from_bytes([1; 8]));
        let parent = SpanContext::new(trace, span, TraceFlags::SAMPLED, true, TraceState::NONE);
        let deadline = left.map(|left| Instant::now() + left);
        Ctx::new(Arc::clone(&self.snapshot), deadline, None, parent, Priority::Normal)
    }

    /// So many calls, one after the other; how many were answered.
    pub(super) async fn calls(&self, times: usize) -> usize {
        let mut answered = 0;
        for _ in 0..times {
            answered += usize::from(self.call().await.is_ok());
        }
        answered
    }

    pub(super) fn asked(&self) -> Vec<u32> {
        self.tallies.iter().map(|tally| tally.asked.load(Ordering::Relaxed)).collect()
    }

    /// The instance is told of no more.
    pub(super) fn leave(&self, number: usize) {
        let name = format!("payment-{number}");
        self.endpoints.send_modify(|endpoints| {
            let instances = Arc::make_mut(endpoints).get_mut(TARGET).unwrap();
            instances.retain(|instance| instance.name != name);
        });
    }

    /// Whether there is anything to see of a metric.
    pub(super) fn has(&self, name: &str) -> bool {
        self.registry.gather().iter().any(|family| family.name() == name)
    }

    /// The value of a metric's sample with this label value, or its only one; zero if there is none.
    pub(super) fn metric(&self, name: &str, label: &str) -> f64 {
        let families = self.registry.gather();
        let of = families.iter().filter(|family| family.name() == name);
        let samples = of.flat_map(|family| family.get_metric());
        let mut named = samples.filter(|sample| sample.get_label().iter().any(|pair| pair.value() == label));
        named.next().map_or(0.0, |sample| sample.get_counter().get_value() + sample.get_gauge().get_value())
    }
}

async fn listen(listener: TcpListener, does: Does, tally: Arc<Tally>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(stream, does, Arc::clone(&tally)));
    }
}

async fn serve(stream: TcpStream, does: Does, tally: Arc<Tally>) {
    let mut connection = server::handshake(stream).await.unwrap();
    while let Some(Ok((_question, mut respond))) = connection.accept().await {
        tally.asked.fetch_add(1, Ordering::Relaxed);
        let tally = Arc::clone(&tally);
        tokio::spawn(async move {
            let waits = match does {
                Does::Answers | Does::Says(_) | Does::Tells(..) => Duration::ZERO,
                Does::AnswersAfter(wait) => wait,
                Does::Nothing => Duration::from_secs(3600),
            };
            tokio::select! {
                () = tokio::time::sleep(waits) => {}
                _reason = std::future::poll_fn(|cx| respond.poll_reset(cx)) => {
                    tally.reset.fetch_add(1, Ordering::Relaxed);
                    return;
                }
            }
            let mut answer = Response::new(());
            if let Does::Says(status) | Does::Tells(status, _) = does {
                *answer.status_mut() = StatusCode::from_u16(status).unwrap();
            }
            if let Does::Tells(_, headers) = does {
                answer.headers_mut().extend(
                    headers.iter().map(|(name, value)| {
                        (HeaderName::from_static(name), HeaderValue::from_static(value))
                    }),
                );
            }
            let _ = respond.send_response(answer, true);
        });
    }
}

/// Spans that have ended.
#[derive(Debug, Clone, Default)]
pub(super) struct Ended(Arc<Mutex<Vec<SpanData>>>);

impl Ended {
    /// The values of an attribute, in the order in which the spans ended that have it.
    pub(super) fn values(&self, attribute: &str) -> Vec<String> {
        let spans = self.0.lock().unwrap();
        let attributes = spans.iter().flat_map(|span| &span.attributes);
        attributes
            .filter(|pair| pair.key.as_str() == attribute)
            .map(|pair| pair.value.as_str().into_owned())
            .collect()
    }
}

impl SpanProcessor for Ended {
    fn on_start(&self, _: &mut opentelemetry_sdk::trace::Span, _: &opentelemetry::Context) {}

    fn on_end(&self, span: SpanData) {
        self.0.lock().unwrap().push(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}
