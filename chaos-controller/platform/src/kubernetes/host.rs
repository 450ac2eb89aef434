//! The processes of a lab as pods: states, restarts, sizes.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::cluster::Cluster;
use super::instance::Instance;
use super::names::BEFORE;
use super::restart::{restart, seconds};
use super::set::Set;
use super::wait::until;
use crate::guard::faults::Failed;
use crate::guard::heard::Heard;
use crate::guard::host::{Boxed, Host, HostError, Unknown};
use crate::spec::{ProcessState, SignalName};

/// A lab in a cluster stays without a controller; this is only what is told of one that is silent.
const CONTROLLER_GRACE: Duration = Duration::from_secs(60);

/// The grace of the manifests: a process drains for three seconds.
const DRAINS_FOR: Duration = Duration::from_secs(15);

/// The lab's namespace, as a host.
pub(super) struct Pods {
    cluster: Arc<Cluster>,
    heard: Heard,
}

/// Pods, and the StatefulSets that say which there should be.
pub(super) struct Seen {
    pub(super) sets: Vec<Set>,
    pub(super) pods: Vec<Instance>,
}

impl Pods {
    pub(super) fn new(cluster: Arc<Cluster>) -> Self {
        Self { cluster, heard: Heard::new(CONTROLLER_GRACE) }
    }

    async fn processes(&self) -> Result<Vec<ProcessState>, Failed> {
        let seen = Seen::look(&self.cluster).await?;
        let mut states: Vec<ProcessState> = seen.pods.iter().map(Instance::process).collect();
        for set in &seen.sets {
            let absent = set.instances().filter(|name| seen.pods.iter().all(|pod| pod.name != *name));
            states.extend(absent.map(|instance| ProcessState {
                instance,
                service: set.service.clone(),
                state: "waiting".into(),
                ..ProcessState::default()
            }));
        }
        states.sort_by(|one, other| one.instance.cmp(&other.instance));
        Ok(states)
    }

    async fn picked(&self, targets: &[String]) -> Result<Vec<Instance>, HostError> {
        let seen = Seen::look(&self.cluster).await?;
        let mut names = Vec::new();
        for target in targets {
            let more =
                seen.pick(target)?.into_iter().filter(|name| !names.contains(name)).collect::<Vec<_>>();
            names.extend(more);
        }
        Ok(seen.pods.into_iter().filter(|pod| names.contains(&pod.name)).collect())
    }

    async fn resize(&self, service: &str, count: u32) -> Result<Vec<String>, HostError> {
        let seen = Seen::look(&self.cluster).await?;
        let unknown = || seen.unknown(service);
        let set = seen.sets.iter().find(|set| set.service == service).ok_or_else(unknown)?;
        if set.before.is_some() {
            // A fault has it: what was asked for comes when the fault ends.
            let later = json!({"metadata": {"annotations": {BEFORE: count.to_string()}}});
            self.cluster.patch_set(service, &later).await?;
            return Ok(set.instances().collect());
        }
        let keeping = seen.pods.iter().filter(|pod| pod.service == service && pod.books_go_with_it).count();
        if (count as usize) < keeping {
            let why = format!("`{service}` keeps its books in an emptyDir, which would go with it");
            return Err(HostError::Failed(why));
        }
        self.cluster.patch_set(service, &json!({"spec": {"replicas": count}})).await?;
        let wanted: Vec<String> = Set { wanted: count, ..set.clone() }.instances().collect();
        until(|| async {
            let pods = self.cluster.instances().await?;
            let ours = pods.iter().filter(|pod| pod.service == service);
            if let Some(left) = ours.clone().find(|pod| !wanted.contains(&pod.name)) {
                return Ok(Some(format!("{} has not ended", left.name)));
            }
            let missing =
                wanted.iter().find(|name| !ours.clone().any(|pod| pod.name == **name && pod.is_up()));
            Ok(missing.map(|name| format!("{name} does not run")))
        })
        .await?;
        Ok(wanted)
    }

    async fn end(&self, targets: &[String], signal: SignalName) -> Result<Vec<String>, HostError> {
        let grace = match signal {
            SignalName::Kill => Duration::ZERO,
            SignalName::Terminate => DRAINS_FOR,
            SignalName::Freeze | SignalName::Thaw => {
                return Err(HostError::NotHere("a pod cannot be frozen; there are kill and terminate"));
            }
        };
        let mut hit = Vec::new();
        for pod in self.picked(targets).await?.into_iter().filter(Instance::is_up) {
            if pod.books_go_with_it {
                let why = format!("`{}` keeps its books in an emptyDir, which would go with it", pod.name);
                return Err(HostError::Failed(why));
            }
            if self.cluster.delete(&pod, seconds(grace)).await? {
                hit.push(pod.name);
            }
        }
        Ok(hit)
    }
}

impl Host for Pods {
    fn states(&self, _pss: bool) -> Boxed<'_, Vec<ProcessState>> {
        Box::pin(async {
            let mut states = self.processes().await.unwrap_or_else(|error| {
                tracing::warn!(%error, "the pods are not known");
                Vec::new()
            });
            let (instance, state) = ("guard".to_owned(), "up".to_owned());
            let guard =
                ProcessState { service: instance.clone(), instance, state, ..ProcessState::default() };
            states.push(guard);
            states
        })
    }

    fn restart<'a>(
        &'a self,
        targets: &'a [String],
        grace: Duration,
    ) -> Boxed<'a, Result<Vec<String>, HostError>> {
        Box::pin(async move {
            let pods = self.picked(targets).await?;
            restart(&self.cluster, &pods, grace).await?;
            Ok(pods.into_iter().map(|pod| pod.name).collect())
        })
    }

    /// Those that go have the grace of their manifest.
    fn scale<'a>(
        &'a self,
        service: &'a str,
        count: u32,
        _grace: Duration,
    ) -> Boxed<'a, Result<Vec<String>, HostError>> {
        Box::pin(self.resize(service, count))
    }

    fn signal<'a>(
        &'a self,
        targets: &'a [String],
        signal: SignalName,
    ) -> Boxed<'a, Result<Vec<String>, HostError>> {
        Box::pin(self.end(targets, signal))
    }

    fn down(&self) -> Boxed<'_, Result<(), HostError>> {
        Box::pin(async {
            Err(HostError::NotHere(
                "the cluster holds this lab: `kubectl delete --kustomize` of its overlay ends it",
            ))
        })
    }

    fn heard(&self) -> &Heard {
        &self.heard
    }
}

impl Seen {
    pub(super) async fn look(cluster: &Cluster) -> Result<Self, Failed> {
        Ok(Self { sets: cluster.sets().await?, pods: cluster.instances().await? })
    }

    /// The instances that a name stands for: those of a service, or one.
    pub(super) fn pick(&self, target: &str) -> Result<Vec<String>, Unknown> {
        if let Some(set) = self.sets.iter().find(|set| set.service == target) {
            return Ok(set.instances().collect());
        }
        let known = self.sets.iter().flat_map(Set::instances).find(|name| name == target);
        known.map(|name| vec![name]).ok_or_else(|| self.unknown(target))
    }

    fn unknown(&self, name: &str) -> Unknown {
        let known: Vec<String> = self.sets.iter().flat_map(Set::instances).collect();
        Unknown { name: name.to_owned(), known: known.join(", ") }
    }
}
