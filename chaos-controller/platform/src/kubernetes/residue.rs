//! What faults leave behind if they leave anything, looked for in the cluster itself: policies, marks, leases.

use super::cluster::Cluster;
use super::host::Seen;
use super::names::{BEFORE, CONNECTED, LEASE, LEASES};
use crate::guard::faults::Failed;

/// Everything that is not as it was; empty is clean.
pub(super) async fn residue(cluster: &Cluster) -> Vec<String> {
    // A question that was not answered is no clean answer.
    look(cluster).await.unwrap_or_else(|failed| vec![format!("nobody could look: {failed}")])
}

async fn look(cluster: &Cluster) -> Result<Vec<String>, Failed> {
    let seen = Seen::look(cluster).await?;
    let mut found = Vec::new();
    for set in &seen.sets {
        if let Some(before) = set.before {
            let (service, now) = (&set.service, set.wanted);
            found.push(format!("statefulset `{service}` has {now} of {before} instances ({BEFORE})"));
        }
    }
    let cut = seen.pods.iter().filter(|pod| !pod.connected);
    found.extend(cut.map(|pod| format!("pod `{}` is marked as cut off ({CONNECTED})", pod.name)));
    let policies = cluster.policies().await?;
    found.extend(policies.into_iter().map(|name| format!("networkpolicy `{name}` cuts pods off")));
    let leases = cluster.leases().await?;
    let leases = leases.into_keys().filter_map(|key| Some(key.strip_prefix(LEASE)?.to_owned()));
    found.extend(leases.map(|id| format!("a lease of fault `{id}` is kept on configmap `{LEASES}`")));
    Ok(found)
}
