//! Every request of the guard to the cluster's API, and no other place makes one. Those that may be repeated say whether
//! there was something to do.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::{ConfigMap, Pod, Secret};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams, PostParams, Preconditions};
use kube::{Client, Error};
use serde_json::Value;

use super::instance::Instance;
use super::names::{GUARD, LEASES, MANAGED_BY, PROCESSES};
use super::set::Set;
use crate::guard::faults::Failed;

/// The namespace of one lab.
pub(super) struct Cluster {
    pods: Api<Pod>,
    sets: Api<StatefulSet>,
    policies: Api<NetworkPolicy>,
    maps: Api<ConfigMap>,
    secrets: Api<Secret>,
}

/// What somebody else did in between is no error of ours.
const NOT_FOUND: u16 = 404;
const CONFLICT: u16 = 409;

impl Cluster {
    /// The namespace that the client is in.
    pub(super) fn new(client: Client) -> Self {
        Self {
            pods: Api::default_namespaced(client.clone()),
            sets: Api::default_namespaced(client.clone()),
            policies: Api::default_namespaced(client.clone()),
            maps: Api::default_namespaced(client.clone()),
            secrets: Api::default_namespaced(client),
        }
    }

    /// Every pod of the shop, the bank and the load.
    pub(super) async fn instances(&self) -> Result<Vec<Instance>, Failed> {
        let pods = self.pods.list(&ListParams::default().labels(PROCESSES)).await;
        Ok(pods.map_err(failed("list pods"))?.into_iter().filter_map(Instance::of).collect())
    }

    /// Every service of the lab.
    pub(super) async fn sets(&self) -> Result<Vec<Set>, Failed> {
        let sets = self.sets.list(&ListParams::default().labels(PROCESSES)).await;
        Ok(sets.map_err(failed("list statefulsets"))?.into_iter().filter_map(Set::of).collect())
    }

    /// Deletes a pod, unless it is another one by now; false if it is gone.
    pub(super) async fn delete(&self, instance: &Instance, grace_s: u32) -> Result<bool, Failed> {
        let same = Preconditions { uid: Some(instance.uid.clone()), ..Preconditions::default() };
        let params = DeleteParams::default().grace_period(grace_s).preconditions(same);
        done(self.pods.delete(&instance.name, &params).await, "delete a pod")
    }

    /// Changes a pod; false if it is gone.
    pub(super) async fn patch_pod(&self, name: &str, patch: &Value) -> Result<bool, Failed> {
        // Strategic: a container is found by its name, where a plain merge would replace all of them.
        let patched = self.pods.patch(name, &PatchParams::default(), &Patch::Strategic(patch)).await;
        done(patched, "patch a pod")
    }

    /// Changes a StatefulSet; false if it is gone.
    pub(super) async fn patch_set(&self, service: &str, patch: &Value) -> Result<bool, Failed> {
        done(
            self.sets.patch(service, &PatchParams::default(), &Patch::Merge(patch)).await,
            "patch a statefulset",
        )
    }

    /// Makes a policy; false if it is there.
    pub(super) async fn make_policy(&self, policy: &NetworkPolicy) -> Result<bool, Failed> {
        done(self.policies.create(&PostParams::default(), policy).await, "make a networkpolicy")
    }

    /// Removes a policy; false if it is gone.
    pub(super) async fn remove_policy(&self, name: &str) -> Result<bool, Failed> {
        done(self.policies.delete(name, &DeleteParams::default()).await, "remove a networkpolicy")
    }

    /// Names of the policies that are ours.
    pub(super) async fn policies(&self) -> Result<Vec<String>, Failed> {
        let ours = ListParams::default().labels(&format!("{MANAGED_BY}={GUARD}"));
        let policies = self.policies.list(&ours).await.map_err(failed("list networkpolicies"))?;
        Ok(policies.into_iter().filter_map(|policy| policy.metadata.name).collect())
    }

    /// The annotations of the ConfigMap of the leases.
    pub(super) async fn leases(&self) -> Result<BTreeMap<String, String>, Failed> {
        let map = self.maps.get(LEASES).await.map_err(failed("read the configmap of the leases"))?;
        Ok(map.metadata.annotations.unwrap_or_default())
    }

    /// Changes the ConfigMap of the leases.
    pub(super) async fn patch_leases(&self, patch: &Value) -> Result<(), Failed> {
        let patched = self.maps.patch(LEASES, &PatchParams::default(), &Patch::Merge(patch)).await;
        patched.map(drop).map_err(failed("patch the configmap of the leases"))
    }

    /// The values of a Secret; `None` if there is none.
    pub(super) async fn secret(&self, name: &str) -> Result<Option<BTreeMap<String, String>>, Failed> {
        let Some(secret) = self.secrets.get_opt(name).await.map_err(failed("read a secret"))? else {
            return Ok(None);
        };
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let data = secret.data.unwrap_or_default();
        Ok(Some(data.into_iter().map(|(key, value)| (key, text(value.0))).collect()))
    }

    /// Makes a Secret; false if there is one.
    pub(super) async fn make_secret(&self, secret: &Secret) -> Result<bool, Failed> {
        done(self.secrets.create(&PostParams::default(), secret).await, "make a secret")
    }
}

/// What of a change was to do: nothing, where the thing is gone, or another one, or there already.
fn done<T>(result: Result<T, Error>, act: &'static str) -> Result<bool, Failed> {
    match result {
        Ok(_) => Ok(true),
        Err(Error::Api(status)) if [NOT_FOUND, CONFLICT].contains(&status.code) => Ok(false),
        Err(error) => Err(failed(act)(error)),
    }
}

fn failed(act: &'static str) -> impl Fn(Error) -> Failed {
    move |error| match error {
        // The other forms print the status twice.
        Error::Api(status) => Failed(format!("failed to {act}: {}", status.message)),
        error => Failed(format!("failed to {act}: {}", Failed::of(&error))),
    }
}
