//! Pods as a ground for faults: which of them can be done, to whom, and by which file.

use std::sync::Arc;

use fault::Effect;
use serde_json::{Value, json};

use super::cluster::Cluster;
use super::cut::Cut;
use super::host::Seen;
use super::instance::Instance;
use super::leases;
use super::probe::Probe;
use super::scale::Scaled;
use super::{cut, kill, residue, scale};
use crate::guard::faults::{Acting, Failed, Ground, Kept};
use crate::guard::host::{Boxed, Unknown};

/// What can be done to pods.
const EFFECTS: [&str; 4] = ["kill", "stop", "disconnect", "scale"];

/// The lab's namespace, as a ground.
pub(super) struct Namespace {
    cluster: Arc<Cluster>,
    probe: Arc<dyn Probe>,
}

impl Namespace {
    pub(super) fn new(cluster: Arc<Cluster>, probe: Arc<dyn Probe>) -> Self {
        Self { cluster, probe }
    }

    async fn why_not(&self, effect: &Effect, instances: &[String]) -> Result<Option<String>, Failed> {
        let name = effect.name();
        if !EFFECTS.contains(&name) {
            return Ok(Some(format!(
                "effect.{name}: a cluster has no such thing for pods: allowed are {}",
                EFFECTS.join(", ")
            )));
        }
        let seen = Seen::look(&self.cluster).await?;
        let hit: Vec<&Instance> = seen.pods.iter().filter(|pod| instances.contains(&pod.name)).collect();
        Ok(match effect {
            Effect::Disconnect(_) => {
                hit.iter().find(|pod| !pod.connected).map(|pod| taken(name, &pod.name, "cut off"))
            }
            _ => match hit.iter().find(|pod| pod.books_go_with_it) {
                Some(pod) => Some(format!(
                    "effect.{name}: `{}` keeps its books in an emptyDir, which would go with the pod, and so would money; \
                     give it a volume (deploy/kubernetes/components/persistent), or disconnect it",
                    pod.name
                )),
                None if name == "kill" => None,
                None => scale::why_not(effect, instances, &seen),
            },
        })
    }

    async fn plan(&self, effect: &Effect, instances: &[String]) -> Result<Value, Failed> {
        Ok(match effect {
            Effect::Stop(_) | Effect::Scale(_) => {
                json!(Scaled::plan(effect, instances, &Seen::look(&self.cluster).await?)?)
            }
            Effect::Disconnect(_) => json!(Cut::plan(instances)),
            _ => Value::Null,
        })
    }

    async fn strike(&self, acting: Acting) -> Result<Boxed<'static, ()>, Failed> {
        let cluster = Arc::clone(&self.cluster);
        match acting.effect.clone() {
            Effect::Kill(of) => kill::begin(of, cluster, acting).await,
            Effect::Stop(_) | Effect::Scale(_) => scale::begin(cluster, acting).await,
            Effect::Disconnect(_) => cut::begin(cluster, Arc::clone(&self.probe), acting).await,
            // Refused before they get here.
            other => Err(Failed(format!("effect.{} is not for pods", other.name()))),
        }
    }
}

impl Ground for Namespace {
    fn pick<'a>(&'a self, target: &'a str) -> Boxed<'a, Result<Vec<String>, Unknown>> {
        Box::pin(async move {
            match Seen::look(&self.cluster).await {
                Ok(seen) => seen.pick(target),
                Err(Failed(known)) => Err(Unknown { name: target.to_owned(), known }),
            }
        })
    }

    fn impossible<'a>(&'a self, effect: &'a Effect, instances: &'a [String]) -> Boxed<'a, Option<String>> {
        Box::pin(async move { self.why_not(effect, instances).await.unwrap_or_else(|failed| Some(failed.0)) })
    }

    fn prepare<'a>(
        &'a self,
        effect: &'a Effect,
        instances: &'a [String],
    ) -> Boxed<'a, Result<Value, Failed>> {
        Box::pin(self.plan(effect, instances))
    }

    fn begin(&self, acting: Acting) -> Boxed<'_, Result<Boxed<'static, ()>, Failed>> {
        Box::pin(self.strike(acting))
    }

    fn undo<'a>(&'a self, kept: &'a Kept) -> Boxed<'a, Result<(), Failed>> {
        Box::pin(async move {
            match kept.spec.effect {
                Effect::Stop(_) | Effect::Scale(_) => scale::undo(&self.cluster, &kept.undo).await,
                Effect::Disconnect(_) => cut::undo(&self.cluster, &kept.undo).await,
                _ => Ok(()),
            }
        })
    }

    fn keep<'a>(&'a self, kept: &'a Kept) -> Boxed<'a, Result<(), Failed>> {
        Box::pin(leases::keep(&self.cluster, kept))
    }

    fn forget<'a>(&'a self, kept: &'a Kept) -> Boxed<'a, Result<(), Failed>> {
        Box::pin(leases::forget(&self.cluster, &kept.id))
    }

    fn kept(&self) -> Boxed<'_, Result<Vec<Kept>, Failed>> {
        Box::pin(leases::kept(&self.cluster))
    }

    fn residue(&self) -> Boxed<'_, Vec<String>> {
        Box::pin(residue::residue(&self.cluster))
    }
}

/// Two faults of one kind on one thing would undo each other.
pub(super) fn taken(effect: &str, what: &str, how: &str) -> String {
    format!(
        "effect.{effect}: {what} is {how} by a fault already; see `firedrill fault list`, or `fault clear` it"
    )
}
