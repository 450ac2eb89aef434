//! The programs of others beside the lab: the files are the ones of Compose, all of them, and the operator's rules are
//! Prometheus' own.

use std::collections::BTreeSet;

use serde_json::Value;
use tests::repo::{read, root, walk};

use super::{items, overlays, text};

fn yaml(file: &str) -> Value {
    serde_saphyr::from_str(&read(&root().join(file))).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The files that a folder's kustomization takes into ConfigMaps.
fn taken(folder: &str) -> BTreeSet<String> {
    let kustomization = yaml(&format!("{folder}/kustomization.yaml"));
    let generated = items(&kustomization["configMapGenerator"]).flat_map(|map| items(&map["files"]));
    generated.map(|file| text(file).to_owned()).collect()
}

/// The files of a folder that end so, by their paths in it.
fn there(folder: &str, ends: &[&str]) -> BTreeSet<String> {
    let root = root().join(folder);
    let files =
        walk(&root).into_iter().map(|path| path.strip_prefix(&root).expect("in it").display().to_string());
    files
        .filter(|file| ends.iter().any(|end| file.ends_with(end)))
        .filter(|file| !file.ends_with("kustomization.yaml") && !file.contains("test"))
        .collect()
}

#[test]
fn no_file_of_the_watchers_is_left_behind() {
    for (folder, ends) in [
        ("dashboards", &[".json"][..]),
        ("deploy/prometheus", &[".yml"]),
        ("deploy/grafana", &[".yaml"]),
        ("deploy/jaeger", &[".yaml"]),
        ("deploy/otel-collector", &[".yaml"]),
    ] {
        assert_eq!(taken(folder), there(folder, ends), "{folder}/kustomization.yaml");
    }
}

#[test]
fn the_watchers_images_are_those_of_compose() {
    let Some(shared) = overlays().iter().find(|overlay| overlay.name == "shared-cluster") else { return };
    let compose = yaml("deploy/compose.observability.yaml");
    for name in ["prometheus", "alertmanager", "grafana", "jaeger", "collector"] {
        let container = &shared.object("Deployment", name)["spec"]["template"]["spec"]["containers"][0];
        assert_eq!(container["image"], compose["services"][name]["image"], "{name}");
    }
}

#[test]
fn the_token_is_where_prometheus_and_alertmanager_look_for_it() {
    let Some(shared) = overlays().iter().find(|overlay| overlay.name == "shared-cluster") else { return };
    for name in ["prometheus", "alertmanager"] {
        let configured = read(&root().join(format!("deploy/prometheus/{name}.yml")));
        let wanted: BTreeSet<&str> =
            configured.lines().filter_map(|line| line.trim().strip_prefix("credentials_file: ")).collect();
        let spec = &shared.object("Deployment", name)["spec"]["template"]["spec"];
        let mut given = BTreeSet::new();
        for mount in items(&spec["containers"][0]["volumeMounts"]) {
            let volume =
                items(&spec["volumes"]).find(|volume| volume["name"] == mount["name"]).expect("it is there");
            for path in
                items(&volume["projected"]["sources"]).flat_map(|source| items(&source["secret"]["items"]))
            {
                given.insert(format!("{}/{}", text(&mount["mountPath"]), text(&path["path"])));
            }
        }
        assert_eq!(wanted, given.iter().map(String::as_str).collect(), "{name}");
    }
}

#[test]
fn the_operators_rules_are_the_ones_that_prometheus_reads() {
    let made = yaml("deploy/kubernetes/components/prometheus-operator/rule.yaml");
    let rules = yaml("deploy/prometheus/drill-windows.rules.yml");
    assert_eq!(made["spec"]["groups"], rules["groups"], "run deploy/scripts/prometheus-rule");
}
