//! What becomes of requests whose callers leave or whose deadlines pass, and what their spans say. Without sockets:
//! requests that are offered by hand, to one worker.

use std::collections::BTreeMap;
use std::future::pending;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Waker};

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
use crate::context::Ctx;

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

type Offered = (Admitted, oneshot::Receiver<Response<Grpc>>);

/// A service with one worker, and what its handler takes for a request; none = for ever.
struct Shop {
    policy: LivePolicy,
    ended: Ended,
    metrics: ServerMetrics,
    /// Offers a request that has so long.
    offer: Box<dyn Fn(Option<Duration>) -> Offered>,
    /// Whether who looks after waiting requests is called and has not come yet.
    woken: Box<dyn Fn() -> bool>,
}

impl Shop {
    fn new(cancel: &str) -> Self {
        let shop = Self::taking(None);
        shop.set(2, cancel, 1);
        shop
    }

    fn taking(work: Option<Duration>) -> Self {
        Self::that(move |_| async move {
            match work {
                Some(work) => tokio::time::sleep(work).await,
                None => pending().await,
            }
        })
    }

    fn that<W: Future<Output = ()> + Send + 'static>(
        work: impl Fn(Ctx) -> W + Clone + Send + Sync + 'static,
    ) -> Self {
        let policy = LivePolicy::new("payment", IntGauge::new("version", "Version").unwrap());
        let ended = Ended::default();
        let handler = tower::service_fn(move |request: Request<Full<Bytes>>| {
            let work = work(request.extensions().get::<Ctx>().unwrap().clone());
            async move {
                work.await;
                Ok::<_, Infallible>(Response::new(Grpc::empty()))
            }
        });
        let protocol = Protocol::grpc(&["Charge"]);
        let metrics = ServerMetrics::new(&Registry::new(), protocol.duration().unwrap()).unwrap();
        let recorder = Recorder::into(ended.clone());
        let workers = Workers::start(policy.clone(), recorder, handler, protocol, metrics.clone());
        let offered = Arc::clone(&workers);
        let woken = Box::new(move || {
            pin!(offered.queued.notified()).poll(&mut Context::from_waker(Waker::noop())).is_ready()
        });
        let offer = Box::new(move |left: Option<Duration>| {
            let (reply, answer) = oneshot::channel();
            let job = Job {
                head: Request::new(()).into_parts().0,
                body: Bytes::new(),
                class: "Charge",
                priority: Priority::Normal,
                deadline: left.map(|left| Instant::now() + left),
                user_deadline: None,
                span: workers.recorder().server("Charge", &HeaderMap::new()),
                reply,
            };
            (workers.offer(Box::new(job)), answer)
        });
        Self { policy, ended, metrics, offer, woken }
    }

    fn set(&self, version: u64, cancel: &str, workers: u32) {
        self.set_server(version, &json!({"workers": workers, "cancel": cancel}));
    }

    fn set_server(&self, version: u64, server: &serde_json::Value) {
        let document = json!({"version": 1, "services": {"payment": {"server": server}}});
        assert!(self.policy.swap(&PolicyRevision { version, document }));
    }

    fn shed(&self, reason: &str) -> u64 {
        self.metrics.shed.with_label_values(&["main", reason, "normal"]).get()
    }

    fn expired(&self, stage: &str) -> u64 {
        self.metrics.deadline_expired.with_label_values(&[stage]).get()
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
    let (_busy, _answer) = (shop.offer)(None);
    let (Admitted::Queued(place), answer) = (shop.offer)(None) else { panic!("a worker too many") };
    drop((place, answer));
    shop.waited_and_was_left("2");
}

#[tokio::test]
async fn whoever_left_before_the_policy_said_so_is_told_of_too() {
    let shop = Shop::new("off");
    let (_busy, _answer) = (shop.offer)(None);
    let (Admitted::Queued(place), answer) = (shop.offer)(None) else { panic!("a worker too many") };
    drop((place, answer));
    assert!(shop.ended.0.lock().unwrap().is_empty(), "it stays in the queue");
    shop.set(3, "queued", 1);
    shop.waited_and_was_left("3");
}

const MS: Duration = Duration::from_millis(1);

