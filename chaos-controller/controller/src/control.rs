//! Changing the policy: into the journal, into the store, out to every process at once, and back comes who runs it.

use std::time::Duration;

use evidence::kind;
use proto::control::Policy;
use proto::control::to_process::Body as Told;
use serde_json::json;

use crate::api::PolicyVersion;
use crate::directory::{State, is_shop};
use crate::lab::Lab;
use crate::policy_store::PolicyRefusal;

/// How long a change waits to be running everywhere before its author is answered.
const ROLLOUT: Duration = Duration::from_secs(1);

/// Why a change did not happen.
#[derive(Debug)]
pub(crate) enum ChangeError {
    /// It is not a change that can be made.
    Refused(PolicyRefusal),
    /// The journal could not be written.
    Journal(std::io::Error),
}

impl From<PolicyRefusal> for ChangeError {
    fn from(refusal: PolicyRefusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Puts a draft in force: journal first, then everywhere at once.
pub(crate) fn put_in_force(lab: &Lab, draft: PolicyVersion) -> Result<PolicyVersion, ChangeError> {
    // Nothing else runs between this check, the journal and the commit: the controller has one thread and does not
    // wait in here. So a version in the journal is a version in force.
    let current = lab.policy.version();
    if draft.base != current {
        return Err(PolicyRefusal::Stale { base: draft.base, current }.into());
    }
    let body = json!({
        "version": draft.version,
        "base": draft.base,
        "author": draft.author,
        "reason": draft.reason,
        "patch": draft.changes,
        "document": draft.document,
    });
    lab.note(kind::POLICY, &draft.author, body).map_err(ChangeError::Journal)?;
    let version = lab.policy.commit(draft)?;
    lab.directory.tell_all(&Told::Policy(wire_policy(&version)));
    Ok(version)
}

/// Waits until the newest version runs on every instance, at most a second; gives it as it then is.
pub(crate) async fn rolled_out(lab: &Lab, version: u64) -> PolicyVersion {
    let mut changes = lab.policy.changes();
    let complete = async {
        while lab.policy.get(version).is_some_and(|known| known.applied_ms.is_none())
            && lab.policy.version() == version
        {
            if changes.changed().await.is_err() {
                return;
            }
        }
    };
    let _ = tokio::time::timeout(ROLLOUT, complete).await;
    lab.policy.get(version).unwrap_or_else(|| lab.policy.current())
}

/// Counts the instances that run the newest version, and notes when it is all of them.
pub(crate) fn count_applied(lab: &Lab) {
    let newest = lab.policy.version();
    let shop: Vec<_> = lab
        .directory
        .members()
        .into_iter()
        .filter(|member| is_shop(&member.service) && member.state == State::Up)
        .collect();
    let applied = shop.iter().filter(|member| member.policy_version >= newest).count() as u32;
    if let Some(version) = lab.policy.applied(applied, shop.len() as u32) {
        let body = json!({
            "version": version.version,
            "instances": version.applied,
            "of": version.instances,
            "elapsed_ms": version.applied_ms,
        });
        lab.observe(kind::POLICY_APPLIED, body);
    }
}

/// A version as the processes are told it.
pub(crate) fn wire_policy(version: &PolicyVersion) -> Policy {
    let document = serde_json::to_vec(&version.document).expect("a document is plain data");
    Policy { version: version.version, document }
}
