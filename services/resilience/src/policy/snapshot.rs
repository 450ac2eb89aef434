//! What the document comes to for one service: every field concrete, every default filled in.
//!
//! A service swaps its snapshot in one step and pins it to a request when a worker starts it, so that no
//! request sees two versions. State (windows, tokens, permits) lives outside, with the state machines.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::call::CallPolicy;
use super::document::{Document, ServicePolicy};
use super::server::{Cancel, ServerLayer, ServerPolicy};
use super::setting::{Setting, Switch};
use super::span::Span;
use super::{row, topology};
use crate::balance::{Balance, Choice};
use crate::breaker::BreakerPolicy;
use crate::concurrency::Concurrency;
use crate::deadline::Deadline;
use crate::fallback::{Fallback, PENDING_CALL, STALE_CALLS, STALE_FOR};
use crate::hedge::Hedge;
use crate::layers::{Layer, Stack};
use crate::outlier::Outlier;
use crate::pool::Queue;
use crate::rate_limit::RateLimit;
use crate::retry::RetryPolicy;
use crate::shed::Shed;
use crate::shift::Shift;
use crate::throttle::Throttle;

/// The policies of one service at one version of the document.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The version of the document, as the controller counts them; 0 before the first.
    pub version: u64,
    pub service: String,
    pub server: Server,
    /// The edge deadline of a user's request; only ever set for the frontend.
    pub deadline: Option<Duration>,
    /// Only ever set for order.
    pub settler: Option<SettlerRate>,
    /// Whether any service sheds by priority: only then are requests stamped where they come in.
    pub stamps: bool,
    /// Whether any call of the shop may be answered with something old: only then is it looked for.
    pub may_be_stale: bool,
    calls: BTreeMap<&'static str, BTreeMap<&'static str, Arc<Call>>>,
    other: Arc<Call>,
    flags: BTreeMap<String, Switch>,
}

/// The worker pool of a service.
#[derive(Clone, Debug, PartialEq)]
pub struct Server {
    pub workers: u32,
    pub queue: Queue,
    pub cancel: Cancel,
    /// None = all workers may run.
    pub concurrency: Option<Concurrency>,
    /// Workers a method may hold at most; a method that is not listed may hold them all.
    pub bulkheads: BTreeMap<String, u32>,
    pub deadline: Deadline,
    /// How long a request may take from its arrival, whatever deadline it came with; only ever set for the frontend.
    pub patience: Option<Duration>,
    pub shed: Option<Shed>,
    /// By method; `*` = all together.
    pub rate_limits: BTreeMap<String, RateLimit>,
    /// The order of what stands before the queue, each layer once.
    pub layers: Vec<ServerLayer>,
}

/// One kind of call, by target and method.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    pub attempt_timeout: Option<Duration>,
    pub total_timeout: Option<Duration>,
    pub retry: RetryPolicy,
    pub breaker: Option<BreakerPolicy>,
    /// Calls open at once, at most.
    pub bulkhead: Option<u32>,
    pub concurrency: Option<Concurrency>,
    pub throttle: Option<Throttle>,
    pub balance: Balance,
    pub outlier: Option<Outlier>,
    /// Only ever set for a call that changes nothing.
    pub hedge: Option<Hedge>,
    pub idempotency: bool,
    pub fallback_pending: bool,
    /// How old an answer may be that is given instead; none = a failure stays one.
    pub stale: Option<Duration>,
    /// The callee is told of the timeouts.
    pub propagate: bool,
    /// Only ever set for a target that can have a second region.
    pub shift: Option<Shift>,
    /// False = the kill switch is thrown: fail without calling.
    pub enabled: bool,
    /// The callee begins no work with less than this left of the deadline, so that nothing is sent then.
    pub floor: Duration,
    /// As written; [`Call::stack`] is what it comes to.
    pub layers: Vec<Layer>,
    /// The layers that are on.
    pub stack: Stack,
}

/// Charges the settler may settle per second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SettlerRate {
    pub rate: f64,
}

