//! What a service's serving and calling sides share: one per process.

use std::sync::Arc;

use process::{Membership, Process};
use prometheus::{IntCounter, IntGauge, Registry};
use resilience::fallback::Fallback;
use tokio_util::sync::CancellationToken;

use crate::client::{Caller, GrpcCaller};
use crate::metrics::ClientMetrics;
use crate::policy::LivePolicy;
use crate::trace::Recorder;

/// The mesh side of a process: its live policy, its peers, its counters.
/// Cheap to clone.
#[derive(Clone)]
pub struct Mesh {
    shared: Arc<Shared>,
}

struct Shared {
    policy: LivePolicy,
    membership: Membership,
    registry: Registry,
    recorder: Recorder,
    stop: CancellationToken,
    client: ClientMetrics,
}

impl Mesh {
    /// Starts to follow the controller's policy.
    ///
    /// # Errors
    /// When a metric of ours is registered already.
    pub fn start(process: &Process) -> prometheus::Result<Self> {
        let version = IntGauge::new("lab_policy_version", "Version of the policy in force in this process")?;
        process.registry.register(Box::new(version.clone()))?;
        let policy = LivePolicy::new(&process.identity.service, version);
        tokio::spawn(policy.clone().follow(process.membership.clone()));
        Ok(Self {
            shared: Arc::new(Shared {
                policy,
                membership: process.membership.clone(),
                registry: process.registry.clone(),
                recorder: Recorder::of(process),
                stop: process.stop.clone(),
                client: ClientMetrics::new(&process.registry)?,
            }),
        })
    }

    /// The policy in force.
    #[must_use]
    pub fn policy(&self) -> &LivePolicy {
        &self.shared.policy
    }

    /// Calls `target` over HTTP; `methods` names its kinds of call.
    #[must_use]
    pub fn http(&self, target: &'static str, methods: &[&'static str]) -> Caller {
        Caller::new(target, methods, self.shared.membership.endpoints(), self.clone())
    }

    /// Calls `target` over gRPC: what tonic's generated clients send through.
    #[must_use]
    pub fn grpc(&self, target: &'static str, methods: &[&'static str]) -> GrpcCaller {
        GrpcCaller(self.http(target, methods))
    }

    /// Counts an answer that was given without the callee, by a handler of the service.
    #[must_use]
    pub fn fallbacks(&self, target: &str, method: &str, kind: Fallback) -> IntCounter {
        self.shared.client.fallbacks.with_label_values(&[target, method, kind.name()])
    }

    pub(crate) fn registry(&self) -> &Registry {
        &self.shared.registry
    }

    pub(crate) fn membership(&self) -> &Membership {
        &self.shared.membership
    }

    pub(crate) fn recorder(&self) -> &Recorder {
        &self.shared.recorder
    }

    pub(crate) fn stop(&self) -> &CancellationToken {
        &self.shared.stop
    }

    pub(crate) fn client_metrics(&self) -> &ClientMetrics {
        &self.shared.client
    }
}
