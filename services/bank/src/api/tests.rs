//! Through the router and a real ledger, without sockets. Latencies are in real
//! time, as the timer is, and small.

use super::*;
use crate::faults::Faults;
use crate::flags::Flags;
use crate::ledger::Ledger;
use crate::metrics::Metrics;
use crate::trace::Recorder;
use axum::body::to_bytes;
use axum::http::{Method, Request};
use fault::{Effect, FaultSpec, Latency, Span as Length};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanProcessor};
use serde_json::Value;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;
use tower::ServiceExt as _;

const LATENCY: Duration = Duration::from_millis(3);

struct Lab {
    bank: Arc<Bank>,
    folder: PathBuf,
    ended: Ended,
    registry: prometheus::Registry,
}

/// Names of the spans that ended, with how many attributes each had.
#[derive(Debug, Clone, Default)]
struct Ended(Arc<Mutex<Vec<(String, usize)>>>);

impl SpanProcessor for Ended {
    fn on_start(&self, _: &mut opentelemetry_sdk::trace::Span, _: &opentelemetry::Context) {}

    fn on_end(&self, span: SpanData) {
        self.0.lock().unwrap().push((span.name.into_owned(), span.attributes.len()));
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

impl Lab {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("firedrill-bank-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let (ended, registry) = (Ended::default(), prometheus::Registry::new());
        let tracer = SdkTracerProvider::builder().with_span_processor(ended.clone()).build().tracer("test");
        let bank = Bank {
            flags: Flags {
                latency: LATENCY.into(),
                jitter: 0.0,
                lookup_latency: Length::from_millis(1),
                ..Flags::default()
            },
            faults: Faults::default(),
            ledger: Ledger::open(&folder.join("bank-0.db")).unwrap(),
            metrics: Metrics::new(&registry).unwrap(),
            timer: process::Timer::new().unwrap(),
            seed: Box::new(|| 7),
            recorder: Recorder { tracer, sampling: process::Sampling::default() },
            start: Instant::now(),
        };
        Self { bank: Arc::new(bank), folder, ended, registry }
    }

    fn ended(&self) -> Vec<(String, usize)> {
        self.ended.0.lock().unwrap().clone()
    }

    /// Calls in the histogram of durations.
    fn measured(&self) -> u64 {
        let families = self.registry.gather();
        let durations = families.iter().filter(|family| family.name().ends_with("duration_seconds"));
        durations
            .flat_map(prometheus::proto::MetricFamily::get_metric)
            .map(|metric| metric.get_histogram().get_sample_count())
            .sum()
    }

    async fn ask(&self, request: Request<Body>) -> (u16, Value) {
        self.ask_in(Region::Main, request).await
    }

    async fn ask_in(&self, region: Region, request: Request<Body>) -> (u16, Value) {
        let response = router(Arc::clone(&self.bank), region).oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), LARGEST_BODY).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    async fn lookup(&self, reference: &str) -> Value {
        let request = Request::get(format!("/charges?reference={reference}"));
        let (status, found) = self.ask(request.body(Body::empty()).unwrap()).await;
        assert_eq!(status, 200);
        found["charges"].clone()
    }

    fn apply(&self, effect: Effect) {
        self.bank.faults.apply(self.bank.now(), "f", FaultSpec::new(effect));
    }

    fn fault(&self) -> Value {
        self.bank.faults.get(self.bank.now(), "f").unwrap()
    }

    /// Polls a condition that another task brings about.
    async fn until(&self, what: &str, condition: impl Fn(&Self) -> bool) {
        for _ in 0..2_000 {
            if condition(self) {
                return;
            }
            self.bank.timer.sleep(Duration::from_millis(1)).await;
        }
        panic!("never: {what}; the fault: {}", self.fault());
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn charge_of(reference: &str) -> Request<Body> {
    let body = json!({"reference": reference, "amount_cents": 4200});
    Request::post("/charges").body(Body::from(body.to_string())).unwrap()
}

#[tokio::test]
async fn a_sick_main_region_leaves_the_second_well_and_both_keep_one_book() {
    let lab = Lab::new("regions");
    lab.apply(Effect::Error(fault::Error::new(503)));
    assert_eq!(lab.ask(charge_of("o1")).await.0, 503);
    let (status, charge) = lab.ask_in(Region::Second, charge_of("o1")).await;
    assert_eq!(status, 201);
    assert_eq!(lab.lookup("o1").await, json!([charge]));
    let lines = lab.bank.ledger.lines(0, 10).unwrap();
    assert_eq!(serde_json::to_value(&lines[0]).unwrap()["region"], "second");
    assert_eq!((&lab.fault()["seen"], &lab.fault()["hits"]), (&json!(1), &json!(1)));
}

#[tokio::test]
async fn a_charge_is_answered_after_its_latency_and_found() {
    let lab = Lab::new("charge");
    let start = Instant::now();
    let (status, charge) = lab.ask(charge_of("o1")).await;
    assert!(start.elapsed() >= LATENCY);
    assert_eq!((status, &charge), (201, &json!({"id": "ch_1", "reference": "o1", "amount_cents": 4200})));
    assert_eq!(lab.lookup("o1").await, json!([charge]));
    assert_eq!(lab.lookup("o2").await, json!([]));
}

#[tokio::test]
async fn a_key_is_charged_once() {
    let lab = Lab::new("key");
    let mut ids = Vec::new();
    for _ in 0..2 {
        let mut request = charge_of("o1");
        request.headers_mut().insert("idempotency-key", "o1".parse().unwrap());
        let (status, charge) = lab.ask(request).await;
        assert_eq!(status, 201);
        ids.push(charge["id"].clone());
    }
    assert_eq!(ids[0], ids[1]);
    assert_eq!(lab.lookup("o1").await.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_dry_run_charges_nothing_and_meets_the_faults() {
    let lab = Lab::new("dry");
    let dry = || {
        let body = json!({"reference": "probe-1", "amount_cents": 1, "dry_run": true});
        Request::post("/charges").body(Body::from(body.to_string())).unwrap()
    };
    assert_eq!(lab.ask(dry()).await.0, 200);
    lab.apply(Effect::Error(fault::Error::new(503)));
    assert_eq!(lab.ask(dry()).await.0, 503);
    assert_eq!(lab.lookup("probe-1").await, json!([]));
}

#[tokio::test]
async fn a_dry_run_is_in_no_span_and_no_metric() {
    let lab = Lab::new("unseen");
    lab.apply(Effect::Error(fault::Error::new(503)));
    let body = json!({"reference": "probe-1", "amount_cents": 1, "dry_run": true});
    let dry = Request::post("/charges").body(Body::from(body.to_string())).unwrap();
    assert_eq!(lab.ask(dry).await.0, 503);
    assert_eq!(lab.fault()["hits"], 1, "it met the fault");
    assert_eq!(lab.ask(charge_of("o1")).await.0, 503);
    assert_eq!(lab.lookup("o1").await, json!([]));
    lab.until("both of the shop's calls have ended", |lab| lab.ended().len() >= 2).await;
    // The lookup's trace is not sampled and nothing went wrong: it is not worth describing.
    let [charge, lookup] = [("POST /charges".to_owned(), 2), ("GET /charges".to_owned(), 0)];
    assert_eq!((lab.ended(), lab.measured()), (vec![charge, lookup], 2));
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let lab = Lab::new("refuse");
    for body in [
        "",
        "{}",
        r#"{"reference":"","amount_cents":1}"#,
        r#"{"reference":"o1","amount_cents":0}"#,
        r#"{"reference":"o1","amount_cents":1,"currency":"EUR"}"#,
    ] {
        let (status, answer) = lab.ask(Request::post("/charges").body(Body::from(body)).unwrap()).await;
        assert_eq!(status, 400, "{body}: {answer}");
    }
    let bare = Request::builder().method(Method::GET).uri("/charges").body(Body::empty()).unwrap();
    assert_eq!(lab.ask(bare).await.0, 400);
}

#[tokio::test]
async fn an_injected_latency_replaces_the_banks_own_and_is_measured() {
    let lab = Lab::new("latency");
    lab.apply(Effect::Latency(Latency::Fixed { value: Length::from_millis(8) }));
    let start = Instant::now();
    assert_eq!(lab.ask(charge_of("o1")).await.0, 201);
    assert!(start.elapsed() >= Duration::from_millis(8));
    let fault = lab.fault();
    assert_eq!((&fault["hits"], &fault["delivered"], &fault["in_flight"]), (&json!(1), &json!(1), &json!(0)));
    assert!((fault["requested_ms"]["p50"].as_f64().unwrap() - 8.0).abs() < 0.02);
    assert!(fault["delivered_ms"]["p50"].as_f64().unwrap() >= 8.0);
}

#[tokio::test]
async fn a_caller_who_leaves_undoes_nothing() {
    let lab = Lab::new("leave");
    lab.apply(Effect::Latency(Latency::Fixed { value: Length::from_millis(20) }));
    let call = lab.ask(charge_of("o1"));
    let patience = lab.bank.timer.sleep(Duration::from_millis(2));
    tokio::select! {
        _ = call => panic!("answered early"),
        () = patience => {}
    }
    assert_eq!(lab.lookup("o1").await.as_array().unwrap().len(), 1);
    lab.until("the bank's own work ends", |lab| lab.fault()["in_flight"] == 0).await;
    let fault = lab.fault();
    assert_eq!((&fault["delivered"], &fault["abandoned"]), (&json!(1), &json!(1)));
}

#[tokio::test]
async fn commit_then_fail_charges_and_loses_the_answer() {
    let lab = Lab::new("lost");
    lab.apply(Effect::CommitThenFail(fault::CommitThenFail { status: 502 }));
    let start = Instant::now();
    assert_eq!(lab.ask(charge_of("o1")).await.0, 502);
    assert!(start.elapsed() >= LATENCY);
    assert_eq!(lab.lookup("o1").await.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn an_error_charges_nothing() {
    let lab = Lab::new("error");
    lab.apply(Effect::Error(fault::Error::new(503)));
    assert_eq!(lab.ask(charge_of("o1")).await.0, 503);
    assert_eq!(lab.lookup("o1").await, json!([]));
}

#[tokio::test]
async fn a_hang_ends_when_it_is_let_go() {
    let lab = Lab::new("hang");
    lab.apply(Effect::Hang(fault::Hang {}));
    let clear = async {
        lab.until("the call hangs", |lab| lab.fault()["in_flight"] == 1).await;
        lab.bank.timer.sleep(3 * LATENCY).await;
        lab.bank.faults.clear(lab.bank.now(), "f", true)
    };
    let ((status, _), cleared) = tokio::join!(lab.ask(charge_of("o1")), clear);
    assert_eq!((status, cleared), (201, (true, 1)));
}

#[tokio::test]
async fn a_hung_call_whose_caller_left_is_gone() {
    let lab = Lab::new("gone");
    lab.apply(Effect::Hang(fault::Hang {}));
    let calls = lab.ask(charge_of("o1"));
    let patience = lab.bank.timer.sleep(3 * LATENCY);
    tokio::select! {
        _ = calls => panic!("a hung call was answered"),
        () = patience => {}
    }
    lab.until("the hung call is gone", |lab| lab.fault()["in_flight"] == 0).await;
    assert_eq!(lab.fault()["abandoned"], 1);
}
