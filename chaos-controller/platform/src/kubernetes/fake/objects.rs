//! The objects of a small lab, and what is done to objects: labels that select, patches that merge.

use serde_json::{Map, Value, json};

use crate::kubernetes::names::{BOOKS, CONNECTED, CONTAINER, DATA, POD_NAME, SERVICE};

/// A StatefulSet of the shop. Order keeps books.
pub(super) fn set(service: &str, replicas: u32) -> Value {
    let labels = json!({
        SERVICE: service,
        "app.kubernetes.io/part-of": "firedrill",
        "app.kubernetes.io/component": "process",
        CONNECTED: "true",
    });
    let annotations = if service == "order" { json!({BOOKS: "true"}) } else { json!({}) };
    json!({
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": service, "labels": labels},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {SERVICE: service}},
            "serviceName": "processes",
            "template": {
                "metadata": {"labels": labels, "annotations": annotations},
                "spec": {
                    "containers": [{"name": CONTAINER, "image": "firedrill:0.1.0"}],
                    "volumes": [{"name": DATA, "emptyDir": {}}],
                },
            },
        },
    })
}

/// A pod of it that has just been made.
pub(super) fn pod(set: &Value, name: &str, uid: u32) -> Value {
    let mut pod = set["spec"]["template"].clone();
    pod["apiVersion"] = json!("v1");
    pod["kind"] = json!("Pod");
    pod["metadata"]["name"] = json!(name);
    pod["metadata"]["uid"] = json!(format!("uid-{uid}"));
    pod["metadata"]["labels"][POD_NAME] = json!(name);
    pod["status"] = json!({"phase": "Pending"});
    pod
}

/// The status of a pod whose container runs.
pub(super) fn running(uid: u32, container: u32, restarts: u32) -> Value {
    json!({
        "phase": "Running",
        "podIP": format!("10.0.0.{uid}"),
        "containerStatuses": [{
            "name": CONTAINER, "image": "", "imageID": "", "ready": true, "restartCount": restarts,
            "containerID": format!("containerd://{container}"), "state": {"running": {}},
        }],
    })
}

/// The policies of `components/network-policies`, in short: nothing is allowed, and everything to who is connected.
pub(super) fn policies() -> [Value; 2] {
    let policy = |name: &str, selector: Value, ingress: Value| {
        json!({
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": name},
            "spec": {"podSelector": selector, "policyTypes": ["Ingress", "Egress"], "ingress": ingress},
        })
    };
    [
        policy("default-deny", json!({}), json!([])),
        policy("allow", json!({"matchLabels": {CONNECTED: "true"}}), json!([{}])),
    ]
}

/// Whether a selector selects an object.
pub(super) fn selects(selector: &Value, object: &Value) -> bool {
    let labels = &object["metadata"]["labels"];
    let equal =
        selector["matchLabels"].as_object().into_iter().flatten().all(|(key, value)| labels[key] == *value);
    let among = selector["matchExpressions"].as_array().into_iter().flatten().all(|expression| {
        assert_eq!(expression["operator"], "In");
        let key = expression["key"].as_str().unwrap();
        expression["values"].as_array().unwrap().contains(&labels[key])
    });
    equal && among
}

/// Whether the text of a label selector (`a=b,c=d`) selects an object.
pub(super) fn matches(text: &str, object: &Value) -> bool {
    let pairs = text.split(',').filter_map(|pair| pair.split_once('='));
    let labels: Map<String, Value> = pairs.map(|(key, value)| (key.to_owned(), json!(value))).collect();
    selects(&json!({"matchLabels": labels}), object)
}

/// Lays a patch over an object, as a merge patch does; lists of named things are merged by name, as a strategic one does.
pub(super) fn merge(object: &mut Value, patch: &Value) {
    match patch {
        Value::Object(fields) => {
            if !object.is_object() {
                *object = json!({});
            }
            for (key, value) in fields {
                if value.is_null() {
                    object.as_object_mut().unwrap().remove(key);
                } else {
                    merge(&mut object[key], value);
                }
            }
        }
        Value::Array(items) if items.iter().all(|item| item["name"].is_string()) && object.is_array() => {
            for item in items {
                let known =
                    object.as_array_mut().unwrap().iter_mut().find(|known| known["name"] == item["name"]);
                merge(known.unwrap(), item);
            }
        }
        other => *object = other.clone(),
    }
}
