//! What the span of a request says whose caller leaves before a worker has it. Without sockets: a request that is
//! offered by hand, to one worker that never ends.

use std::collections::BTreeMap;
use std::future::pending;

use http::HeaderMap;
use opentelemetry::trace::Status as Ending;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanProcessor};
use process::PolicyRevision;
use prometheus::{IntGauge, Registry};
use resilience::pool::Priority;
use serde_json::json;
use tokio::sync::oneshot;
use tonic::body::Body as Grpc;

use super::*;

#[derive(Debug, Clone, Default)]
struct Ended(Arc<Mutex<Vec<SpanData>>>);

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

/// A service with one worker, which the first request keeps.
struct Shop {
    policy: LivePolicy,
    ended: Ended,
    offer: Box<dyn Fn() -> (Admitted, oneshot::Receiver<Response<Grpc>>)>,
}

impl Shop {
    fn new(cancel: &str) -> Self {
        let policy = LivePolicy::new("payment", IntGauge::new("version", "Version").unwrap());
        let ended = Ended::default();
        let handler =
            tower::service_fn(|_: Request<Full<Bytes>>| pending::<Result<Response<Grpc>, Infallible>>());
        let protocol = Protocol::grpc(&["Charge"]);
        let metrics = ServerMetrics::new(&Registry::new(), protocol.duration().unwrap()).unwrap();
        let recorder = Recorder::into(ended.clone());
        let workers = Workers::start(policy.clone(), recorder, handler, protocol, metrics);
        let offer = Box::new(move || {
            let (reply, answer) = oneshot::channel();
            let job = Job {
                head: Request::new(()).into_parts().0,
                body: Bytes::new(),
                class: "Charge",
                priority: Priority::Normal,
                deadline: None,
                user_deadline: None,
                span: workers.recorder().server("Charge", &HeaderMap::new()),
                reply,
            };
            (workers.offer(Box::new(job)), answer)
        });
        let shop = Self { policy, ended, offer };
        shop.set(2, cancel, 1);
        shop
    }

    fn set(&self, version: u64, cancel: &str, workers: u32) {
        let document = json!({
            "version": 1,
            "services": {"payment": {"server": {"workers": workers, "cancel": cancel}}},
        });
        assert!(self.policy.swap(&PolicyRevision { version, document }));
    }

    /// The one span that ended: its attributes, its events, how it ended.
    fn only(&self) -> (BTreeMap<String, String>, usize, Ending) {
        let ended = self.ended.0.lock().unwrap();
        let [span] = &ended[..] else { panic!("{} spans ended", ended.len()) };
        let attributes = span.attributes.iter();
        let attributes = attributes.map(|pair| (pair.key.to_string(), pair.value.to_string())).collect();
        (attributes, span.events.len(), span.status.clone())
    }

    fn waited_and_was_left(&self, version: &str) {
        let (attributes, events, ending) = self.only();
        let waited: f64 = attributes["queue.wait_ms"].parse().unwrap();
        assert!(waited >= 0.0, "{waited} ms");
        assert_eq!((attributes["policy.version"].as_str(), events), (version, 0), "no worker began it");
        assert_eq!(ending, Ending::error("the caller has left"));
    }
}

#[tokio::test]
async fn whoever_leaves_the_queue_leaves_a_span_that_says_how_long_it_waited() {
    let shop = Shop::new("queued");
    let (_busy, _answer) = (shop.offer)();
    let (Admitted::Queued(place), answer) = (shop.offer)() else { panic!("a worker too many") };
    drop((place, answer));
    shop.waited_and_was_left("2");
}

#[tokio::test]
async fn whoever_left_before_the_policy_said_so_is_told_of_too() {
    let shop = Shop::new("off");
    let (_busy, _answer) = (shop.offer)();
    let (Admitted::Queued(place), answer) = (shop.offer)() else { panic!("a worker too many") };
    drop((place, answer));
    assert!(shop.ended.0.lock().unwrap().is_empty(), "it stays in the queue");
    shop.set(3, "queued", 1);
    shop.waited_and_was_left("3");
}
