//! The policy in force, swapped whole.
//!
//! A request reads it once, when a worker starts it. Machines with state
//! (pools, breakers) are told of every new version before it is reported as
//! applied, so that "applied" means what it says.

use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;
use process::{Membership, PolicyRevision};
use prometheus::IntGauge;
use resilience::{Snapshot, policy};

type Hook = Box<dyn Fn(&Snapshot) + Send>;

/// The policy of this process, as it is right now. Cheap to clone.
#[derive(Clone)]
pub struct LivePolicy {
    shared: Arc<Shared>,
}

struct Shared {
    service: String,
    current: ArcSwap<Snapshot>,
    hooks: Mutex<Vec<Hook>>,
    version: IntGauge,
}

impl LivePolicy {
    pub(crate) fn new(service: &str, version: IntGauge) -> Self {
        let empty = policy::parse(&serde_json::json!({"version": 1})).expect("a document may say nothing");
        let nothing = Snapshot::of(&empty, 0, service);
        Self {
            shared: Arc::new(Shared {
                service: service.to_owned(),
                current: ArcSwap::from_pointee(nothing),
                hooks: Mutex::default(),
                version,
            }),
        }
    }

    /// The policy in force.
    #[must_use]
    pub fn load(&self) -> Arc<Snapshot> {
        self.shared.current.load_full()
    }

    /// Has `hook` called with the policy in force, now and at every change.
    pub fn on_change(&self, hook: impl Fn(&Snapshot) + Send + 'static) {
        hook(&self.load());
        self.shared.hooks.lock().expect("no panic in a policy hook").push(Box::new(hook));
    }

    /// Follows the controller's policy for as long as the process lives.
    pub(crate) async fn follow(self, membership: Membership) {
        let mut revisions = membership.policy();
        loop {
            let revision = Arc::clone(&revisions.borrow_and_update());
            if revision.version > 0 && self.swap(&revision) {
                membership.applied(revision.version);
            }
            if revisions.changed().await.is_err() {
                return;
            }
        }
    }

    /// A document that this process cannot read changes nothing: the policy
    /// in force stays, and the controller sees it unapplied.
    pub(crate) fn swap(&self, revision: &PolicyRevision) -> bool {
        let document = match policy::parse(&revision.document) {
            Ok(document) => document,
            Err(problems) => {
                tracing::error!(version = revision.version, ?problems, "policy refused");
                return false;
            }
        };
        let snapshot = Arc::new(Snapshot::of(&document, revision.version, &self.shared.service));
        self.shared.current.store(Arc::clone(&snapshot));
        for hook in self.shared.hooks.lock().expect("no panic in a policy hook").iter() {
            hook(&snapshot);
        }
        self.shared.version.set(i64::try_from(revision.version).unwrap_or(i64::MAX));
        tracing::info!(version = revision.version, "policy applied");
        true
    }
}
