//! The leases in the cluster: an annotation each on one ConfigMap, which is the guard's alone. They are not on what is hit:
//! one read finds all of them, and what is hit may be deleted.

use serde_json::{Value, json};

use super::cluster::Cluster;
use super::names::LEASE;
use crate::guard::faults::{Failed, Kept};

/// What a key may have behind its prefix's slash.
const LONGEST: usize = 63;

/// Writes a lease; the same id again replaces it.
pub(super) async fn keep(cluster: &Cluster, kept: &Kept) -> Result<(), Failed> {
    let text = serde_json::to_string(kept).expect("a lease is plain data");
    cluster.patch_leases(&json!({"metadata": {"annotations": {key(&kept.id)?: text}}})).await
}

/// Removes a lease; that it is gone is fine.
pub(super) async fn forget(cluster: &Cluster, id: &str) -> Result<(), Failed> {
    cluster.patch_leases(&json!({"metadata": {"annotations": {key(id)?: Value::Null}}})).await
}

/// All leases. One that cannot be read is told and left, for a person: it says what is to be undone.
pub(super) async fn kept(cluster: &Cluster) -> Result<Vec<Kept>, Failed> {
    let all = cluster.leases().await?;
    let mut kept = Vec::new();
    for (key, text) in all.iter().filter(|(key, _)| key.starts_with(LEASE)) {
        match serde_json::from_str(text) {
            Ok(lease) => kept.push(lease),
            Err(error) => tracing::error!(%error, key, "a lease that this guard cannot read"),
        }
    }
    Ok(kept)
}

/// The annotation of a fault.
fn key(id: &str) -> Result<String, Failed> {
    let key = format!("{LEASE}{id}");
    let name = key.rsplit('/').next().unwrap_or_default();
    let last = name.bytes().last().is_some_and(|byte| byte.is_ascii_alphanumeric());
    if name.len() > LONGEST || !last {
        let allowed = LONGEST - (name.len() - id.len());
        return Err(Failed(format!(
            "`{id}` names no annotation of a cluster: at most {allowed} characters, the last a letter or a digit"
        )));
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_a_cluster_cannot_keep_is_refused_before_anything_is_done() {
        assert_eq!(key("slow-bank.2").unwrap(), "firedrill.io/fault-slow-bank.2");
        assert!(key(&"x".repeat(57)).is_ok());
        let refused = key(&"x".repeat(58)).unwrap_err().to_string();
        assert!(refused.contains("at most 57"), "{refused}");
        assert!(key("x-").is_err());
    }
}
