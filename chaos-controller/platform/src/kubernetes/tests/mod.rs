//! The guard in a cluster, on a fake of its API: what it does to pods, what it keeps, and that it may.

mod cuts;
mod faults;
mod guards;
mod pods;
mod role;

use std::sync::Arc;
use std::time::Instant;

use fault::{Effect, FaultSpec};
use serde_json::{Map, Value};

use super::fake::{Engine, Fake};
use super::ground::Namespace;
use crate::guard::faults::{Acting, Failed, Ground as _, Kept, Tally};
use crate::guard::host::Boxed;

/// A fault as the books begin it.
struct Begun {
    kept: Kept,
    tally: Tally,
    acts: Boxed<'static, ()>,
}

impl Begun {
    /// Prepared, kept, begun. One that fails is undone.
    async fn begin(ground: &Namespace, id: &str, target: &str, effect: Effect) -> Result<Self, Failed> {
        let instances = ground.pick(target).await.unwrap();
        let undo = ground.prepare(&effect, &instances).await?;
        let spec = FaultSpec::new(effect.clone());
        let kept = Kept {
            id: id.to_owned(),
            target: target.to_owned(),
            spec,
            instances: instances.clone(),
            undo: undo.clone(),
            deadline_unix_ms: 1,
        };
        ground.keep(&kept).await?;
        let tally = Tally::default();
        let acting = Acting { effect, instances, applied: Instant::now(), undo, tally: tally.clone() };
        match ground.begin(acting).await {
            Ok(acts) => Ok(Self { kept, tally, acts }),
            Err(failed) => {
                end(ground, &kept).await;
                Err(failed)
            }
        }
    }

    /// It goes on for so long.
    async fn goes_on(&mut self, seconds: u64) {
        let _ = tokio::time::timeout(std::time::Duration::from_secs(seconds), &mut self.acts).await;
    }

    fn told(&self) -> Map<String, Value> {
        self.tally.summary()
    }
}

async fn end(ground: &Namespace, kept: &Kept) {
    ground.undo(kept).await.unwrap();
    ground.forget(kept).await.unwrap();
}

async fn ground(fake: &Arc<Fake>) -> Namespace {
    Namespace::new(fake.cluster().await, Arc::new(Arc::clone(fake)))
}

async fn lab() -> (Arc<Fake>, Namespace) {
    let fake = Fake::new(Engine::Whole);
    let ground = ground(&fake).await;
    (fake, ground)
}

fn effect(text: Value) -> Effect {
    serde_json::from_value(text).unwrap()
}
