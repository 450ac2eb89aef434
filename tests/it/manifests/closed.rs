//! What a pod may not: everything that Pod Security calls restricted, a token that it does not need, memory without an
//! end, and a life that hangs on somebody else's.

use serde_json::{Value, json};

use super::{Overlay, items, overlays, text};

/// What the profile `restricted` lets a pod mount.
const VOLUMES: [&str; 4] = ["configMap", "emptyDir", "projected", "secret"];

/// Says where something is not as it should be.
fn hold(overlay: &Overlay, name: &str, holds: bool, what: &str) {
    assert!(holds, "{}: `{name}` {what}", overlay.name);
}

#[test]
fn every_pod_is_one_that_restricted_pod_security_admits() {
    for overlay in overlays() {
        for namespace in overlay.of("Namespace") {
            assert_eq!(namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"], "restricted");
        }
        for (name, template) in overlay.workloads() {
            let spec = &template["spec"];
            let pod = &spec["securityContext"];
            hold(overlay, name, pod["runAsNonRoot"] == true, "runs as root");
            hold(overlay, name, pod["runAsUser"].as_u64() > Some(0), "has no numeric user");
            hold(overlay, name, pod["fsGroup"] == pod["runAsUser"], "may not write to its volumes");
            hold(overlay, name, pod["seccompProfile"]["type"] == "RuntimeDefault", "may call anything");
            let of_the_host = ["hostNetwork", "hostPID", "hostIPC"].iter().any(|key| spec[key] == true);
            hold(overlay, name, !of_the_host, "is in a namespace of its node");
            for container in items(&spec["containers"]).chain(items(&spec["initContainers"])) {
                let may = &container["securityContext"];
                hold(overlay, name, may["allowPrivilegeEscalation"] == false, "may become more than it is");
                hold(overlay, name, may["capabilities"] == json!({"drop": ["ALL"]}), "has capabilities");
                hold(overlay, name, may["readOnlyRootFilesystem"] == true, "may write to its image");
                let host = items(&container["ports"]).any(|port| !port["hostPort"].is_null());
                hold(overlay, name, !host, "takes a port of its node");
            }
            for volume in items(&spec["volumes"]) {
                let mut kinds = volume.as_object().into_iter().flatten().map(|(key, _)| key.as_str());
                let known = kinds
                    .all(|kind| kind == "name" || kind == "persistentVolumeClaim" || VOLUMES.contains(&kind));
                hold(overlay, name, known, "mounts what restricted pods may not");
                let bounded = volume["emptyDir"].is_null() || !volume["emptyDir"]["sizeLimit"].is_null();
                hold(overlay, name, bounded, "may fill its node's disk");
            }
        }
        for (name, template, _) in overlay.ours() {
            hold(
                overlay,
                name,
                template["spec"]["securityContext"]["runAsUser"] == 10001,
                "is not the image's user",
            );
        }
    }
}

#[test]
fn only_the_guard_has_a_token_of_the_cluster() {
    for overlay in overlays() {
        for (name, template) in overlay.workloads() {
            let spec = &template["spec"];
            let guard = name == "guard";
            hold(overlay, name, spec["automountServiceAccountToken"] == guard, "has a token, or lacks one");
            let account = text(&spec["serviceAccountName"]);
            hold(overlay, name, !["", "default"].contains(&account), "has the account of everybody");
            hold(overlay, name, (account == "guard") == guard, "has another's account");
        }
        for account in overlay.of("ServiceAccount") {
            let name = text(&account["metadata"]["name"]);
            hold(
                overlay,
                name,
                account["automountServiceAccountToken"] == (name == "guard"),
                "gives tokens away",
            );
        }
        let bound: Vec<&str> = overlay
            .of("RoleBinding")
            .flat_map(|binding| items(&binding["subjects"]))
            .filter(|subject| subject["kind"] == "ServiceAccount")
            .map(|subject| text(&subject["name"]))
            .collect();
        assert_eq!(bound, ["guard"], "{}", overlay.name);
        let wide = overlay.objects.iter().find(|object| text(&object["kind"]).starts_with("ClusterRole"));
        assert!(wide.is_none(), "{}: {wide:?}", overlay.name);
    }
}

#[test]
fn people_of_a_team_read_neither_the_operators_token_nor_what_the_guard_notes() {
    let Some(shared) = overlays().iter().find(|overlay| overlay.name == "shared-cluster") else { return };
    let role = shared.object("Role", "team");
    for rule in items(&role["rules"]) {
        let names = |what: &str| items(&rule[what]).any(|of| of == what || text(of) == "*");
        assert!(!names("verbs") && !names("resources"), "{rule}");
        let of = |resource: &str| items(&rule["resources"]).any(|one| one == resource);
        if of("secrets") {
            assert_eq!(rule["resourceNames"], json!(["firedrill-candidate"]));
            assert_eq!(rule["verbs"], json!(["get"]));
        }
        for hidden in ["configmaps", "statefulsets", "pods/exec", "networkpolicies"] {
            assert!(!of(hidden), "{rule}");
        }
    }
}

#[test]
fn every_container_asks_for_little_and_ends_somewhere() {
    for overlay in overlays() {
        let (mut cores, mut memory) = (0, 0);
        for (name, template) in overlay.workloads() {
            for container in items(&template["spec"]["containers"]) {
                let resources = &container["resources"];
                let asked = mebibytes(&resources["requests"]["memory"]);
                let limit = mebibytes(&resources["limits"]["memory"]);
                hold(overlay, name, asked > 0 && limit >= asked, "has no end of its memory");
                // It throttles, and that is a fault.
                hold(overlay, name, resources["limits"]["cpu"].is_null(), "has a limit of its CPU");
                cores += millicores(&resources["requests"]["cpu"]);
                memory += asked;
            }
        }
        if overlay.name == "single-node" {
            assert!(
                cores <= 500 && memory <= 768,
                "{cores}m and {memory} MiB do not fit beside others on two cores"
            );
        }
    }
}

#[test]
fn no_life_hangs_on_somebody_elses() {
    for overlay in overlays() {
        for (name, _, container) in overlay.ours() {
            let live = &container["livenessProbe"];
            hold(overlay, name, live["httpGet"]["path"] == "/healthz", "lives by something else than itself");
            let patience = live["periodSeconds"].as_u64().zip(live["failureThreshold"].as_u64());
            let long = patience.is_some_and(|(period, times)| period * times >= 60);
            hold(overlay, name, long, "is restarted in an outage, which is a repair");
            let ready = &container["readinessProbe"]["httpGet"]["path"];
            hold(overlay, name, ready == "/readyz" || name == "guard", "is ready whatever happens");
        }
    }
}

/// `32Mi`, `1Gi`.
fn mebibytes(value: &Value) -> u64 {
    let text = text(value);
    let number = |suffix: &str| text.strip_suffix(suffix).and_then(|number| number.parse::<u64>().ok());
    number("Mi").or_else(|| number("Gi").map(|gibi| gibi * 1024)).unwrap_or(0)
}

/// `20m`, `2`.
fn millicores(value: &Value) -> u64 {
    let text = text(value);
    match text.strip_suffix('m') {
        Some(milli) => milli.parse().unwrap_or(0),
        None => text.parse::<u64>().unwrap_or(0) * 1000,
    }
}
