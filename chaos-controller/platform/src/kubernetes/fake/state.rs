//! What the cluster holds, and what its own controllers make of it. They are asked to do their work whenever somebody
//! looks, on the clock of the test.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use kube::Client;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::api;
use super::network::Engine;
use super::objects::{pod, policies, running, set};
use super::role::{Asked, Role};
use crate::kubernetes::cluster::Cluster;
use crate::kubernetes::names::LEASES;

/// Until the container of a new pod runs.
const STARTS_IN: Duration = Duration::from_millis(700);
/// A process drains so long, whatever grace it has.
const DRAINS_IN: Duration = Duration::from_millis(1_500);

/// A cluster.
pub(in crate::kubernetes) struct Fake {
    state: Mutex<State>,
}

/// What it holds.
pub(super) struct State {
    pub(super) role: Role,
    pub(super) asked: Vec<Asked>,
    pub(super) engine: Engine,
    /// By resource and name.
    pub(super) objects: BTreeMap<(String, String), Value>,
    /// A node that does not answer removes no pod.
    pub(super) node_answers: bool,
    /// When pods are gone, and when they run.
    dying: BTreeMap<String, Instant>,
    starting: BTreeMap<String, (Instant, u32)>,
    made: u32,
}

impl Fake {
    /// A lab of `payment` (two of them), `cart` and `order`.
    pub(in crate::kubernetes) fn new(engine: Engine) -> Arc<Self> {
        let mut objects = BTreeMap::new();
        for (service, replicas) in [("payment", 2), ("cart", 1), ("order", 1)] {
            objects.insert(("statefulsets".to_owned(), service.to_owned()), set(service, replicas));
        }
        for policy in policies() {
            let name = policy["metadata"]["name"].as_str().unwrap().to_owned();
            objects.insert(("networkpolicies".to_owned(), name), policy);
        }
        let leases = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": LEASES}});
        objects.insert(("configmaps".to_owned(), LEASES.to_owned()), leases);
        let state = State {
            role: Role::shipped(),
            asked: Vec::new(),
            engine,
            objects,
            node_answers: true,
            dying: BTreeMap::new(),
            starting: BTreeMap::new(),
            made: 0,
        };
        Arc::new(Self { state: Mutex::new(state) })
    }

    /// A client of it, once its pods run.
    pub(in crate::kubernetes) async fn cluster(self: &Arc<Self>) -> Arc<Cluster> {
        drop(self.state());
        tokio::time::sleep(STARTS_IN).await;
        Arc::new(Cluster::new(Client::new(api::router(Arc::clone(self)), "firedrill")))
    }

    pub(in crate::kubernetes) fn object(&self, resource: &str, name: &str) -> Value {
        let key = (resource.to_owned(), name.to_owned());
        self.state().objects.get(&key).cloned().unwrap_or(Value::Null)
    }

    pub(in crate::kubernetes) fn change(&self, resource: &str, name: &str, patch: &Value) {
        let key = (resource.to_owned(), name.to_owned());
        super::objects::merge(self.state().objects.get_mut(&key).unwrap(), patch);
    }

    pub(in crate::kubernetes) fn remove(&self, resource: &str, name: &str) {
        self.state().objects.remove(&(resource.to_owned(), name.to_owned()));
    }

    pub(in crate::kubernetes) fn node_is_dead(&self) {
        self.state().node_answers = false;
    }

    /// What the Role lists, and nobody asked for.
    pub(in crate::kubernetes) fn idle(&self) -> Vec<String> {
        let state = self.state();
        state.role.idle(&state.asked)
    }

    /// What was asked for with this verb and resource, by name.
    pub(in crate::kubernetes) fn asked(&self, verb: &str, resource: &str) -> Vec<String> {
        let state = self.state();
        let of_it = state.asked.iter().filter(|asked| asked.verb == verb && asked.resource == resource);
        of_it.filter_map(|asked| asked.name.clone()).collect()
    }

    /// The state as it is by now.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap();
        state.settle();
        state
    }
}

impl State {
    /// A pod is told to go. Without any grace it is forgotten at once, whatever its node does.
    pub(super) fn delete_pod(&mut self, name: &str, grace: Duration) {
        if grace.is_zero() {
            self.objects.remove(&("pods".to_owned(), name.to_owned()));
            return;
        }
        if let Some(pod) = self.objects.get_mut(&("pods".to_owned(), name.to_owned())) {
            pod["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
            self.dying.entry(name.to_owned()).or_insert(Instant::now() + grace.min(DRAINS_IN));
        }
    }

    /// A container with another image is another container.
    pub(super) fn replace_container(&mut self, name: &str) {
        self.made += 1;
        let made = self.made;
        let pod = self.objects.get_mut(&("pods".to_owned(), name.to_owned())).unwrap();
        let uid = pod["metadata"]["uid"].as_str().unwrap().trim_start_matches("uid-").parse().unwrap();
        pod["status"] = running(uid, made, 1);
    }

    /// Nodes and controllers do what they have to.
    fn settle(&mut self) {
        let now = Instant::now();
        if self.node_answers {
            let gone: Vec<String> =
                self.dying.iter().filter(|(_, at)| **at <= now).map(|(name, _)| name.clone()).collect();
            for name in gone {
                self.dying.remove(&name);
                self.objects.remove(&("pods".to_owned(), name));
            }
        }
        let sets: Vec<Value> = self.of("statefulsets").cloned().collect();
        for set in &sets {
            let service = set["metadata"]["name"].as_str().unwrap();
            let replicas = set["spec"]["replicas"].as_u64().unwrap();
            let wanted: Vec<String> = (0..replicas).map(|number| format!("{service}-{number}")).collect();
            let there: Vec<String> = self
                .of("pods")
                .filter(|pod| pod["metadata"]["labels"]["app.kubernetes.io/name"] == service)
                .map(|pod| pod["metadata"]["name"].as_str().unwrap().to_owned())
                .collect();
            for name in there.iter().filter(|name| !wanted.contains(name)) {
                self.delete_pod(name, DRAINS_IN);
            }
            for name in wanted.into_iter().filter(|name| !there.contains(name)) {
                self.made += 1;
                self.starting.insert(name.clone(), (now + STARTS_IN, self.made));
                self.objects.insert(("pods".to_owned(), name.clone()), pod(set, &name, self.made));
            }
        }
        let up: Vec<(String, u32)> = self
            .starting
            .iter()
            .filter(|(_, (at, _))| *at <= now)
            .map(|(name, (_, uid))| (name.clone(), *uid))
            .collect();
        for (name, uid) in up {
            self.starting.remove(&name);
            if let Some(pod) = self.objects.get_mut(&("pods".to_owned(), name)) {
                pod["status"] = running(uid, uid, 0);
            }
        }
    }

    pub(super) fn of(&self, resource: &str) -> impl Iterator<Item = &Value> {
        self.objects.iter().filter(move |((kind, _), _)| kind == resource).map(|(_, object)| object)
    }
}
