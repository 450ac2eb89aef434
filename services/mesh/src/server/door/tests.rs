//! What the door tells those whom it refuses, and what it counts of them. Without sockets; the machines behind it have
//! tests of their own.

use http::HeaderValue;
use opentelemetry::trace::TraceId;
use process::PolicyRevision;
use prometheus::{IntGauge, Registry};
use serde_json::{Value, json};
use tonic::Code;

use super::*;
use crate::server::Protocol;

struct Payment {
    policy: LivePolicy,
    metrics: ServerMetrics,
    door: Arc<Door>,
    versions: std::cell::Cell<u64>,
}

impl Payment {
    fn new(server: Value) -> Self {
        let policy = LivePolicy::new("payment", IntGauge::new("version", "Version").unwrap());
        let duration = Protocol::grpc(&["Charge", "ListMethods"]).duration().unwrap();
        let metrics = ServerMetrics::new(&Registry::new(), duration).unwrap();
        let door = Door::start(&policy, None, metrics.clone());
        let payment = Self { policy, metrics, door, versions: std::cell::Cell::new(1) };
        payment.set(server);
        payment
    }

    fn set(&self, server: Value) {
        self.versions.set(self.versions.get() + 1);
        let document = json!({"version": 1, "services": {"payment": {"server": server}}});
        assert!(self.policy.swap(&PolicyRevision { version: self.versions.get(), document }));
    }

    fn admit(&self, method: &'static str, class: Class, cohort: u8) -> Result<(), Refused> {
        let standing = Standing::new(class, cohort);
        self.door.admit(Arrival { class: method, standing, trace: TraceId::from_bytes([7; 16]) })
    }

    /// One in each class of ten windows, all of which saw a queue that nobody left.
    fn overload(&self) {
        self.metrics.depth.set(500);
        for number in 0..100_u8 {
            let _ = self.admit("Charge", Class::ALL[usize::from(number % 4)], number / 4 % COHORTS);
        }
    }

    fn limited(&self, method: &str, decision: &str) -> u64 {
        self.metrics.rate_limit.with_label_values(&[POOL, method, decision]).get()
    }
}

const COHORTS: u8 = resilience::shed::COHORTS;

#[tokio::test]
async fn who_is_limited_is_told_when_to_come_again_and_that_nothing_was_done() {
    let payment = Payment::new(json!({"rate_limits": {"Charge": {"rate": 0.5, "burst": 1}}}));
    let refused = payment.admit("Charge", Class::Critical, 0).unwrap_err();
    assert_eq!((refused.reason, refused.status.code()), ("rate_limit", Code::ResourceExhausted));
    let wait = status::retry_after(&refused.status).unwrap();
    assert!((Duration::from_millis(1_500)..=Duration::from_secs(2)).contains(&wait), "{wait:?}");
    assert!(status::surely_not_done(&refused.status));
    assert!(!status::forbids_retry(refused.status.metadata()), "later is allowed");
    assert!(payment.admit("ListMethods", Class::Low, 0).is_ok(), "the limit is the method's own");
    assert_eq!((payment.limited("Charge", "refused"), payment.limited("Charge", "admitted")), (1, 0));
    // What a callee's limit is to us, it is not to our caller.
    assert_eq!(status::retry_after(&status::pass_up(&refused.status)), None);
}

#[tokio::test]
async fn the_limit_of_all_methods_holds_for_each() {
    let payment = Payment::new(json!({"rate_limits": {"*": {"rate": 0.5, "burst": 1}}}));
    assert!(payment.admit("Charge", Class::Critical, 0).is_err());
    assert!(payment.admit("ListMethods", Class::Low, 0).is_err());
    assert_eq!(payment.limited("*", "refused"), 2);
    payment.set(json!({"rate_limits": {"*": "off"}}));
    assert!(payment.admit("Charge", Class::Critical, 0).is_ok());
}

/// Neither limit pays for what the other refuses, and each request is counted once.
#[tokio::test(start_paused = true)]
async fn a_request_that_the_limit_of_all_refuses_takes_nothing_from_its_method_s() {
    let narrow = |rate: f64| json!({"rate": rate, "burst": 1});
    let payment = Payment::new(json!({"rate_limits": {"Charge": narrow(0.01), "*": narrow(1.0)}}));
    tokio::time::advance(Duration::from_secs(100)).await;
    assert!(payment.admit("ListMethods", Class::High, 0).is_ok());
    assert!(payment.admit("Charge", Class::High, 0).is_err(), "the token of all is gone");
    assert_eq!((payment.limited("Charge", "admitted"), payment.limited("*", "refused")), (0, 1));
    tokio::time::advance(Duration::from_secs(1)).await;
    assert!(payment.admit("Charge", Class::High, 0).is_ok(), "its own is still there");
    assert!(payment.admit("Charge", Class::High, 0).is_err());
    tokio::time::advance(Duration::from_secs(1)).await;
    assert!(payment.admit("Charge", Class::High, 0).is_err());
    assert!(payment.admit("ListMethods", Class::High, 0).is_ok(), "nor was that of all spent on it");
    let counted = |word| (payment.limited("Charge", word), payment.limited("*", word));
    assert_eq!((counted("admitted"), counted("refused")), ((1, 2), (2, 1)));
}

