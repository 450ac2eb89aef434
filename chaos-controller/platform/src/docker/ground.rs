//! The containers of a lab as a ground for faults. What undoes a fault is written into the book before it acts.

use std::collections::BTreeMap;
use std::sync::Arc;

use fault::Effect;
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::book::Was;
use super::faults::{self, Site, scale};
use super::host::Platform;
use super::residue::residue;
use crate::guard::faults::{Acting, Failed, Ground, Kept};
use crate::guard::host::{Boxed, HostError, Unknown};

/// The lab, as a ground.
pub(super) struct Containers(pub(super) Arc<Platform>);

/// What undoes a fault: how the containers were that it touches, and how many a service had that it scales.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Undo {
    was: BTreeMap<String, Was>,
    count: Option<u32>,
}

impl Containers {
    async fn prepare_undo(&self, effect: &Effect, instances: &[String]) -> Result<Undo, Failed> {
        let mut undo = Undo::default();
        for instance in instances {
            if let Some(container) = self.0.engine.of(instance).await? {
                undo.was.insert(instance.clone(), self.0.book.was(&container)?);
            }
        }
        if let Effect::Scale(_) = effect {
            let count = self.0.count(&scale::service_of(instances)).await;
            undo.count = Some(count.map_err(|error| Failed(error.to_string()))?);
        }
        Ok(undo)
    }

    async fn undo_all(&self, kept: &Kept) -> Result<(), Failed> {
        let undo: Undo = serde_json::from_value(kept.undo.clone()).map_err(|error| Failed::of(&error))?;
        if let Some(count) = undo.count {
            return scale::bring(&self.0, &scale::service_of(&kept.instances), count).await;
        }
        let undone = join_all(undo.was.iter().map(|(instance, was)| async move {
            match self.0.engine.of(instance).await? {
                Some(container) => faults::undo(&kept.spec.effect, &self.0, &container, was).await,
                // Its container is gone, and everything that was done to it.
                None => Ok(()),
            }
        }));
        // All are tried, before one that failed is told.
        undone.await.into_iter().collect()
    }
}

impl Ground for Containers {
    fn pick<'a>(&'a self, target: &'a str) -> Boxed<'a, Result<Vec<String>, Unknown>> {
        Box::pin(async move {
            match self.0.names(&[target.to_owned()]).await {
                Ok(found) => Ok(found.into_iter().map(|name| name.instance).collect()),
                Err(HostError::Unknown(unknown)) => Err(unknown),
                Err(error) => Err(Unknown { name: target.to_owned(), known: format!("(unknown: {error})") }),
            }
        })
    }

    fn impossible<'a>(&'a self, effect: &'a Effect, instances: &'a [String]) -> Boxed<'a, Option<String>> {
        Box::pin(async move {
            // An engine that does not answer says so when the fault begins.
            if let Effect::Scale(_) = effect {
                let service = scale::service_of(instances);
                let same = |kept: &&Kept| {
                    matches!(kept.spec.effect, Effect::Scale(_))
                        && kept.instances.iter().any(|name| instances.contains(name))
                };
                if let Some(first) = self.0.book.leases().iter().find(same) {
                    // Two could not be undone in any order: each would bring back what the other left.
                    let id = &first.id;
                    return Some(format!(
                        "effect.scale: `{service}` is scaled by the fault `{id}`: clear that first"
                    ));
                }
                let whole = self.0.names(std::slice::from_ref(&service)).await.map_or(0, |all| all.len());
                return (whole > instances.len())
                    .then(|| format!("effect.scale is of a service: allowed as target is `{service}`"));
            }
            let hit = self.0.find(instances).await.unwrap_or_default();
            hit.iter().find_map(|container| faults::impossible(effect, container))
        })
    }

    fn prepare<'a>(
        &'a self,
        effect: &'a Effect,
        instances: &'a [String],
    ) -> Boxed<'a, Result<Value, Failed>> {
        Box::pin(async move {
            let undo = self.prepare_undo(effect, instances).await?;
            Ok(serde_json::to_value(undo).expect("what undoes a fault is plain data"))
        })
    }

    fn begin(&self, acting: Acting) -> Boxed<'_, Result<Boxed<'static, ()>, Failed>> {
        let Acting { effect, instances, applied, tally, .. } = acting;
        let site = Site { platform: Arc::clone(&self.0), instances, applied, tally };
        Box::pin(async move { faults::begin(&effect, site).await })
    }

    fn undo<'a>(&'a self, kept: &'a Kept) -> Boxed<'a, Result<(), Failed>> {
        Box::pin(self.undo_all(kept))
    }

    fn keep<'a>(&'a self, kept: &'a Kept) -> Boxed<'a, Result<(), Failed>> {
        Box::pin(async move { self.0.book.keep(kept) })
    }

    fn forget<'a>(&'a self, kept: &'a Kept) -> Boxed<'a, Result<(), Failed>> {
        Box::pin(async move { self.0.book.forget(&kept.id) })
    }

    fn kept(&self) -> Boxed<'_, Result<Vec<Kept>, Failed>> {
        Box::pin(async { Ok(self.0.book.leases()) })
    }

    fn residue(&self) -> Boxed<'_, Vec<String>> {
        Box::pin(async {
            match self.0.engine.containers().await {
                Ok(all) => all
                    .iter()
                    .flat_map(|container| {
                        let was = self.0.book.before(&container.id);
                        residue(container, was.as_ref(), self.0.book.is_parked(&container.instance))
                    })
                    .collect(),
                // Nobody looked, so nobody can say that it is clean.
                Err(error) => vec![format!("the engine does not tell what is left: {error}")],
            }
        })
    }
}
