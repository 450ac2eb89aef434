//! Names and labels that find each other: services and pods, volumes and mounts, ports and probes, and what the guard
//! goes by.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{items, overlays, text};

/// A selector's labels are those of an object, or more.
pub(crate) fn selects(selector: &Value, template: &Value) -> bool {
    let labels = &template["metadata"]["labels"];
    selector.as_object().into_iter().flatten().all(|(key, value)| labels[key] == *value)
}

#[test]
fn every_service_has_pods_that_listen_where_it_says() {
    for overlay in overlays() {
        for service in overlay.of("Service") {
            let name = text(&service["metadata"]["name"]);
            let behind: Vec<&Value> = overlay
                .workloads()
                .filter(|(_, template)| selects(&service["spec"]["selector"], template))
                .map(|(_, template)| template)
                .collect();
            assert!(!behind.is_empty(), "{}: nobody is behind `{name}`", overlay.name);
            for port in items(&service["spec"]["ports"]) {
                let listens = |template: &&Value| {
                    let mut ports = items(&template["spec"]["containers"][0]["ports"]);
                    ports.any(|of| of["containerPort"] == port["port"])
                };
                assert!(behind.iter().any(listens), "{}: `{name}` leads to {port}", overlay.name);
            }
        }
        // Nobody could join a controller that is ready when everybody has joined.
        for name in ["controller", "guard", "processes"] {
            assert_eq!(overlay.object("Service", name)["spec"]["publishNotReadyAddresses"], true);
        }
    }
}

#[test]
fn pods_learn_the_services_from_their_environment() {
    for overlay in overlays() {
        for (name, template, _) in overlay.ours() {
            assert_eq!(template["spec"]["enableServiceLinks"], true, "{}: {name}", overlay.name);
        }
        let place = |kind: &str| overlay.objects.iter().position(|object| object["kind"] == kind);
        assert!(place("Service") < place("StatefulSet") && place("Service") < place("Deployment"));
    }
}

#[test]
fn what_is_mounted_is_there_and_what_is_probed_is_a_port() {
    for overlay in overlays() {
        let sets = overlay.of("StatefulSet").chain(overlay.of("Deployment"));
        for object in sets {
            let name = text(&object["metadata"]["name"]);
            let spec = &object["spec"]["template"]["spec"];
            let volumes = items(&spec["volumes"]).map(|volume| text(&volume["name"]));
            let claims =
                items(&object["spec"]["volumeClaimTemplates"]).map(|claim| text(&claim["metadata"]["name"]));
            let there: Vec<&str> = volumes.chain(claims).collect();
            let unique: BTreeSet<&str> = there.iter().copied().collect();
            assert_eq!(there.len(), unique.len(), "{}: `{name}` has a volume twice", overlay.name);
            let container = &spec["containers"][0];
            let mounted: BTreeSet<&str> =
                items(&container["volumeMounts"]).map(|mount| text(&mount["name"])).collect();
            assert_eq!(mounted, unique, "{}: {name}", overlay.name);
            let ports: Vec<&str> = items(&container["ports"]).map(|port| text(&port["name"])).collect();
            for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
                let port = &container[probe]["httpGet"]["port"];
                assert!(port.is_null() || ports.contains(&text(port)), "{}: {name}: {probe}", overlay.name);
            }
        }
    }
}

#[test]
fn the_guard_finds_the_processes_by_their_labels() {
    for overlay in overlays() {
        for set in overlay.of("StatefulSet") {
            let name = text(&set["metadata"]["name"]);
            let labels = &set["spec"]["template"]["metadata"]["labels"];
            assert_eq!(labels["app.kubernetes.io/name"], name, "{}", overlay.name);
            assert_eq!(labels["firedrill.io/connected"], "true", "{}: {name}", overlay.name);
            for at in [&set["metadata"]["labels"], labels] {
                assert_eq!(at["app.kubernetes.io/part-of"], "firedrill", "{}: {name}", overlay.name);
                assert_eq!(at["app.kubernetes.io/component"], "process", "{}: {name}", overlay.name);
            }
            assert_eq!(set["spec"]["podManagementPolicy"], "Parallel", "{}: {name}", overlay.name);
            // What is added to a label that selects would make another StatefulSet of it.
            let selector = set["spec"]["selector"]["matchLabels"].as_object().expect("there is one");
            assert_eq!(selector.len(), 1, "{}: {name}", overlay.name);
        }
        let books: Vec<&str> = overlay
            .workloads()
            .filter(|(_, template)| template["metadata"]["annotations"]["firedrill.io/books"] == "true")
            .map(|(name, _)| name)
            .collect();
        assert_eq!(books, ["bank", "inventory", "order"], "{}", overlay.name);
    }
}

#[test]
fn whoever_takes_a_lab_down_finds_all_of_it() {
    // What is left: the place, its bounds, and who may be there.
    let kept = ["Namespace", "ResourceQuota", "LimitRange", "PersistentVolumeClaim"];
    for overlay in overlays() {
        for object in &overlay.objects {
            let (kind, name) = (text(&object["kind"]), text(&object["metadata"]["name"]));
            let part = object["metadata"]["labels"]["app.kubernetes.io/part-of"] == "firedrill";
            assert!(part || kept.contains(&kind) || name == "team", "{}: {kind} `{name}`", overlay.name);
        }
    }
}

#[test]
fn books_have_volumes_where_the_cluster_is_shared() {
    let Some(shared) = overlays().iter().find(|overlay| overlay.name == "shared-cluster") else { return };
    for name in ["bank", "inventory", "order"] {
        let set = shared.object("StatefulSet", name);
        assert_eq!(set["spec"]["volumeClaimTemplates"][0]["metadata"]["name"], "data");
        assert_eq!(set["spec"]["replicas"], 1, "its truth is in one process");
    }
}