#[tokio::test]
async fn shedding_counts_on_the_workers_that_may_run() {
    let payment = Payment::new(json!({"shed": {}}));
    payment.metrics.limit.set(200);
    payment.metrics.slots.store(50, Ordering::Relaxed);
    assert_eq!(payment.door.seen().slots, 50);
}

#[tokio::test]
async fn who_is_shed_must_not_come_again_and_nothing_was_done() {
    let payment = Payment::new(json!({"shed": {"requests": 10}}));
    payment.overload();
    let refused = payment.admit("Charge", Class::Low, COHORTS - 1).unwrap_err();
    assert_eq!((refused.reason, refused.status.code()), ("priority", Code::ResourceExhausted));
    assert!(status::forbids_retry(refused.status.metadata()), "retried sheds are a storm of their own");
    assert!(status::surely_not_done(&refused.status));
    assert_eq!(status::retry_after(&refused.status), None, "an overload is no 429");
    assert!(payment.metrics.shed_level.with_label_values(&[POOL]).get() < 4.0);
}

#[tokio::test]
async fn turned_off_it_lets_all_in_and_has_no_level() {
    let payment = Payment::new(json!({"shed": {"requests": 10}}));
    payment.overload();
    payment.set(json!({}));
    assert!(payment.admit("Charge", Class::Background, 0).is_ok());
    assert!(payment.metrics.shed_level.remove_label_values(&[POOL]).is_err(), "the gauge is gone");
    payment.set(json!({"shed": {}}));
    assert!(payment.admit("Charge", Class::Background, 0).is_ok(), "turned on, it begins open");
}

#[tokio::test]
async fn a_change_of_the_rules_keeps_the_level() {
    let payment = Payment::new(json!({"shed": {"requests": 10}}));
    payment.overload();
    let level = payment.metrics.shed_level.with_label_values(&[POOL]).get();
    payment.set(json!({"shed": {"requests": 1_000, "target": "50ms"}}));
    assert_eq!(payment.metrics.shed_level.with_label_values(&[POOL]).get(), level);
    assert!(payment.admit("Charge", Class::Low, COHORTS - 1).is_err());
}

/// The order is data: in the default order who is shed has used up no token.
#[tokio::test]
async fn what_stands_outside_decides_who_meets_what_stands_inside() {
    let met = |layers: Value| {
        let limits = json!({"Charge": {"rate": 0.5, "burst": 1}});
        let payment =
            Payment::new(json!({"shed": {"requests": 10}, "rate_limits": limits, "layers": layers}));
        payment.overload();
        payment.limited("Charge", "refused")
    };
    assert_eq!(met(json!(["rate_limit", "shed"])), 100);
    assert!(met(json!([])) < 100);
    assert_eq!(met(json!(["shed", "rate_limit"])), met(json!(["rate_limit"])));
}

#[tokio::test]
async fn requests_are_stamped_while_somebody_sheds_and_a_user_stands_alike_in_all_of_his() {
    let payment = Payment::new(json!({"rate_limits": {"Charge": {"rate": 1}}}));
    let of =
        |user: &'static str| HeaderMap::from_iter([(USER.parse().unwrap(), HeaderValue::from_static(user))]);
    assert_eq!(payment.door.stamp(Class::Critical, &of("ann")), None);
    payment.set(json!({"shed": {}}));
    let stamp = |user, class| payment.door.stamp(class, &of(user)).unwrap();
    assert_eq!(stamp("ann", Class::Critical).cohort, stamp("ann", Class::Low).cohort);
    assert_eq!(stamp("ann", Class::High).class, Class::High);
    assert!(payment.door.stamp(Class::Low, &HeaderMap::new()).is_some(), "a user without a name is one, too");
    let users = ["ann", "bob", "eve", "joe", "kim", "lee", "max", "zoe"];
    let cohorts = users.map(|user| stamp(user, Class::Low).cohort);
    assert!(cohorts.iter().any(|cohort| *cohort != cohorts[0]), "{cohorts:?}");
}

#[test]
fn a_standing_that_was_sent_is_the_standing_that_is_read() {
    for class in Class::ALL {
        let standing = Standing::new(class, if class == Class::Background { 0 } else { 13 });
        let sent = HeaderMap::from_iter([(headers::PRIORITY, headers::standing(standing))]);
        assert_eq!(standing_of(&sent), Some(standing));
    }
    assert_eq!(standing_of(&HeaderMap::new()), None);
}
