//! Which region of a target takes a call. A second region is a target of its own, `bank@second`: under the same policy
//! it has its own connections, breaker, budget and counters, so that what happens to the main region closes nothing
//! there. A call stays with its region through all of its attempts.
//!
//! Nothing of it is there before a policy shifts something. A call under a shift costs a hash of its order's id; any
//! other costs nothing.

use std::sync::{Arc, OnceLock};

use process::Endpoints;
use resilience::shift::{self, SECOND};
use resilience::{Call, Snapshot};
use tokio::sync::watch;

use crate::client::Connections;
use crate::client::edge::Edge;
use crate::context::Ctx;
use crate::metrics::ClientMetrics;

/// A target where it is called.
pub(crate) struct Region {
    pub(crate) connections: Connections,
    edges: Vec<Arc<Edge>>,
}

/// A target, by region.
pub(crate) struct Regions {
    target: &'static str,
    endpoints: watch::Receiver<Arc<Endpoints>>,
    metrics: ClientMetrics,
    main: Region,
    second: OnceLock<Region>,
}

impl Region {
    fn new(
        target: &'static str,
        methods: impl Iterator<Item = &'static str>,
        endpoints: watch::Receiver<Arc<Endpoints>>,
        metrics: &ClientMetrics,
    ) -> Self {
        let edges = methods.map(|method| Arc::new(Edge::new(target, method, metrics))).collect();
        Self { connections: Connections::follow(target, endpoints), edges }
    }

    /// # Panics
    /// When the target was not made with such a method.
    pub(crate) fn edge(&self, method: &str) -> &Arc<Edge> {
        let edge = self.edges.iter().find(|edge| edge.method == method);
        edge.expect("a caller is made with the methods it calls")
    }
}

impl Regions {
    pub(crate) fn new(
        target: &'static str,
        methods: &[&'static str],
        endpoints: watch::Receiver<Arc<Endpoints>>,
        metrics: &ClientMetrics,
    ) -> Self {
        let main = Region::new(target, methods.iter().copied(), endpoints.clone(), metrics);
        Self { target, endpoints, metrics: metrics.clone(), main, second: OnceLock::new() }
    }

    /// Takes the policy in force, which is that of both regions.
    pub(crate) fn configure(&self, policy: &Snapshot) {
        let call = |edge: &Edge| policy.call(self.target, edge.method);
        for edge in &self.main.edges {
            let call = call(edge);
            edge.configure(&call);
            if call.shift.is_some() {
                self.second(policy);
            }
        }
        let Some(second) = self.second.get() else { return };
        for edge in &second.edges {
            let call = call(edge);
            edge.configure(&call);
            let share = call.shift.map_or(0.0, |shift| shift.second);
            for (region, weight) in [("main", 1.0 - share), ("second", share)] {
                self.metrics.shift_weight.with_label_values(&[self.target, edge.method, region]).set(weight);
            }
        }
    }

    /// Where this call goes. What is about no order stays in the main region.
    pub(crate) fn of(&self, call: &Call, ctx: &Ctx) -> &Region {
        let Some(shift) = &call.shift else { return &self.main };
        match ctx.order().map(|order| shift.region(order)) {
            Some(shift::Region::Second) => self.second(ctx.policy()),
            _ => &self.main,
        }
    }

    fn second(&self, policy: &Snapshot) -> &Region {
        self.second.get_or_init(|| {
            // Once in the life of a process.
            let name: &'static str = format!("{}{SECOND}", self.target).leak();
            let methods = self.main.edges.iter().map(|edge| edge.method);
            let region = Region::new(name, methods, self.endpoints.clone(), &self.metrics);
            for edge in &region.edges {
                edge.configure(&policy.call(self.target, edge.method));
            }
            region
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry::trace::SpanContext;
    use resilience::pool::Priority;
    use serde_json::{Value, json};

    fn snapshot(shift: &Value) -> Arc<Snapshot> {
        let calls = json!({"bank.charge": {"shift": shift, "bulkhead": 3}});
        let document = json!({"version": 1, "services": {"payment": {"calls": calls}}});
        Arc::new(Snapshot::of(&resilience::policy::parse(&document).unwrap(), 1, "payment"))
    }

    fn bank() -> (Regions, prometheus::Registry) {
        let registry = prometheus::Registry::new();
        let metrics = ClientMetrics::new(&registry).unwrap();
        let endpoints = watch::channel(Arc::default()).1;
        (Regions::new("bank", &["charge", "lookup"], endpoints, &metrics), registry)
    }

    /// To which target each of so many orders is sent.
    fn targets(bank: &Regions, policy: &Arc<Snapshot>) -> Vec<&'static str> {
        let target = |order: u32| {
            let ctx = Ctx::new(Arc::clone(policy), None, None, SpanContext::NONE, Priority::Normal);
            ctx.concerns(&format!("o7-1-{order}"));
            bank.of(&policy.call("bank", "charge"), &ctx).edge("charge").target
        };
        (0..1_000).map(target).collect()
    }

    fn weights(registry: &prometheus::Registry) -> Vec<f64> {
        let families = registry.gather();
        let family = families.iter().find(|family| family.name() == "lab_shift_weight");
        let metrics = family.map(prometheus::proto::MetricFamily::get_metric).unwrap_or_default();
        metrics.iter().map(|metric| metric.get_gauge().get_value()).collect()
    }

    /// I36.
    #[test]
    fn a_share_goes_to_the_second_region_and_a_weight_of_nothing_ends_it_at_once() {
        let (bank, registry) = bank();
        let off = snapshot(&json!("off"));
        bank.configure(&off);
        assert!(
            bank.second.get().is_none() && weights(&registry).is_empty(),
            "nothing is there before a shift"
        );
        let shifted = snapshot(&json!({"second": 0.2}));
        bank.configure(&shifted);
        let second = targets(&bank, &shifted).iter().filter(|target| **target == "bank@second").count();
        assert!((162..=238).contains(&second), "{second} of 1000, where three sigma are 38");
        assert_eq!(weights(&registry), [0.8, 0.2, 1.0, 0.0], "charge and lookup");
        bank.configure(&off);
        assert!(targets(&bank, &off).iter().all(|target| *target == "bank"));
        assert_eq!(weights(&registry), [1.0, 0.0, 1.0, 0.0]);
    }

    #[test]
    fn what_is_about_no_order_is_not_shifted() {
        let (bank, _registry) = bank();
        let policy = snapshot(&json!({"second": 1}));
        let ctx = Ctx::background(Arc::clone(&policy));
        assert_eq!(bank.of(&policy.call("bank", "charge"), &ctx).edge("charge").target, "bank");
        ctx.concerns("o7-1-1");
        assert_eq!(bank.of(&policy.call("bank", "charge"), &ctx).edge("charge").target, "bank@second");
    }
}
