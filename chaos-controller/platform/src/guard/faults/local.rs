//! The processes of this machine as a ground for faults. What a fault did is undone by dropping what it gave, and the
//! processes die with their guard, so nothing has to be kept.

use std::sync::Arc;

use fault::Effect;

use super::act::{act, impossible};
use super::ground::{Acting, Failed, Ground};
use super::residue;
use super::site::Site;
use crate::guard::fleet::Fleet;
use crate::guard::host::{Boxed, Unknown};

/// The fleet, as a ground.
pub(crate) struct Local(pub(crate) Arc<Fleet>);

impl Ground for Local {
    fn pick<'a>(&'a self, target: &'a str) -> Boxed<'a, Result<Vec<String>, Unknown>> {
        Box::pin(async move { self.0.pick(&[target.to_owned()]) })
    }

    fn impossible<'a>(&'a self, effect: &'a Effect, instances: &'a [String]) -> Boxed<'a, Option<String>> {
        Box::pin(async move { impossible(effect, instances.len()) })
    }

    fn begin(&self, acting: Acting) -> Boxed<'_, Result<Boxed<'static, ()>, Failed>> {
        let Acting { effect, instances, applied, tally, .. } = acting;
        let site = Site::new(Arc::clone(&self.0), instances, applied, tally);
        let acts: Boxed<'static, ()> = Box::pin(async move { act(&effect, site).await });
        Box::pin(async { Ok(acts) })
    }

    fn residue(&self) -> Boxed<'_, Vec<String>> {
        Box::pin(async { residue::residue(&self.0) })
    }
}
