//! One process of the lab, as its pod tells of it.

use k8s_openapi::api::core::v1::{ContainerState, ContainerStateTerminated, ContainerStatus, Pod};

use super::names::{BOOKS, CONNECTED, CONTAINER, DATA, SERVICE};
use crate::spec::ProcessState;

/// A pod. The next one of the same name has another `uid`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Instance {
    pub(super) name: String,
    pub(super) service: String,
    pub(super) uid: String,
    /// Empty until it has one.
    pub(super) address: String,
    pub(super) image: String,
    /// The container's own id, another one after each restart; empty until there is one.
    pub(super) container: String,
    /// As in [`ProcessState::state`].
    pub(super) state: &'static str,
    /// Why it does not run, in the cluster's word, such as `CrashLoopBackOff`.
    pub(super) held: String,
    pub(super) restarts: u32,
    pub(super) last_exit: String,
    /// False while a partition has it.
    pub(super) connected: bool,
    /// Whether it keeps books that would go with it.
    pub(super) books_go_with_it: bool,
}

impl Instance {
    /// What a pod says; `None` for one without a name, which the API does not give.
    pub(super) fn of(pod: Pod) -> Option<Self> {
        let labels = pod.metadata.labels.unwrap_or_default();
        let spec = pod.spec.unwrap_or_default();
        let status = pod.status.unwrap_or_default();
        let ours = |container: &&ContainerStatus| container.name == CONTAINER;
        let container = status.container_statuses.as_deref().unwrap_or_default().iter().find(ours).cloned();
        let books = pod.metadata.annotations.is_some_and(|all| all.contains_key(BOOKS));
        let on_the_node = spec.volumes.iter().flatten().any(|it| it.name == DATA && it.empty_dir.is_some());
        let (mut state, held) = state_of(container.as_ref().and_then(|it| it.state.as_ref()));
        if pod.metadata.deletion_timestamp.is_some() {
            state = "stopping";
        }
        Some(Self {
            name: pod.metadata.name?,
            service: labels.get(SERVICE).cloned().unwrap_or_default(),
            uid: pod.metadata.uid.unwrap_or_default(),
            address: status.pod_ip.unwrap_or_default(),
            image: spec
                .containers
                .into_iter()
                .find(|it| it.name == CONTAINER)
                .and_then(|it| it.image)
                .unwrap_or_default(),
            container: container.as_ref().and_then(|it| it.container_id.clone()).unwrap_or_default(),
            state,
            held: held.or(status.reason).unwrap_or_default(),
            restarts: container.as_ref().map_or(0, |it| u32::try_from(it.restart_count).unwrap_or(0)),
            last_exit: container
                .and_then(|it| it.last_state?.terminated)
                .map(|ended| describe(&ended))
                .unwrap_or_default(),
            connected: labels.get(CONNECTED).is_none_or(|word| word == "true"),
            books_go_with_it: books && on_the_node,
        })
    }

    pub(super) fn is_up(&self) -> bool {
        self.state == "up"
    }

    /// As the guard's API tells of it. Process ids are the node's business, and what it weighs too.
    pub(super) fn process(&self) -> ProcessState {
        ProcessState {
            instance: self.name.clone(),
            service: self.service.clone(),
            state: self.state.to_owned(),
            restarts: self.restarts,
            last_exit: self.last_exit.clone(),
            ..ProcessState::default()
        }
    }
}

/// The state, and why it is not `up`.
fn state_of(state: Option<&ContainerState>) -> (&'static str, Option<String>) {
    match state {
        Some(ContainerState { running: Some(_), .. }) => ("up", None),
        Some(ContainerState { waiting: Some(waiting), .. }) => ("waiting", waiting.reason.clone()),
        Some(ContainerState { terminated: Some(ended), .. }) => ("waiting", Some(describe(ended))),
        _ => ("waiting", None),
    }
}

fn describe(ended: &ContainerStateTerminated) -> String {
    match (ended.signal, ended.reason.as_deref()) {
        (_, Some("OOMKilled")) => "out of memory: killed by signal 9".to_owned(),
        (Some(signal), _) if signal != 0 => format!("killed by signal {signal}"),
        // What a container runtime says of a signal.
        _ if ended.exit_code > 128 => format!("killed by signal {}", ended.exit_code - 128),
        _ if ended.exit_code == 0 => "ended by itself".to_owned(),
        _ => format!("exit code {}", ended.exit_code),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn instance(status: Value, metadata: Value) -> Instance {
        let mut pod = json!({
            "metadata": {"name": "order-0", "uid": "u1", "labels": {SERVICE: "order", CONNECTED: "true"}},
            "spec": {"containers": [{"name": CONTAINER, "image": "firedrill:1"}], "volumes": [{"name": DATA, "emptyDir": {}}]},
            "status": status,
        });
        for (key, value) in metadata.as_object().unwrap() {
            pod["metadata"][key] = value.clone();
        }
        Instance::of(serde_json::from_value(pod).unwrap()).unwrap()
    }

    fn container(state: Value) -> Value {
        json!({"containerStatuses": [{
            "name": CONTAINER, "image": "", "imageID": "", "ready": false, "restartCount": 2, "state": state,
            "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}},
        }]})
    }

    #[test]
    fn a_pod_is_up_when_its_container_runs_and_it_is_not_going() {
        let running = container(json!({"running": {}}));
        let up = instance(running.clone(), json!({}));
        assert!(up.is_up() && up.restarts == 2 && up.last_exit == "out of memory: killed by signal 9");
        let going = instance(running, json!({"deletionTimestamp": "2026-01-01T00:00:00Z"}));
        assert_eq!(going.state, "stopping");
    }

    #[test]
    fn a_pod_that_waits_for_the_tokens_says_so() {
        let waiting =
            instance(container(json!({"waiting": {"reason": "CreateContainerConfigError"}})), json!({}));
        assert_eq!((waiting.state, waiting.held.as_str()), ("waiting", "CreateContainerConfigError"));
        assert_eq!(instance(json!({}), json!({})).state, "waiting");
    }

    #[test]
    fn books_go_with_a_pod_that_keeps_them_on_the_node() {
        assert!(!instance(json!({}), json!({})).books_go_with_it);
        assert!(instance(json!({}), json!({"annotations": {BOOKS: "true"}})).books_go_with_it);
    }
}
