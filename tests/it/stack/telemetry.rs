//! The collector, Jaeger and Grafana's data sources: components that exist, in pipelines that are whole, at addresses where
//! somebody listens.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{keys, texts, yaml};

/// What may stand where: a path in the file, and its keys. A `*` is a name of ours.
type Schema = [(&'static str, &'static [&'static str])];

/// Of the collector, as contrib 0.159 documents it.
const COLLECTOR: &Schema = &[
    ("/", &["receivers", "processors", "exporters", "extensions", "service"]),
    ("/receivers", &["otlp"]),
    ("/receivers/otlp/protocols", &["grpc"]),
    ("/receivers/otlp/protocols/grpc", &["endpoint"]),
    ("/processors", &["memory_limiter", "filter/probes", "batch"]),
    ("/processors/memory_limiter", &["check_interval", "limit_mib", "spike_limit_mib"]),
    ("/processors/filter~1probes", &["error_mode", "traces"]),
    ("/processors/filter~1probes/traces", &["span"]),
    ("/processors/batch", &["timeout", "send_batch_size", "send_batch_max_size"]),
    ("/exporters", &["otlp_grpc/jaeger", "otlp_grpc/controller"]),
    ("/exporters/otlp_grpc~1jaeger", EXPORTER),
    ("/exporters/otlp_grpc~1controller", EXPORTER),
    ("/extensions", &["health_check"]),
    ("/extensions/health_check", &["endpoint"]),
    ("/service", &["extensions", "pipelines", "telemetry"]),
    ("/service/telemetry", &["logs", "metrics"]),
];
const EXPORTER: &[&str] = &["endpoint", "tls", "sending_queue", "retry_on_failure"];

/// Of Jaeger 2, which is a collector with extensions of its own.
const JAEGER: &Schema = &[
    ("/", &["service", "extensions", "receivers", "processors", "exporters"]),
    ("/receivers", &["otlp"]),
    ("/receivers/otlp/protocols/grpc", &["endpoint"]),
    ("/processors", &["batch"]),
    ("/processors/batch", &["timeout"]),
    ("/exporters", &["jaeger_storage_exporter"]),
    ("/exporters/jaeger_storage_exporter", &["trace_storage"]),
    ("/extensions", &["healthcheckv2", "jaeger_query", "jaeger_storage"]),
    ("/extensions/healthcheckv2", &["use_v2", "http"]),
    ("/extensions/jaeger_query", &["storage", "http"]),
    ("/extensions/jaeger_storage", &["backends"]),
    ("/extensions/jaeger_storage/backends/ring/memory", &["max_traces"]),
    ("/service", &["extensions", "pipelines", "telemetry"]),
];

/// What a file has and the schema has not, or the other way round.
fn differences(name: &str, file: &Value, schema: &Schema) -> Vec<String> {
    let mut wrong = Vec::new();
    for (path, allowed) in schema {
        let there = file.pointer(path.trim_end_matches('/')).unwrap_or(&Value::Null);
        let there = keys(there);
        for key in there.iter().filter(|key| !allowed.contains(key)) {
            wrong.push(format!("deploy/{name}: {path} has no `{key}`; allowed is {}", allowed.join(", ")));
        }
        for key in allowed.iter().filter(|key| !there.contains(key)) {
            wrong.push(format!("deploy/{name}: {path} lacks `{key}`"));
        }
    }
    wrong
}

/// Components that a pipeline names and nobody declares, and those that are declared and in no pipeline.
fn loose_ends(name: &str, file: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let pipelines = &file["service"]["pipelines"];
    for kind in ["receivers", "processors", "exporters", "extensions"] {
        let declared: BTreeSet<&str> = keys(&file[kind]).into_iter().collect();
        let used: BTreeSet<&str> = if kind == "extensions" {
            texts(&file["service"][kind]).into_iter().collect()
        } else {
            pipelines
                .as_object()
                .into_iter()
                .flatten()
                .flat_map(|(_, pipeline)| texts(&pipeline[kind]))
                .collect()
        };
        for missing in used.difference(&declared) {
            wrong.push(format!("deploy/{name}: `{missing}` is used and is not among the {kind}"));
        }
        for idle in declared.difference(&used) {
            wrong.push(format!("deploy/{name}: `{idle}` of the {kind} is used by no pipeline"));
        }
    }
    wrong
}

#[test]
fn the_collector_and_jaeger_are_configured_with_what_they_know() {
    for (name, schema) in [("otel-collector/config.yaml", COLLECTOR), ("jaeger/config.yaml", JAEGER)] {
        let file = yaml(name);
        let wrong = [differences(name, &file, schema), loose_ends(name, &file)].concat();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
    let jaeger = yaml("jaeger/config.yaml");
    let store = jaeger["exporters"]["jaeger_storage_exporter"]["trace_storage"].as_str();
    assert_eq!(store, jaeger["extensions"]["jaeger_query"]["storage"]["traces"].as_str());
    assert_eq!(keys(&jaeger["extensions"]["jaeger_storage"]["backends"]), [store.expect("it has a name")]);
}

#[test]
fn a_slip_in_a_pipeline_is_told() {
    let mut file = yaml("otel-collector/config.yaml");
    file["service"]["pipelines"]["traces"]["exporters"][0] = "otlp_grpc/jager".into();
    file["processors"]["batch"]["timeuot"] = "1s".into();
    let name = "otel-collector/config.yaml";
    let told = [loose_ends(name, &file), differences(name, &file, COLLECTOR)].concat();
    for part in [
        "`otlp_grpc/jager` is used",
        "`otlp_grpc/jaeger` of the exporters",
        "/processors/batch has no `timeuot`",
    ] {
        assert!(told.iter().any(|line| line.contains(part)), "{part}: {told:#?}");
    }
}

#[test]
fn the_memory_limiter_comes_first_and_no_span_tells_when_the_bank_is_probed() {
    let file = yaml("otel-collector/config.yaml");
    let order = texts(&file["service"]["pipelines"]["traces"]["processors"]);
    assert_eq!(order, ["memory_limiter", "filter/probes", "batch"]);
    let dropped = texts(&file["processors"]["filter/probes"]["traces"]["span"]);
    assert!(dropped[0].contains("\"bank\"") && dropped[0].contains("IsRootSpan()"), "{dropped:?}");
}

#[test]
fn everybody_sends_to_where_somebody_listens() {
    let compose = yaml("compose.observability.yaml");
    let services = keys(&compose["services"]);
    let (collector, jaeger) = (yaml("otel-collector/config.yaml"), yaml("jaeger/config.yaml"));
    let listens = |file: &Value| file["receivers"]["otlp"]["protocols"]["grpc"]["endpoint"].clone();
    assert_eq!((&listens(&collector), &listens(&jaeger)), (&"0.0.0.0:4317".into(), &"0.0.0.0:4317".into()));
    let endpoint =
        |exporter: &str| collector["exporters"][exporter]["endpoint"].as_str().unwrap_or_default().to_owned();
    assert_eq!(endpoint("otlp_grpc/jaeger"), "${env:JAEGER_ENDPOINT:-jaeger:4317}");
    assert_eq!(endpoint("otlp_grpc/controller"), "${env:CONTROLLER_ENDPOINT:-controller:7070}");
    let told = &compose["services"]["controller"]["environment"];
    assert_eq!(told["FIREDRILL_OTLP_ENDPOINT"], "http://collector:4317");
    assert_eq!(told["FIREDRILL_PROMETHEUS"], "http://prometheus:9090");
    let sources = yaml("grafana/provisioning/datasources/firedrill.yaml");
    let sources = sources["datasources"].as_array().expect("data sources are a list");
    let uids: Vec<&Value> = sources.iter().map(|source| &source["uid"]).collect();
    assert_eq!(uids, ["prometheus", "jaeger", "alertmanager"]);
    for source in sources {
        let (service, port) = source["url"]
            .as_str()
            .and_then(|url| url.strip_prefix("http://")?.split_once(':'))
            .expect("host and port");
        assert!(services.contains(&service), "{source}: Compose has no such service");
        let published = texts(&compose["services"][service]["ports"]).concat();
        assert!(published.ends_with(&format!(":{port}")), "{source}: {service} publishes {published}");
        assert_eq!(source["uid"], source["type"], "{source}");
    }
}

#[test]
fn the_dashboards_are_where_grafana_looks_for_them() {
    let provider = yaml("grafana/provisioning/dashboards/firedrill.yaml");
    let path = provider["providers"][0]["options"]["path"].as_str().expect("a provider of files has a path");
    let compose = yaml("compose.observability.yaml");
    let grafana = &compose["services"]["grafana"];
    let mounts = grafana["volumes"].as_array().expect("mounts are a list");
    let mounted =
        |target: &str| mounts.iter().find(|mount| mount["target"] == target).map(|mount| &mount["source"]);
    assert_eq!(mounted(path), Some(&"${FIREDRILL_OBSERVABILITY:-.}/../dashboards".into()));
    let home =
        grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"].as_str().unwrap_or_default();
    let home = home.strip_prefix(&format!("{path}/")).expect("home is one of the dashboards");
    assert!(tests::repo::root().join("dashboards").join(home).is_file(), "{home}");
}
