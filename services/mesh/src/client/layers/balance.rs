//! Chooses the instance that an attempt goes to, among those that are not ejected, and tells balancer and ejector how
//! it went. In the stack only while a policy has an opinion: else the connections take turns.
//!
//! Costs a lock before and after each attempt, and a list of the instances' names.

use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use resilience::Call;
use resilience::balance::{Balancer, Ended};
use resilience::layers::Layer;

use super::outlier::{self, Ejecting};
use super::{Exchange, Next};
use crate::client::connection::{Peer, Peers};
use crate::client::edge::Edge;
use crate::client::{Answer, Failure};

pub(super) async fn layer(next: Next<'_>) -> Result<Answer, Failure> {
    let Some(visit) = next.call.edge.instances.visit(next.call, next.tried) else {
        return next.run().await;
    };
    let result = Next { peer: Some(&visit.peer), ..next }.run().await;
    visit.end(&result);
    result
}

/// The instances that attempts of one call have gone to: the next should go elsewhere.
#[derive(Default)]
pub(crate) struct Tried(Mutex<Vec<Peer>>);

impl Tried {
    fn peers(&self) -> MutexGuard<'_, Vec<Peer>> {
        self.0.lock().expect("no panic while a name is noted")
    }
}

/// The instances of a target, as one edge sees them.
#[derive(Default)]
pub(crate) struct Instances {
    seen: Mutex<Option<Seen>>,
}

struct Seen {
    balancer: Balancer,
    ejecting: Option<Ejecting>,
    /// Those that balancer and ejector have been told of.
    met: Option<Peers>,
}

impl Instances {
    pub(crate) fn configure(&self, edge: &Edge, call: &Call) {
        let mut held = self.seen();
        if !call.stack.has(Layer::Balance) {
            *held = None;
            outlier::hide(edge);
            return;
        }
        let seen = held.get_or_insert_with(|| Seen {
            balancer: Balancer::new(&call.balance),
            ejecting: None,
            met: None,
        });
        seen.balancer.configure(&call.balance);
        match (&mut seen.ejecting, &call.outlier) {
            (Some(ejecting), Some(rules)) => ejecting.configure(rules),
            (ejecting, Some(rules)) => {
                *ejecting = Some(Ejecting::new(rules, edge));
                seen.met = None;
            }
            (ejecting, None) => {
                *ejecting = None;
                outlier::hide(edge);
            }
        }
    }

    /// Where to go, and begins to go there; none if there is nobody, or no policy that chooses any more.
    fn visit<'a>(&'a self, call: &Exchange<'a>, tried: Option<&Tried>) -> Option<Visit<'a>> {
        let edge = call.edge;
        let now = edge.now();
        let mut held = self.seen();
        let seen = held.as_mut()?;
        let peers = call.connections.peers();
        seen.meet(&peers, edge, now);
        let place = seen.choose(&peers, edge, tried, now)?;
        let peer = peers.at(place);
        seen.balancer.begin(peer.name(), now);
        drop(held);
        if let Some(tried) = tried {
            tried.peers().push(peer.clone());
        }
        Some(Visit { edge, peer, began: now, end: (Ended::Dropped, outlier::Outcome::Ignored) })
    }

    fn seen(&self) -> MutexGuard<'_, Option<Seen>> {
        self.seen.lock().expect("no panic in a balancer's arithmetic")
    }
}

impl Seen {
    /// Tells the machines who came and who went.
    fn meet(&mut self, peers: &Peers, edge: &Edge, now: Duration) {
        if self.met.as_ref().is_some_and(|met| met.are(peers)) {
            return;
        }
        self.balancer.meet(peers.names(), now);
        if let Some(ejecting) = &mut self.ejecting {
            ejecting.meet(peers.names(), edge, now);
        }
        self.met = Some(peers.clone());
    }

    /// The place of the chosen one. If all are ejected the attempt goes to any: nobody is left to protect.
    fn choose(&mut self, peers: &Peers, edge: &Edge, tried: Option<&Tried>, now: Duration) -> Option<usize> {
        let mut among: Vec<(usize, &str)> = peers.names().enumerate().collect();
        if let Some(ejecting) = &mut self.ejecting {
            ejecting.sweep(edge, now);
            narrow(&mut among, |name| ejecting.lets(name));
        }
        if let Some(tried) = tried {
            let tried = tried.peers();
            narrow(&mut among, |name| tried.iter().all(|peer| peer.name() != name));
        }
        let names: Vec<&str> = among.iter().map(|(_, name)| *name).collect();
        let chosen = self.balancer.pick(&names, [edge.draw(), edge.draw()], now)?;
        Some(among[chosen].0)
    }
}

/// Keeps those that fit, unless none does.
fn narrow(among: &mut Vec<(usize, &str)>, fits: impl Fn(&str) -> bool) {
    if among.iter().any(|(_, name)| fits(name)) {
        among.retain(|(_, name)| fits(name));
    }
}

/// One attempt at one instance. Dropped without a word it says nothing of it.
struct Visit<'a> {
    edge: &'a Edge,
    peer: Peer,
    began: Duration,
    end: (Ended, outlier::Outcome),
}

impl Visit<'_> {
    fn end(mut self, result: &Result<Answer, Failure>) {
        self.end = match result {
            Ok(_) => (Ended::Answered, outlier::Outcome::Answered),
            Err(failure) => (ended(failure), outlier::outcome(failure)),
        };
    }
}

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        let (edge, name) = (self.edge, self.peer.name());
        let now = edge.now();
        let mut held = edge.instances.seen();
        let Some(seen) = held.as_mut() else { return };
        seen.balancer.end(name, self.began, now, self.end.0);
        if let Some(ejecting) = &mut seen.ejecting {
            ejecting.record(edge, name, self.began, now, self.end.1);
        }
    }
}

fn ended(failure: &Failure) -> Ended {
    match outlier::outcome(failure) {
        outlier::Outcome::Answered => Ended::Answered,
        outlier::Outcome::Failed => Ended::Failed(failure.for_retry().retry_after),
        // One that says "too much" works, but has no need of more.
        outlier::Outcome::Ignored if failure.is_the_callees() => {
            Ended::Failed(failure.for_retry().retry_after)
        }
        outlier::Outcome::Ignored => Ended::Dropped,
    }
}

#[cfg(test)]
mod tests;