impl Snapshot {
    /// The policies of `service`. The document is taken as checked: a name in it that no service has is
    /// never looked up.
    pub fn of(document: &Document, version: u64, service: &str) -> Snapshot {
        let json = document.written();
        let row: ServicePolicy = read(row::service(json, service));
        let mut calls: BTreeMap<&'static str, BTreeMap<&'static str, Arc<Call>>> = BTreeMap::new();
        for (target, method) in topology::calls(service) {
            let key = format!("{target}.{method}");
            let mut policy: CallPolicy = read(row::call(json, service, &key));
            // A fallback in a `*` row reaches only the calls that it is for.
            policy.fallback = policy.fallback.filter(|fallback| suits(*fallback, &key));
            // A default in a `*` row must not make a charge twice.
            policy.hedge = policy.hedge.filter(|_| topology::is_read(target, method));
            policy.shift = policy.shift.filter(|_| topology::has_regions(target));
            let call = Call { floor: floor_of(json, target), ..Call::of(&policy) };
            calls.entry(target).or_default().insert(method, Arc::new(call));
        }
        // A default in the `*` row must not reach the services that the policy is not for.
        let deadline = row.deadline.filter(|_| service == "frontend").and_then(time);
        Snapshot {
            version,
            service: service.to_owned(),
            server: Server { patience: deadline, ..Server::of(&row.server.unwrap_or_default()) },
            deadline,
            settler: match row.settler {
                Some(Setting::On(settler)) if service == "order" => Some(SettlerRate { rate: settler.rate }),
                _ => None,
            },
            stamps: stamps(document),
            may_be_stale: may_be_stale(document),
            calls,
            other: Arc::new(Call::of(&CallPolicy {
                hedge: None,
                fallback: None,
                ..read(row::call(json, service, topology::ANY))
            })),
            flags: document.flags.clone(),
        }
    }

    /// The policy of a call; of an edge that the shop does not have, what `*` says.
    pub fn call(&self, target: &str, method: &str) -> Arc<Call> {
        let known = self.calls.get(target).and_then(|methods| methods.get(method));
        Arc::clone(known.unwrap_or(&self.other))
    }

    /// The calls this service makes, as (target, method, policy).
    pub fn calls(&self) -> impl Iterator<Item = (&'static str, &'static str, &Arc<Call>)> {
        self.calls
            .iter()
            .flat_map(|(target, methods)| methods.iter().map(|(method, call)| (*target, *method, call)))
    }

    /// Whether a feature is on; one that the document does not name is.
    pub fn flag(&self, name: &str) -> bool {
        self.flags.get(name).is_none_or(|switch| switch.is_on())
    }
}

impl Server {
    fn of(policy: &ServerPolicy) -> Server {
        Server {
            workers: policy.workers.unwrap_or(200),
            queue: policy.queue.unwrap_or_default(),
            cancel: policy.cancel.unwrap_or_default(),
            concurrency: on(&policy.concurrency).copied(),
            bulkheads: policy.bulkheads.clone(),
            deadline: policy.deadline.unwrap_or_default(),
            patience: None,
            shed: on(&policy.shed).copied(),
            rate_limits: policy
                .rate_limits
                .iter()
                .filter_map(|(method, limit)| Some((method.clone(), limit.on()?.filled())))
                .collect(),
            layers: ServerLayer::in_order(policy.layers.as_deref().unwrap_or_default()),
        }
    }
}

impl Default for Server {
    fn default() -> Server {
        Server::of(&ServerPolicy::default())
    }
}

impl Call {
    fn of(policy: &CallPolicy) -> Call {
        let call = Call {
            attempt_timeout: policy.attempt_timeout.and_then(time),
            total_timeout: policy.total_timeout.and_then(time),
            retry: policy.retry.clone().unwrap_or_default(),
            breaker: on(&policy.breaker).map(BreakerPolicy::in_force),
            bulkhead: on(&policy.bulkhead).copied(),
            concurrency: on(&policy.concurrency).copied(),
            throttle: on(&policy.throttle).copied(),
            balance: policy.balance.clone().unwrap_or_default(),
            outlier: on(&policy.outlier).cloned(),
            hedge: on(&policy.hedge).cloned(),
            idempotency: policy.idempotency.is_some_and(Switch::is_on),
            fallback_pending: on(&policy.fallback) == Some(&Fallback::Pending),
            stale: (on(&policy.fallback) == Some(&Fallback::Stale))
                .then(|| policy.stale_for.map_or(STALE_FOR, Span::get)),
            propagate: policy.propagate.is_some_and(Switch::is_on),
            shift: on(&policy.shift).copied(),
            enabled: policy.enabled.is_none_or(Switch::is_on),
            floor: Duration::ZERO,
            layers: policy.layers.clone().unwrap_or_default(),
            stack: Stack::default(),
        };
        Call { stack: Stack::of(&call, &call.layers), ..call }
    }