fn code(answer: Result<Response<Grpc>, oneshot::error::RecvError>) -> i32 {
    let answer = answer.expect("it is answered");
    let code = answer.headers().get("grpc-status").map_or("0", |code| code.to_str().unwrap());
    code.parse().unwrap()
}

const TOO_LATE: i32 = tonic::Code::DeadlineExceeded as i32;

/// I3.
#[tokio::test(start_paused = true)]
async fn no_worker_runs_past_the_deadline_unless_the_policy_lets_it() {
    for (enforce, busy_after, expired) in [("all", 0, "run"), ("queued", 1, "reply"), ("off", 1, "reply")] {
        let shop = Shop::taking(Some(30_000 * MS));
        shop.set_server(2, &json!({"workers": 1, "deadline": {"enforce": enforce}}));
        let (_, answer) = (shop.offer)(Some(1_000 * MS));
        tokio::time::sleep(1_050 * MS).await;
        assert_eq!(shop.metrics.busy.get(), busy_after, "{enforce}");
        let answered = code(answer.await);
        assert_eq!(answered == TOO_LATE, enforce == "all");
        tokio::time::sleep(MS).await;
        assert_eq!((shop.metrics.busy.get(), shop.expired(expired)), (0, 1), "{enforce}");
    }
}

/// A call that is cut at the deadline is a failure of its callee, which its breaker must hear of before the work is cut.
#[tokio::test(start_paused = true)]
async fn what_ends_at_the_deadline_within_the_work_ends_before_the_work_does() {
    let ends = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&ends);
    let shop = Shop::that(move |ctx| {
        let count = Arc::clone(&count);
        async move {
            let end = ctx.ends().unwrap();
            assert!(tokio::time::timeout_at(end, pending::<()>()).await.is_err());
            count.fetch_add(1, Ordering::Relaxed);
            pending().await
        }
    });
    for _ in 0..50 {
        assert_eq!(code((shop.offer)(Some(100 * MS)).1.await), TOO_LATE);
    }
    assert_eq!(ends.load(Ordering::Relaxed), 50);
}

/// I3, of a caller that leaves without a deadline.
#[tokio::test(start_paused = true)]
async fn the_work_of_a_caller_who_left_ends_only_if_the_policy_says_so() {
    for (cancel, busy_after) in [("off", 1), ("queued", 1), ("all", 0)] {
        let shop = Shop::taking(Some(30_000 * MS));
        shop.set(2, cancel, 1);
        let (_, answer) = (shop.offer)(None);
        tokio::time::sleep(1_000 * MS).await;
        drop(answer);
        tokio::time::sleep(50 * MS).await;
        assert_eq!(shop.metrics.busy.get(), busy_after, "{cancel}");
        tokio::time::sleep(30_000 * MS).await;
        assert_eq!(shop.metrics.busy.get(), 0, "the full 30 s at most");
        // What is cut off is counted as that, and was not finished for nobody.
        let finished = shop.metrics.abandoned.get();
        assert_eq!(
            (finished, shop.shed("cancelled")),
            if cancel == "all" { (0, 1) } else { (1, 0) },
            "{cancel}"
        );
    }
}

/// I2.
#[tokio::test(start_paused = true)]
async fn work_that_cannot_be_done_in_time_is_answered_unrun_and_counted() {
    let shop = Shop::taking(Some(100 * MS));
    shop.set_server(2, &json!({"workers": 1, "deadline": {"floor": "120ms"}}));
    let (_, first) = (shop.offer)(Some(1_000 * MS));
    let (_, short) = (shop.offer)(Some(219 * MS));
    let (_, passed) = (shop.offer)(Some(90 * MS));
    let (_, long) = (shop.offer)(Some(400 * MS));
    assert_eq!((code(first.await), code(short.await), code(passed.await)), (0, TOO_LATE, TOO_LATE));
    assert_eq!(code(long.await), 0);
    assert_eq!((shop.shed("deadline_floor"), shop.shed("deadline"), shop.expired("queue")), (1, 1, 2));
    // Whatever the floor is, what is left when there is a free worker counts as well.
    let (_, late) = (shop.offer)(Some(119 * MS));
    assert_eq!((code(late.await), shop.shed("deadline_floor")), (TOO_LATE, 2));
    let left = &shop.metrics.deadline_left_at_start;
    assert_eq!(left.get_sample_count(), 5);
    assert_eq!(shop.metrics.queue_wait.get_sample_count(), 2, "nobody else had a worker");
}

