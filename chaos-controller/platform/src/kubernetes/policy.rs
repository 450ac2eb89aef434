//! The policy that cuts pods off: it selects them and allows nothing. By their names, which the next pod of the same name
//! has too.
//!
//! It would lose against any policy that allows something, because policies only add up. So those that are shipped
//! select what is labelled as connected, and the fault takes that label from its pods (`cut.rs`).

use k8s_openapi::api::networking::v1::{NetworkPolicy, NetworkPolicySpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement, ObjectMeta};

use super::names::{POD_NAME, made_by_the_guard};

/// Denies these pods everything, in both directions.
pub(super) fn deny(name: &str, pods: &[String]) -> NetworkPolicy {
    let whom = LabelSelectorRequirement {
        key: POD_NAME.to_owned(),
        operator: "In".to_owned(),
        values: Some(pods.to_vec()),
    };
    NetworkPolicy {
        metadata: ObjectMeta {
            name: Some(name.to_owned()),
            labels: Some(made_by_the_guard()),
            ..ObjectMeta::default()
        },
        spec: Some(NetworkPolicySpec {
            pod_selector: Some(LabelSelector {
                match_expressions: Some(vec![whom]),
                ..LabelSelector::default()
            }),
            policy_types: Some(vec!["Ingress".to_owned(), "Egress".to_owned()]),
            ..NetworkPolicySpec::default()
        }),
    }
}
