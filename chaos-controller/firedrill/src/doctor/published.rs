//! What a lab on Docker or Kubernetes takes of this machine besides processor and memory: the ports that Compose publishes,
//! and the kernel's limit of watched files, which engines and clusters of one machine share.

use std::fs::read_to_string;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener};

use super::{Finding, Limits, State};

/// Ports on loopback, the variable that moves each, and who wants it. The lab's own are chosen by `up`.
const PORTS: [(u16, &str, &str); 4] = [
    (9090, "FIREDRILL_PROMETHEUS_PORT", "Prometheus"),
    (9093, "FIREDRILL_ALERTMANAGER_PORT", "Alertmanager"),
    (3000, "FIREDRILL_GRAFANA_PORT", "Grafana"),
    (16_686, "FIREDRILL_JAEGER_PORT", "Jaeger"),
];
/// Each container runtime, kubelet and Prometheus takes some; the kernel's own limit is 128.
const WATCHERS: Limits = Limits { warn: 100.0, fail: f64::NEG_INFINITY };

/// The ports of compose.observability.yaml.
pub(crate) fn ports() -> Vec<Finding> {
    let mut taken = Vec::new();
    let mut moved = Vec::new();
    let mut free = Vec::new();
    for (default, variable, who) in PORTS {
        let port = std::env::var(variable).ok().and_then(|port| port.parse().ok()).unwrap_or(default);
        if is_taken(port) {
            taken.push(format!("{port} ({who})"));
            moved.push(format!("{variable}={}", port.wrapping_add(10_000)));
        } else {
            free.push(port.to_string());
        }
    }
    if taken.is_empty() {
        return vec![Finding::ok("published ports", format!("free: {}", free.join(", ")))];
    }
    let todo = format!(
        "fine if it is this lab's own; else end who listens (`ss --listening --tcp --processes`), or move it: {}",
        moved.join(" ")
    );
    vec![Finding::new(State::Warn, "published ports", format!("taken: {}", taken.join(", ")), todo)]
}

fn is_taken(port: u16) -> bool {
    let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    bound.is_err_and(|error| error.kind() == ErrorKind::AddrInUse)
}

/// How many may watch files.
pub(crate) fn watchers() -> Finding {
    let path = "/proc/sys/fs/inotify/max_user_instances";
    let Some(most) = read_to_string(path).ok().and_then(|text| text.trim().parse::<f64>().ok()) else {
        return Finding::ok("watchers", "not told by this system");
    };
    watched(most)
}

fn watched(most: f64) -> Finding {
    let todo = "raise it: `sysctl fs.inotify.max_user_instances=512`; who finds none left says \"too many open files\"";
    Finding::new(WATCHERS.below(most), "watchers", format!("{most:.0} inotify instances a user"), todo)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_watchers_are_to_be_minded_and_never_wrong() {
        assert_eq!(
            [0.0, 64.0, 128.0, 8192.0].map(|most| watched(most).state),
            [State::Warn, State::Warn, State::Ok, State::Ok]
        );
    }

    #[test]
    fn a_port_is_taken_as_long_as_somebody_listens() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        assert!(is_taken(port));
        drop(listener);
        assert!(!is_taken(port));
    }
}
