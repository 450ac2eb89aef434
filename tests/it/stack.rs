//! The files of what watches a lab elsewhere: Compose, the collector, Jaeger, Grafana, and the pages that alerts point to.
//! None of these programs is here but Compose, so their files are held against what they are documented to take: keys that
//! there are, names that are declared, ports and uids that agree with each other.
//!
//! Left out: whether the programs do with them what is meant. Nobody has run them here.

mod compose;
mod runbooks;
mod telemetry;

use serde_json::Value;
use tests::repo::{read, root};

/// A YAML file below `deploy`.
fn yaml(file: &str) -> Value {
    let text = read(&root().join("deploy").join(file));
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("deploy/{file}: {error}"))
}

/// The keys of a map, in its order; none if it is not one.
fn keys(value: &Value) -> Vec<&str> {
    value.as_object().into_iter().flatten().map(|(key, _)| key.as_str()).collect()
}

/// The texts of a list.
fn texts(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}
