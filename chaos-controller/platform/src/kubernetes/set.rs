//! One service of the lab, as its StatefulSet tells of it.

use k8s_openapi::api::apps::v1::StatefulSet;

use super::names::BEFORE;

/// A StatefulSet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Set {
    pub(super) service: String,
    /// How many instances it is to have.
    pub(super) wanted: u32,
    /// How many it had before a fault scaled it; `None` if none did.
    pub(super) before: Option<u32>,
}

impl Set {
    /// What a StatefulSet says; `None` for one without a name, which the API does not give.
    pub(super) fn of(set: StatefulSet) -> Option<Self> {
        let wanted = set.spec.replicas.unwrap_or(1);
        let before = set.metadata.annotations.and_then(|all| all.get(BEFORE)?.parse().ok());
        Some(Self { service: set.metadata.name?, wanted: u32::try_from(wanted).unwrap_or(0), before })
    }

    /// `payment-0`, `payment-1`, ...
    pub(super) fn instances(&self) -> impl Iterator<Item = String> {
        (0..self.wanted).map(|number| self.instance(number))
    }

    pub(super) fn instance(&self, number: u32) -> String {
        format!("{}-{number}", self.service)
    }
}
