//! Compose: both files together are a project that Compose itself accepts; what is on top of the lab is pinned, is bounded,
//! may do nothing that it need not, and is heard on this machine alone.

use std::process::Command;

use serde_json::Value;
use tests::repo::root;
use tests::tools;

use super::{keys, texts, yaml};

const FILE: &str = "compose.observability.yaml";
/// As the design pins them; Alertmanager's newest of the time.
const IMAGES: [(&str, &str); 5] = [
    ("prometheus", "quay.io/prometheus/prometheus:v3.13.1"),
    ("alertmanager", "quay.io/prometheus/alertmanager:v0.32.1"),
    ("grafana", "grafana/grafana:13.1.0"),
    ("jaeger", "quay.io/jaegertracing/jaeger:2.19.0"),
    (
        "collector",
        "ghcr.io/open-telemetry/opentelemetry-collector-releases/opentelemetry-collector-contrib:0.159.0",
    ),
];
/// Its image holds one program and no other, so nothing in it can ask.
const CANNOT_ASK: &str = "collector";

#[test]
fn compose_takes_both_files_together() {
    let Some(compose) = tools::compose() else { return };
    let mut command = Command::new(compose);
    for token in ["TOKEN", "OPERATOR_TOKEN", "CANDIDATE_TOKEN", "OBSERVER_TOKEN"] {
        command.env(format!("FIREDRILL_{token}"), "a-secret");
    }
    for file in ["compose.yaml", FILE] {
        command.arg("--file").arg(root().join("deploy").join(file));
    }
    let output = command.args(["config", "--format", "json"]).output().expect("it is there and can be run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let whole: Value = serde_json::from_slice(&output.stdout).expect("its answer is JSON");
    assert_eq!(
        whole["services"]["controller"]["environment"]["FIREDRILL_OTLP_ENDPOINT"],
        "http://collector:4317"
    );
    for (name, service) in whole["services"].as_object().expect("services are a map") {
        for mount in service["volumes"].as_array().into_iter().flatten() {
            let source = mount["source"].as_str().unwrap_or_default();
            let ours = source.starts_with(&root().display().to_string());
            assert!(
                !ours || std::path::Path::new(source).exists(),
                "{name} mounts {source}, which is not there"
            );
        }
    }
}

#[test]
fn what_watches_is_pinned_bounded_and_heard_on_this_machine_alone() {
    let compose = yaml(FILE);
    for (name, image) in IMAGES {
        let service = &compose["services"][name];
        assert_eq!(service["image"], image, "{name}");
        assert_eq!(service["read_only"], true, "{name}");
        assert_eq!(texts(&service["cap_drop"]), ["ALL"], "{name}");
        assert_eq!(texts(&service["security_opt"]), ["no-new-privileges:true"], "{name}");
        assert!(service["mem_limit"].is_string(), "{name} has no limit of memory");
        assert_eq!(service["mem_limit"], service["memswap_limit"], "{name} may swap");
        for port in texts(&service["ports"]) {
            assert!(port.starts_with("127.0.0.1:"), "{name} is heard elsewhere: {port}");
        }
        assert_eq!(service["healthcheck"].is_object(), name != CANNOT_ASK, "{name}");
        for mount in service["volumes"].as_array().into_iter().flatten().filter(|mount| mount.is_object()) {
            assert_eq!(mount["read_only"], true, "{name}: {mount}");
        }
    }
    let named: Vec<&str> =
        keys(&compose["services"]).into_iter().filter(|name| *name != "controller").collect();
    assert_eq!(named, IMAGES.map(|(name, _)| name));
}

#[test]
fn a_cluster_gets_the_same_images() {
    let component = yaml("kubernetes/components/observability/kustomization.yaml");
    let images = component["images"].as_array().expect("images are a list");
    let there = images.iter().map(|image| {
        let text = |field: &str| image[field].as_str().unwrap_or_default();
        (text("name"), format!("{}:{}", text("newName"), text("newTag")))
    });
    assert_eq!(there.collect::<Vec<_>>(), IMAGES.map(|(name, image)| (name, image.to_owned())));
}

#[test]
fn who_looks_at_grafana_needs_no_name_and_can_change_nothing() {
    let compose = yaml(FILE);
    let set = &compose["services"]["grafana"]["environment"];
    for (variable, value) in [
        ("GF_AUTH_ANONYMOUS_ENABLED", "true"),
        ("GF_AUTH_ANONYMOUS_ORG_ROLE", "Viewer"),
        ("GF_AUTH_BASIC_ENABLED", "false"),
        ("GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION", "true"),
    ] {
        assert_eq!(set[variable], value, "{variable}");
    }
}

#[test]
fn prometheus_and_alertmanager_find_the_token_where_it_is_put() {
    let compose = yaml(FILE);
    let prometheus = yaml("prometheus/prometheus.yml");
    let discovery = &prometheus["scrape_configs"][0]["http_sd_configs"][0];
    let alertmanager = yaml("prometheus/alertmanager.yml");
    let webhook = &alertmanager["receivers"][0]["webhook_configs"][0];
    let wanted = [
        ("prometheus", &discovery["authorization"]),
        ("alertmanager", &webhook["http_config"]["authorization"]),
    ];
    for (name, authorization) in wanted {
        let service = &compose["services"][name];
        let file = authorization["credentials_file"].as_str().unwrap_or_default();
        let start = texts(&service["entrypoint"]).join(" ");
        assert!(!file.is_empty() && start.contains(&format!(">{file};")), "{name} wants `{file}`: {start}");
        assert!(start.contains(&format!("cp /config/*.yml /etc/{name}/;")), "{name}: {start}");
        assert!(texts(&service["tmpfs"])[0].starts_with(&format!("/etc/{name}:")), "{name}");
        assert!(service["environment"]["FIREDRILL_OBSERVER_TOKEN"].is_string(), "{name} is given no token");
        let config = format!("--config.file=/etc/{name}/{name}.yml");
        assert!(texts(&service["command"]).contains(&config.as_str()), "{name}");
    }
    for rules in texts(&prometheus["rule_files"]) {
        assert!(root().join("deploy/prometheus").join(rules).is_file(), "there is no {rules}");
    }
    let told = &prometheus["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"][0];
    assert_eq!(told, "alertmanager:9093");
}
