//! Every version of the lab's policy: who made it, why, from what, and how fast it was running everywhere. A change is
//! a merge patch on the version that its author saw; one that was written against an older version is refused.
//!
//! Telling the processes and the journal is `control.rs`; whether a version is inside a drill's safe bounds is graded,
//! not refused.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};

use process::monotonic_us;
use resilience::{policy, shift};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::api::{ChangePolicy, PolicyVersion};
use crate::book::unix_ms;

/// The versions, in the state folder as `policy.json` too.
#[derive(Debug)]
pub(crate) struct PolicyStore {
    path: PathBuf,
    /// The lab's bank has no second region: nothing can be shifted.
    one_region: bool,
    versions: Mutex<Versions>,
    changed: watch::Sender<u64>,
}

#[derive(Debug)]
struct Versions {
    /// By number, from 1.
    all: Vec<PolicyVersion>,
    /// Controller's clock when the newest was made.
    made_us: u64,
}

/// Why a change was not made.
#[derive(Debug)]
pub(crate) enum PolicyRefusal {
    /// It was written against a version that is no longer in force.
    Stale {
        /// What it was written against.
        base: u64,
        /// What is in force.
        current: u64,
    },
    /// The patch or its result is not a policy; all problems.
    Invalid(Vec<Value>),
    /// There is no such version.
    Unknown(u64),
    /// A change without a reason.
    NoReason,
}

impl PolicyStore {
    /// Reads the versions of an earlier controller, or starts with `document`.
    pub(crate) fn open(state_dir: &Path, document: Value, one_region: bool) -> Self {
        let path = state_dir.join("policy.json");
        let saved = std::fs::read(&path)
            .ok()
            .and_then(|bytes| serde_json::from_slice::<Vec<PolicyVersion>>(&bytes).ok());
        let all = saved.filter(|all| !all.is_empty()).unwrap_or_else(|| {
            vec![PolicyVersion {
                version: 1,
                base: 0,
                author: "lab".to_owned(),
                reason: "the lab's first policy".to_owned(),
                unix_ms: unix_ms(),
                document,
                changes: Vec::new(),
                applied: 0,
                instances: 0,
                applied_ms: None,
            }]
        });
        let version = all.len() as u64;
        let store = Self {
            path,
            one_region,
            versions: Mutex::new(Versions { all, made_us: monotonic_us() }),
            changed: watch::Sender::new(version),
        };
        store.save();
        store
    }

    /// The version in force.
    pub(crate) fn current(&self) -> PolicyVersion {
        self.held().all.last().cloned().expect("a store has at least one version")
    }

    /// Number of the version in force.
    pub(crate) fn version(&self) -> u64 {
        self.held().all.len() as u64
    }

    /// Every version, oldest first.
    pub(crate) fn all(&self) -> Vec<PolicyVersion> {
        self.held().all.clone()
    }

    /// One version.
    pub(crate) fn get(&self, version: u64) -> Option<PolicyVersion> {
        let index = usize::try_from(version.checked_sub(1)?).ok()?;
        self.held().all.get(index).cloned()
    }

    /// What a change would make, without making it.
    pub(crate) fn preview(&self, change: &ChangePolicy) -> Result<PolicyVersion, PolicyRefusal> {
        let current = self.current();
        if change.reason.trim().is_empty() {
            return Err(PolicyRefusal::NoReason);
        }
        if let Some(base) = change.base.filter(|base| *base != current.version) {
            return Err(PolicyRefusal::Stale { base, current: current.version });
        }
        let document = policy::merge(&current.document, &change.patch);
        self.draft(&current, document, &change.author, &change.reason)
    }

    /// The draft of a version whose document is that of an older one.
    pub(crate) fn reverted(
        &self,
        to: u64,
        author: &str,
        reason: &str,
    ) -> Result<PolicyVersion, PolicyRefusal> {
        let old = self.get(to).ok_or(PolicyRefusal::Unknown(to))?;
        self.draft(&self.current(), old.document, author, reason)
    }

    /// The draft of a version with this very document.
    pub(crate) fn replaced(
        &self,
        document: Value,
        author: &str,
        reason: &str,
    ) -> Result<PolicyVersion, PolicyRefusal> {
        self.draft(&self.current(), document, author, reason)
    }

    /// Puts a draft in force. The caller has written it to the journal.
    pub(crate) fn commit(&self, draft: PolicyVersion) -> Result<PolicyVersion, PolicyRefusal> {
        let mut versions = self.held();
        let current = versions.all.len() as u64;
        if draft.base != current {
            return Err(PolicyRefusal::Stale { base: draft.base, current });
        }
        versions.all.push(draft.clone());
        versions.made_us = monotonic_us();
        drop(versions);
        self.save();
        self.changed.send_replace(draft.version);
        Ok(draft)
    }

