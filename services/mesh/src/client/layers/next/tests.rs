//! What a callee is told of the time that it has: by whom, and what it makes of it in turn.

use bytes::Bytes;
use h2::{RecvStream, server};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, Response};
use opentelemetry::trace::SpanContext;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanProcessor};
use process::{Endpoints, Instance};
use prometheus::Registry;
use resilience::pool::Priority;
use resilience::{Snapshot, policy};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

use super::*;
use crate::headers;
use crate::metrics::ClientMetrics;

const MS: Duration = Duration::from_millis(1);

#[derive(Debug)]
struct Nowhere;

impl SpanProcessor for Nowhere {
    fn on_start(&self, _: &mut opentelemetry_sdk::trace::Span, _: &opentelemetry::Context) {}

    fn on_end(&self, _: SpanData) {}

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

/// What a call of order's to payment needs, under a policy of order's row.
struct Bench {
    edge: Arc<Edge>,
    connections: Connections,
    recorder: Recorder,
    policy: Arc<Snapshot>,
    call: Arc<Call>,
    template: Template,
}

impl Bench {
    fn new(order: &Value, endpoints: Endpoints) -> Self {
        let document = json!({"version": 1, "services": {"order": order}});
        let policy = Snapshot::of(&policy::parse(&document).unwrap(), 1, "order");
        Self {
            edge: Arc::new(Edge::new("payment", "Charge", &ClientMetrics::new(&Registry::new()).unwrap())),
            connections: Connections::follow("payment", watch::channel(Arc::new(endpoints)).1),
            recorder: Recorder::into(Nowhere),
            call: policy.call("payment", "Charge"),
            policy: Arc::new(policy),
            template: Template {
                method: Method::POST,
                path: PathAndQuery::from_static("/Charge"),
                headers: HeaderMap::new(),
                body: Bytes::new(),
            },
        }
    }

    /// The context of a request that has so long.
    fn ctx(&self, left: Option<Duration>) -> Ctx {
        let deadline = left.map(|left| Instant::now() + left);
        Ctx::new(Arc::clone(&self.policy), deadline, None, SpanContext::NONE, Priority::Normal)
    }

    fn exchange<'a>(&'a self, ctx: &'a Ctx) -> Exchange<'a> {
        Exchange {
            edge: &self.edge,
            connections: &self.connections,
            recorder: &self.recorder,
            policy: &self.call,
            template: &self.template,
            ctx,
        }
    }

    /// What the next hop reads of what this one tells it.
    fn tells(&self, ctx: &Ctx) -> Option<Duration> {
        let exchange = self.exchange(ctx);
        let told = Next::new(&exchange).told()?;
        let headers = HeaderMap::from_iter([(headers::GRPC_TIMEOUT, headers::grpc_timeout(told))]);
        headers::parse_grpc_timeout(&headers)
    }
}

/// I1.
#[tokio::test(start_paused = true)]
async fn each_hop_has_what_the_hops_before_it_left_and_never_more() {
    for enforce in ["all", "queued", "off"] {
        let bench = Bench::new(&json!({"server": {"deadline": {"enforce": enforce}}}), Endpoints::new());
        let mut has = 1_000 * MS;
        let mut passed = Duration::ZERO;
        for cost in [50, 120, 30] {
            let ctx = bench.ctx(Some(has));
            tokio::time::advance(cost * MS).await;
            passed += cost * MS;
            let told = bench.tells(&ctx).unwrap();
            assert!(told < has, "{told:?} of {has:?}");
            assert!(told <= 1_000 * MS - passed, "{told:?} after {passed:?}");
            assert!((1_000 * MS - passed).saturating_sub(told) <= 2 * MS, "{told:?} after {passed:?}");
            has = told;
        }
    }
    let nobody_said = Bench::new(&json!({}), Endpoints::new());
    assert_eq!(nobody_said.tells(&nobody_said.ctx(None)), None);
}

/// Who does not enforce the deadline is not cut by it in its own calls, and hands it on to whoever does.
#[tokio::test(start_paused = true)]
async fn a_deadline_that_is_not_enforced_here_still_travels() {
    let bench = Bench::new(&json!({"server": {"deadline": {"enforce": "queued"}}}), Endpoints::new());
    let ctx = bench.ctx(Some(100 * MS));
    tokio::time::advance(150 * MS).await;
    assert_eq!((ctx.remaining(), bench.tells(&ctx)), (None, Some(Duration::ZERO)));
}

/// A payment that answers 503 after 100 ms, and sends what it was told.
async fn refusing() -> (Endpoints, mpsc::UnboundedReceiver<Option<Duration>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (tell, told) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut peer: server::Connection<_, Bytes> =
            server::handshake(listener.accept().await.unwrap().0).await.unwrap();
        while let Some(Ok((request, mut respond))) = peer.accept().await {
            let request: http::Request<RecvStream> = request;
            tell.send(headers::parse_grpc_timeout(request.headers())).unwrap();
            tokio::spawn(async move {
                tokio::time::sleep(100 * MS).await;
                let mut answer = Response::new(());
                answer.headers_mut().insert("grpc-status", HeaderValue::from_static("14"));
                let _ = respond.send_response(answer, true);
            });
        }
    });
    let instance = Instance { name: "payment-0".to_owned(), address };
    (Endpoints::from([("payment".to_owned(), vec![instance])]), told)
}

/// What each attempt of a call told its callee.
async fn attempts(call: &Value, left: Option<Duration>) -> Vec<Option<Duration>> {
    let (endpoints, mut told) = refusing().await;
    let bench = Bench::new(&json!({"calls": {"payment.Charge": call}}), endpoints);
    bench.edge.configure(&bench.call);
    let ctx = bench.ctx(left);
    let exchange = bench.exchange(&ctx);
    Next::new(&exchange).run().await.unwrap_err();
    let mut all = Vec::new();
    while let Ok(one) = told.try_recv() {
        all.push(one);
    }
    all
}

/// Through all the layers, on a real connection and a real clock: so only that it is never more.
#[tokio::test]
async fn with_propagate_each_attempt_tells_the_nearest_of_its_three_ends() {
    let timers = json!({"attempt_timeout": "1.9s", "total_timeout": "2s", "retry": {"max_retries": 2}});
    let mut propagate = timers.clone();
    propagate["propagate"] = json!("on");

    let told = attempts(&propagate, None).await;
    let told: Vec<_> = told.into_iter().map(|told| told.expect("it is told")).collect();
    assert_eq!(told.len(), 3);
    for (told, most) in told.iter().zip([1_900, 1_900, 1_800]) {
        assert!(*told <= most * MS && *told > 500 * MS, "{told:?} of {most} ms");
    }
    let under_deadline = attempts(&propagate, Some(1_850 * MS)).await;
    for (told, most) in under_deadline.iter().zip([1_850, 1_750, 1_650]) {
        assert!(told.is_some_and(|told| told <= most * MS), "{told:?} of {most} ms");
    }
    assert_eq!(
        attempts(&timers, None).await,
        [None; 3],
        "as long as it is off, only the request's own travels"
    );
    let own = attempts(&timers, Some(10_000 * MS)).await;
    assert!(own.iter().all(|told| told.is_some_and(|told| told > 9_000 * MS)), "{own:?}");
}
