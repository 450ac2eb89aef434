//! What things are called in the cluster. The manifests in `deploy/kubernetes` use the same words.

use std::collections::BTreeMap;

/// The pods of the shop, the bank and the load, and their StatefulSets.
pub(super) const PROCESSES: &str = "app.kubernetes.io/part-of=firedrill,app.kubernetes.io/component=process";
/// The service of a pod.
pub(super) const SERVICE: &str = "app.kubernetes.io/name";
/// The one container of each pod.
pub(super) const CONTAINER: &str = "firedrill";

/// Allow policies select pods by it, so that a pod without it has no connection left. A policy that denies would not do:
/// what any policy allows is allowed.
pub(super) const CONNECTED: &str = "firedrill.io/connected";
/// Given to every pod of a StatefulSet by the cluster.
pub(super) const POD_NAME: &str = "statefulset.kubernetes.io/pod-name";
/// Whose an object is.
pub(super) const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
pub(super) const GUARD: &str = "firedrill-guard";

/// Labels of what the guard makes. Whoever takes the lab down deletes everything that is part of it.
pub(super) fn made_by_the_guard() -> BTreeMap<String, String> {
    let labels = [(MANAGED_BY, GUARD), ("app.kubernetes.io/part-of", "firedrill")];
    labels.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
}

/// On a pod that keeps books which must survive it.
pub(super) const BOOKS: &str = "firedrill.io/books";
/// The volume of the books.
pub(super) const DATA: &str = "data";
/// On a StatefulSet that a fault has scaled: how many there were.
pub(super) const BEFORE: &str = "firedrill.io/replicas-before-fault";
/// The keys of kept leases begin so.
pub(super) const LEASE: &str = "firedrill.io/fault-";

/// The ConfigMap that carries the leases.
pub(super) const LEASES: &str = "firedrill-leases";
/// The Secret with all tokens.
pub(super) const TOKENS: &str = "firedrill-tokens";
/// The Secret with those that a team may read.
pub(super) const CANDIDATE: &str = "firedrill-candidate";

/// The admin port of every process.
pub(super) const ADMIN_PORT: u16 = 9090;