#[tokio::test(start_paused = true)]
async fn the_time_that_the_work_takes_is_learned_from_runs_that_ended_well() {
    let shop = Shop::taking(Some(100 * MS));
    shop.set_server(2, &json!({"workers": 1, "deadline": {"expected": "on"}}));
    // These are cut short, again and again, and teach nothing.
    for _ in 0..20 {
        assert_eq!(code((shop.offer)(Some(30 * MS)).1.await), TOO_LATE);
    }
    assert_eq!(shop.shed("deadline_expected"), 0);
    for _ in 0..8 {
        assert_eq!(code((shop.offer)(Some(1_000 * MS)).1.await), 0);
    }
    assert_eq!(code((shop.offer)(Some(99 * MS)).1.await), TOO_LATE, "the probe");
    assert_eq!((shop.shed("deadline_expected"), shop.expired("run")), (0, 21));
    assert_eq!(code((shop.offer)(Some(90 * MS)).1.await), TOO_LATE);
    assert_eq!((shop.shed("deadline_expected"), shop.expired("run")), (1, 21), "and this one never ran");
}

#[tokio::test(start_paused = true)]
async fn what_codel_gives_up_is_answered_and_counted() {
    let shop = Shop::taking(Some(10 * MS));
    shop.set_server(2, &json!({"workers": 1, "queue": {"codel": {}}}));
    let mut answers = Vec::new();
    for _ in 0..200 {
        answers.push((shop.offer)(None).1);
        tokio::time::sleep(5 * MS).await;
    }
    let mut refused = 0;
    for answer in answers {
        match code(answer.await) {
            0 => {}
            other => {
                assert_eq!(other, tonic::Code::ResourceExhausted as i32);
                refused += 1;
            }
        }
    }
    assert_eq!(shop.shed("codel"), refused);
    assert!((50..150).contains(&refused), "{refused} of 200, twice of what it can do");
    assert_eq!(shop.metrics.depth.get(), 0);
}

/// The waiting obey the policy of now: an order that is changed keeps who waits.
#[tokio::test(start_paused = true)]
async fn the_newest_is_served_first_from_the_moment_that_the_policy_says_so() {
    let shop = Shop::taking(Some(10 * MS));
    shop.set_server(2, &json!({"workers": 1}));
    let _first = (shop.offer)(None);
    let old = (shop.offer)(None).1;
    let new = (shop.offer)(None).1;
    shop.set_server(3, &json!({"workers": 1, "queue": {"order": "lifo"}}));
    let began = Instant::now();
    assert_eq!(code(new.await), 0);
    let newest = began.elapsed();
    assert_eq!(code(old.await), 0);
    assert_eq!((newest, began.elapsed()), (20 * MS, 30 * MS));
}

#[tokio::test]
async fn a_learned_limit_holds_workers_back_and_gives_them_back_when_it_is_turned_off() {
    let shop = Shop::new("off");
    let set = |version: u64, concurrency: serde_json::Value| {
        let server = json!({"workers": 10, "concurrency": concurrency});
        let document = json!({"version": 1, "services": {"payment": {"server": server}}});
        assert!(shop.policy.swap(&PolicyRevision { version, document }));
    };
    set(3, json!({"initial": 3}));
    let offers: Vec<_> = (0..6).map(|_| (shop.offer)(None)).collect();
    let queued = offers.iter().filter(|(admitted, _)| matches!(admitted, Admitted::Queued(_))).count();
    assert_eq!((queued, shop.metrics.busy.get()), (3, 3), "three of ten workers run");
    let slots = || shop.metrics.slots.load(Ordering::Relaxed);
    assert_eq!(slots(), 3, "and shedding counts on no more");
    set(4, json!("off"));
    assert_eq!((shop.metrics.busy.get(), slots()), (6, 10));
}

#[tokio::test]
async fn nobody_is_woken_for_waiting_requests_that_may_wait_for_ever() {
    for (wait, woken) in [("off", false), ("1s", true)] {
        let shop = Shop::taking(None);
        shop.set_server(2, &json!({"workers": 1, "queue": {"wait": wait}}));
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        let _offers: Vec<_> = (0..4).map(|_| (shop.offer)(None)).collect();
        assert_eq!((shop.woken)(), woken, "{wait}");
    }
}