    /// Whether a layer has anything to do.
    pub(crate) fn has(&self, layer: Layer) -> bool {
        match layer {
            Layer::TotalTimeout => self.total_timeout.is_some(),
            Layer::Retry => self.retry.max_retries > 0,
            Layer::Breaker => self.breaker.is_some(),
            Layer::Bulkhead => self.bulkhead.is_some(),
            Layer::AttemptTimeout => self.attempt_timeout.is_some(),
            Layer::Concurrency => self.concurrency.is_some(),
            Layer::Throttle => self.throttle.is_some(),
            Layer::Hedge => self.hedge.is_some(),
            // In turn is what the connections do by themselves; a hedge must know where the first attempt went.
            Layer::Balance => {
                self.outlier.is_some() || self.hedge.is_some() || self.balance.choice == Choice::P2c
            }
            Layer::Fallback => self.stale.is_some(),
        }
    }
}

impl Default for Call {
    fn default() -> Call {
        Call::of(&CallPolicy::default())
    }
}

/// The least time that a service begins any work with; zero of who is not ours.
fn floor_of(document: &Value, service: &str) -> Duration {
    let server: ServerPolicy = match row::service(document, service).get("server") {
        Some(server) if topology::is_service(service) => read(server.clone()),
        _ => return Duration::ZERO,
    };
    server.deadline.unwrap_or_default().floor()
}

fn suits(fallback: Setting<Fallback>, key: &str) -> bool {
    match fallback {
        Setting::Off => true,
        Setting::On(Fallback::Pending) => key == PENDING_CALL,
        Setting::On(Fallback::Stale) => STALE_CALLS.contains(&key),
    }
}

fn stamps(document: &Document) -> bool {
    let servers = document.services.values().filter_map(|row| row.server.as_ref());
    servers.into_iter().any(|server| on(&server.shed).is_some())
}

fn may_be_stale(document: &Document) -> bool {
    let mut calls = document.services.values().flat_map(|row| row.calls.values());
    calls.any(|call| on(&call.fallback) == Some(&Fallback::Stale))
}

fn on<T>(setting: &Option<Setting<T>>) -> Option<&T> {
    setting.as_ref().and_then(Setting::on)
}

fn time(setting: Setting<Span>) -> Option<Duration> {
    setting.on().map(|span| span.get())
}

