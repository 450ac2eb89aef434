//! A container of the lab, as the engine tells of it at one moment.

use bollard::models::{ContainerInspectResponse, ContainerState, ContainerSummary};

use super::limits::Limits;

/// Labels of Compose: the project, and which of a service's containers this is, from 1.
pub(super) const PROJECT: &str = "com.docker.compose.project";
pub(super) const NUMBER: &str = "com.docker.compose.container-number";
/// Labels of ours (deploy/compose.yaml).
pub(super) const INSTANCE: &str = "io.firedrill.instance";
const SERVICE: &str = "io.firedrill.service";

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Container {
    pub(super) id: String,
    /// Such as `payment-0`.
    pub(super) instance: String,
    pub(super) service: String,
    pub(super) condition: Condition,
    /// The engine's number of its process, which tells one start from the next; 0 while there is none.
    pub(super) pid: i64,
    /// How it last ended; empty if it never did.
    pub(super) last_exit: String,
    pub(super) limits: Limits,
    /// Whether it belongs to the lab's network, also while it is stopped.
    pub(super) connected: bool,
    /// Where it is in that network, while it is up.
    pub(super) address: Option<String>,
    pub(super) aliases: Vec<String>,
}

/// A container by its names alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) id: String,
    pub(super) instance: String,
    pub(super) service: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    Up,
    Paused,
    /// The engine is about to start it.
    Waiting,
    /// Nobody is.
    Down,
}

impl Container {
    /// `None` if it is no instance of a service.
    pub(super) fn read(inspected: &ContainerInspectResponse, network: &str) -> Option<Self> {
        let labels = inspected.config.as_ref()?.labels.as_ref()?;
        let state = inspected.state.as_ref()?;
        let networks = inspected.network_settings.as_ref().and_then(|settings| settings.networks.as_ref());
        let endpoint = networks.and_then(|networks| networks.get(network));
        let filled = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        Some(Self {
            id: inspected.id.clone()?,
            instance: labels.get(INSTANCE)?.clone(),
            service: labels.get(SERVICE)?.clone(),
            condition: Condition::read(state),
            pid: state.pid.unwrap_or_default(),
            last_exit: last_exit(state),
            limits: Limits::read(inspected.host_config.as_ref()?),
            // A connection that failed half-way leaves an entry without a network.
            connected: endpoint.is_some_and(|endpoint| filled(&endpoint.network_id).is_some()),
            address: endpoint.and_then(|endpoint| filled(&endpoint.ip_address)),
            aliases: endpoint.and_then(|endpoint| endpoint.aliases.clone()).unwrap_or_default(),
        })
    }

    pub(super) fn lives(&self) -> bool {
        matches!(self.condition, Condition::Up | Condition::Paused)
    }

    /// The number in its name.
    pub(super) fn number(&self) -> Option<u32> {
        self.instance.strip_prefix(&self.service)?.strip_prefix('-')?.parse().ok()
    }
}

impl Name {
    /// `None` if it is no instance of a service.
    pub(super) fn read(listed: ContainerSummary) -> Option<Self> {
        let labels = listed.labels?;
        Some(Self {
            id: listed.id?,
            instance: labels.get(INSTANCE)?.clone(),
            service: labels.get(SERVICE)?.clone(),
        })
    }
}

impl Condition {
    fn read(state: &ContainerState) -> Self {
        let is = |flag: Option<bool>| flag.unwrap_or_default();
        if is(state.paused) {
            Self::Paused
        } else if is(state.restarting) {
            Self::Waiting
        } else if is(state.running) {
            Self::Up
        } else {
            Self::Down
        }
    }
}

/// How it ended, for a person.
fn last_exit(state: &ContainerState) -> String {
    // The engine's zero of time.
    let never = state.finished_at.as_ref().is_none_or(|at| at.starts_with("0001-"));
    match state.exit_code.unwrap_or_default() {
        _ if never => String::new(),
        _ if state.oom_killed.unwrap_or_default() => "killed: it held more memory than it may".to_owned(),
        0 => "ended by itself".to_owned(),
        // What a shell would say of a signal.
        code if code > 128 => format!("killed by signal {}", code - 128),
        code => format!("exit code {code}"),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use serde_json::json;

    /// What an engine tells of payment-0, as far as it is read.
    pub(in crate::docker) fn inspected() -> ContainerInspectResponse {
        let told = json!({
            "Id": "e5d84cede96d",
            "Name": "/firedrill-default-payment-1",
            "State": {"Running": true, "Paused": false, "Restarting": false, "OOMKilled": false, "Pid": 4711, "ExitCode": 0,
                "StartedAt": "2026-11-23T04:36:00Z", "FinishedAt": "0001-01-01T00:00:00Z"},
            "HostConfig": {"Memory": 268_435_456, "MemorySwap": 268_435_456, "NanoCpus": 0, "CpuPeriod": 0, "CpuQuota": 0,
                "NetworkMode": "firedrill-default_lab", "ReadonlyRootfs": true,
                "Mounts": [{"Type": "volume", "Source": "0a1b", "Target": "/data"}],
                "PortBindings": {"8080/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8080"}]}},
            "Config": {"Hostname": "e5d84cede96d", "Image": "firedrill:0.1.0", "User": "10001:10001",
                "Env": ["FIREDRILL_LAB=default", "FIREDRILL_INSTANCE=payment-0"],
                "Labels": {(PROJECT): "firedrill-default", (NUMBER): "1", (INSTANCE): "payment-0", (SERVICE): "payment"}},
            "NetworkSettings": {"Networks": {"firedrill-default_lab": {"NetworkID": "1cc5", "EndpointID": "fa0b",
                "IPAddress": "10.211.0.7", "Aliases": ["payment", "e5d84cede96d"]}}},
        });
        serde_json::from_value(told).unwrap()
    }

    #[test]
    fn a_container_is_read_from_what_the_engine_tells() {
        let payment = Container::read(&inspected(), "firedrill-default_lab").unwrap();
        assert_eq!((payment.instance.as_str(), payment.service.as_str()), ("payment-0", "payment"));
        assert_eq!((payment.condition, payment.number(), payment.connected), (Condition::Up, Some(0), true));
        assert_eq!(payment.address.as_deref(), Some("10.211.0.7"));
        assert_eq!(payment.last_exit, "");
    }

    #[test]
    fn one_that_is_cut_off_is_not_connected_and_has_no_address() {
        let cut = Container::read(&inspected(), "another").unwrap();
        assert_eq!((cut.connected, cut.address), (false, None));
    }

    #[test]
    fn an_end_is_told_in_words() {
        let ended = |code: i64, oom: bool| {
            let told = json!({"ExitCode": code, "OOMKilled": oom, "FinishedAt": "2026-11-23T04:36:00Z"});
            last_exit(&serde_json::from_value(told).unwrap())
        };
        assert_eq!(ended(0, false), "ended by itself");
        assert_eq!(ended(137, false), "killed by signal 9");
        assert_eq!(ended(137, true), "killed: it held more memory than it may");
        assert_eq!(ended(3, false), "exit code 3");
    }
}