    /// Takes note of how many instances run the newest version. Gives the version when the last one just did.
    pub(crate) fn applied(&self, applied: u32, instances: u32) -> Option<PolicyVersion> {
        let mut versions = self.held();
        let elapsed_us = monotonic_us().saturating_sub(versions.made_us);
        let newest = versions.all.last_mut()?;
        let was_complete = newest.applied_ms.is_some();
        newest.applied = applied;
        newest.instances = instances;
        if was_complete || applied < instances || instances == 0 {
            return None;
        }
        newest.applied_ms = Some(elapsed_us as f64 / 1000.0);
        let newest = newest.clone();
        drop(versions);
        self.changed.send_modify(|_| {});
        Some(newest)
    }

    /// Wakes with the newest version's number, and again when it runs everywhere.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    fn draft(
        &self,
        current: &PolicyVersion,
        document: Value,
        author: &str,
        reason: &str,
    ) -> Result<PolicyVersion, PolicyRefusal> {
        let mut problems = policy::parse(&document).err().unwrap_or_default();
        if self.one_region {
            problems.extend(shift::sent_nowhere(&document));
        }
        if !problems.is_empty() {
            return Err(PolicyRefusal::Invalid(problems.iter().map(|problem| json!(problem)).collect()));
        }
        let changes = policy::diff(&current.document, &document).iter().map(|change| json!(change)).collect();
        Ok(PolicyVersion {
            version: current.version + 1,
            base: current.version,
            author: author.to_owned(),
            reason: reason.to_owned(),
            unix_ms: unix_ms(),
            document,
            changes,
            applied: 0,
            instances: 0,
            applied_ms: None,
        })
    }

    fn save(&self) {
        let text = serde_json::to_vec(&self.held().all).expect("versions are plain data");
        if let Err(error) = platform::write_private(&self.path, &text) {
            tracing::error!(%error, "the policy's versions are not saved");
        }
    }

    fn held(&self) -> MutexGuard<'_, Versions> {
        self.versions.lock().expect("no code panics while it holds the versions")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(name: &str) -> (PolicyStore, PathBuf) {
        let dir = std::env::temp_dir().join(format!("firedrill-policy-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        std::fs::create_dir_all(&dir).unwrap();
        (PolicyStore::open(&dir, json!({"version": 1, "services": {}}), true), dir)
    }

    fn change(workers: u32, base: Option<u64>) -> ChangePolicy {
        ChangePolicy {
            patch: json!({"services": {"payment": {"server": {"workers": workers}}}}),
            reason: "because".to_owned(),
            base,
            author: "ada".to_owned(),
            dry_run: false,
        }
    }

    #[test]
    fn a_change_becomes_a_version_that_outlives_the_controller() {
        let (store, dir) = store("saved");
        store.commit(store.preview(&change(100, Some(1))).unwrap()).unwrap();
        let again = PolicyStore::open(&dir, json!({}), true);
        assert_eq!(again.version(), 2);
        assert_eq!(again.current().document["services"]["payment"]["server"]["workers"], 100);
        assert_eq!(again.current().changes.len(), 1);
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn a_shift_to_where_nothing_is_is_refused() {
        let (store, dir) = store("shift");
        let shifted = |share: f64| ChangePolicy {
            patch: json!({"services": {"payment": {"calls": {"bank.charge": {"shift": {"second": share}}}}}}),
            ..change(1, None)
        };
        let Err(PolicyRefusal::Invalid(problems)) = store.preview(&shifted(0.2)) else {
            panic!("it was taken")
        };
        assert_eq!(problems[0]["path"], "services.payment.calls.bank.charge.shift.second");
        assert!(store.preview(&shifted(0.0)).is_ok());
        let two = PolicyStore::open(&dir, json!({}), false);
        assert!(two.preview(&shifted(0.2)).is_ok());
        let _ = std::fs::remove_dir_all(dir);
    }

    #[test]
    fn a_stale_base_is_refused_also_between_preview_and_commit() {
        let (store, dir) = store("stale");
        let slow = store.preview(&change(100, None)).unwrap();
        store.commit(store.preview(&change(50, Some(1))).unwrap()).unwrap();
        assert!(matches!(store.commit(slow), Err(PolicyRefusal::Stale { base: 1, current: 2 })));
        assert!(matches!(store.preview(&change(9, Some(1))), Err(PolicyRefusal::Stale { .. })));
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn a_revert_is_a_new_version_with_the_old_document() {
        let (store, dir) = store("revert");
        store.commit(store.preview(&change(100, None)).unwrap()).unwrap();
        store.commit(store.reverted(1, "ada", "worse").unwrap()).unwrap();
        assert_eq!((store.version(), store.current().base), (3, 2));
        assert_eq!(store.current().document, store.get(1).unwrap().document);
        assert!(matches!(store.reverted(9, "ada", "x"), Err(PolicyRefusal::Unknown(9))));
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn a_version_is_complete_once_when_the_last_instance_runs_it() {
        let (store, dir) = store("applied");
        assert!(store.applied(1, 2).is_none());
        assert!(store.applied(2, 2).is_some());
        assert!(store.applied(2, 2).is_none());
        std::fs::remove_dir_all(dir).unwrap();
    }
}