/// Rows of a typed document have the shape of the type; laying one over the other keeps it.
fn read<T: DeserializeOwned>(row: Value) -> T {
    serde_json::from_value(row).expect("a row made of rows of a document is a row")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::retry::RetryOn;
    use serde_json::json;

    fn snapshot(services: Value, service: &str) -> Snapshot {
        let document = json!({"version": 1, "services": services, "flags": {"checkout": "off"}});
        Snapshot::of(&crate::policy::parse(&document).unwrap(), 7, service)
    }

    #[test]
    fn what_is_not_said_has_its_default() {
        let payment = snapshot(json!({}), "payment");
        assert_eq!((payment.server.workers, payment.server.queue), (200, Queue::default()));
        let charge = payment.call("bank", "charge");
        assert_eq!(*charge, Call::default());
        assert!(charge.enabled && charge.breaker.is_none() && charge.retry.max_retries == 0);
        assert_eq!(charge.retry.on, [RetryOn::Unavailable, RetryOn::Timeout]);
        assert_eq!((payment.flag("checkout"), payment.flag("other")), (false, true));
    }

    #[test]
    fn a_call_knows_the_floor_of_its_callee() {
        let services = json!({"*": {"server": {"deadline": {"floor": "20ms"}}},
            "payment": {"server": {"deadline": {"floor": "120ms"}}},
            "inventory": {"server": {"deadline": {"enforce": "off"}}}});
        let floor = |service: &str, target: &str, method: &str| {
            snapshot(services.clone(), service).call(target, method).floor.as_millis()
        };
        assert_eq!(floor("order", "payment", "Charge"), 120);
        assert_eq!(floor("cart", "order", "Checkout"), 20);
        assert_eq!(floor("order", "inventory", "Reserve"), 0, "it does not look at the deadline");
        assert_eq!(floor("payment", "bank", "charge"), 0, "the bank is not ours");
    }

    #[test]
    fn a_policy_that_is_on_has_the_defaults_of_its_fields() {
        let calls = json!({"bank.charge": {"breaker": {"window": 50}, "retry": {"budget": {}, "backoff": {}, "on": ["timeout"]}}});
        let charge = snapshot(json!({"payment": {"calls": calls}}), "payment").call("bank", "charge");
        let breaker = charge.breaker.unwrap();
        assert_eq!((breaker.window, breaker.minimum(), breaker.half_open_calls), (50, 50, 10));
        assert_eq!(charge.retry.budget.on().unwrap().ratio, 0.2);
        assert_eq!(charge.retry.backoff.on().unwrap().cap, Span::seconds(10));
        assert_eq!(charge.retry.on, [RetryOn::Timeout]);
    }

    #[test]
    fn a_default_reaches_only_the_services_that_it_is_for() {
        let services = json!({"*": {"deadline": "10s", "settler": {"rate": 600}, "calls": {"*": {"attempt_timeout": "1s"}}},
            "payment": {"calls": {"bank.charge": {"attempt_timeout": "off"}}}});
        assert_eq!(snapshot(services.clone(), "frontend").deadline, Some(Duration::from_secs(10)));
        let order = snapshot(services.clone(), "order");
        assert_eq!((order.deadline, order.settler), (None, Some(SettlerRate { rate: 600.0 })));
        assert_eq!(order.call("payment", "Charge").attempt_timeout, Some(Duration::from_secs(1)));
        let payment = snapshot(services, "payment");
        assert_eq!(payment.settler, None);
        assert_eq!(payment.call("bank", "charge").attempt_timeout, None);
        assert_eq!(payment.call("nobody", "knows").attempt_timeout, Some(Duration::from_secs(1)));
    }

    #[test]
    fn a_hedge_that_everybody_is_given_reaches_only_reads() {
        let payment =
            snapshot(json!({"*": {"calls": {"*": {"hedge": {"max_extra_share": 0.1}}}}}), "payment");
        assert_eq!(payment.call("bank", "lookup").hedge.as_ref().unwrap().max_extra_share, 0.1);
        assert_eq!(
            (&payment.call("bank", "charge").hedge, &payment.call("nobody", "knows").hedge),
            (&None, &None)
        );
    }

    #[test]
    fn what_is_in_force_is_a_row_that_comes_to_the_same() {
        let server = json!({"workers": 9, "bulkheads": {"Charge": 5}, "concurrency": {"max": 90},
            "queue": {"wait": "2s", "order": "lifo", "codel": {"target": "20ms"}},
            "deadline": {"enforce": "queued", "floor": "120ms", "expected": "on"}, "shed": {"up": 0.1},
            "rate_limits": {"Charge": {"rate": 3}}, "layers": ["rate_limit", "shed"]});
        let call = json!({"bulkhead": 3, "concurrency": {"algorithm": "vegas", "window": "50ms"}, "throttle": {"k": 1.5},
            "shift": {"second": 0.2}, "balance": {"choice": "p2c", "failure_penalty": "off"}, "outlier": {"failure_rate": 0.3},
            "idempotency": "on", "enabled": "off", "breaker": {"state": "forced_open"}});
        let lookup = json!({"hedge": {"after": "50ms"}});
        let row = json!({"server": server, "calls": {"bank.charge": call, "bank.lookup": lookup}});
        let first = snapshot(json!({"payment": row}), "payment");
        let again = snapshot(json!({"payment": first.in_force()}), "payment");
        assert_eq!(first.server, again.server);
        for (target, method, call) in first.calls() {
            assert_eq!(*call, again.call(target, method));
        }
    }
}
