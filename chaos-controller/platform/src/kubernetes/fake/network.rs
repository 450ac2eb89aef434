//! The network of the cluster: who gets through to a pod, by the policies that there are and the engine that reads them.

use std::sync::Arc;

use super::objects::selects;
use super::state::{Fake, State};
use crate::guard::host::Boxed;
use crate::kubernetes::probe::{Line, Probe};

/// Who reads the policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::kubernetes) enum Engine {
    /// Nobody.
    Absent,
    /// Somebody who looks at connections when they are made.
    NewOnly,
    /// Somebody who looks at every packet.
    Whole,
}

struct Standing {
    fake: Arc<Fake>,
    address: String,
}

impl Probe for Arc<Fake> {
    fn open<'a>(&'a self, address: &'a str) -> Boxed<'a, Option<Box<dyn Line>>> {
        Box::pin(async move {
            let line = Standing { fake: Self::clone(self), address: address.to_owned() };
            self.state().lets_in(address, true).then(|| Box::new(line) as Box<dyn Line>)
        })
    }
}

impl Line for Standing {
    fn answers(&mut self) -> Boxed<'_, bool> {
        Box::pin(async { self.fake.state().lets_in(&self.address, false) })
    }
}

impl State {
    fn lets_in(&self, address: &str, new: bool) -> bool {
        let Some(pod) = self.of("pods").find(|pod| pod["status"]["podIP"] == address) else { return false };
        let blind = self.engine == Engine::Absent || (self.engine == Engine::NewOnly && !new);
        let mut of_it = self
            .of("networkpolicies")
            .filter(|policy| selects(&policy["spec"]["podSelector"], pod))
            .peekable();
        let free = of_it.peek().is_none();
        let allowed =
            of_it.any(|policy| policy["spec"]["ingress"].as_array().is_some_and(|rules| !rules.is_empty()));
        blind || free || allowed
    }
}
