//! Whether the nodes have room for a lab, and whether anything there enforces NetworkPolicies. What other pods have taken of
//! a node is not looked at: whoever applies a lab to a full cluster is told by the pods that wait.

use serde_json::Value;

use super::super::{Finding, Limits, State};
use super::Cluster;

/// What the pods of the overlays ask for together: they start only where it is.
const ASKED_MILLICORES: f64 = 330.0;
const ASKED_MIB: f64 = 512.0;
/// What an outage at full scale takes.
const MEMORY_MIB: Limits = Limits { warn: 1_500.0, fail: ASKED_MIB };
const MILLICORES: Limits = Limits { warn: 1_999.0, fail: ASKED_MILLICORES };
/// Parts of the names of what enforces NetworkPolicies, wherever a cluster keeps it.
const ENGINES: [&str; 12] = [
    "calico",
    "cilium",
    "canal",
    "antrea",
    "kube-router",
    "weave",
    "ovnkube",
    "anetd",
    "kindnet",
    "azure-npm",
    "kube-network-policies",
    "aws-node",
];

pub(super) async fn look(cluster: &Cluster) -> Vec<Finding> {
    let todo = "you may not look at nodes; ask who owns the cluster for two cores and 1.5 GiB";
    let nodes = match cluster.get("/api/v1/nodes").await {
        Ok(nodes) => nodes,
        Err(said) => return vec![Finding::new(State::Warn, "nodes", said, todo)],
    };
    let mut found = judge(&nodes);
    let daemons = cluster.get("/apis/apps/v1/daemonsets").await;
    found.push(policies(daemons.as_ref().map_err(String::as_str), &nodes));
    found
}

fn judge(nodes: &Value) -> Vec<Finding> {
    let all: Vec<&Value> = nodes["items"].as_array().into_iter().flatten().collect();
    let usable: Vec<&Value> = all.iter().copied().filter(|node| is_usable(node)).collect();
    let sum = |name: &str, of: fn(&str) -> Option<f64>| -> f64 {
        usable.iter().filter_map(|node| of(node["status"]["allocatable"][name].as_str()?)).sum()
    };
    let state = if usable.is_empty() { State::Fail } else { State::Ok };
    let seen = format!("{} of {} take pods", usable.len(), all.len());
    let todo = "`kubectl describe nodes` says why the others do not: not ready, cordoned, or tainted";
    let millicores = sum("cpu", millicores);
    let cores =
        format!("{:.1} allocatable; the lab's pods ask for {:.2}", millicores / 1e3, ASKED_MILLICORES / 1e3);
    let mib = sum("memory", mib);
    let memory = format!("{mib:.0} MiB allocatable; the lab's pods ask for {ASKED_MIB:.0} MiB");
    vec![
        Finding::new(state, "nodes", seen, todo),
        Finding::new(
            MILLICORES.below(millicores),
            "nodes' cores",
            cores,
            "a lab at full scale wants two; use `--scale 1/4` or less, or a larger node",
        ),
        Finding::new(
            MEMORY_MIB.below(mib),
            "nodes' memory",
            memory,
            "an outage at full scale takes some 500 MiB on top: use a smaller `--scale`, or a larger node",
        ),
    ]
}

fn is_usable(node: &Value) -> bool {
    let ready = |condition: &Value| condition["type"] == "Ready" && condition["status"] == "True";
    let bars = |taint: &Value| taint["effect"] == "NoSchedule" || taint["effect"] == "NoExecute";
    let of = |pointer: &str| node.pointer(pointer).and_then(Value::as_array).into_iter().flatten();
    of("/status/conditions").any(ready) && !of("/spec/taints").any(bars)
}

/// A guess from names. A lab's guard tries it before it cuts anybody off.
fn policies(daemons: Result<&Value, &str>, nodes: &Value) -> Finding {
    let what = "policies";
    let names: Vec<&str> = match daemons {
        Ok(daemons) => {
            let items = daemons["items"].as_array().into_iter().flatten();
            items.filter_map(|daemon| daemon["metadata"]["name"].as_str()).collect()
        }
        Err(_) => Vec::new(),
    };
    if let Some(engine) = names.iter().find(|name| ENGINES.iter().any(|engine| name.contains(engine))) {
        return Finding::ok(what, format!("{engine} is there: NetworkPolicies are probably enforced"));
    }
    let versions = nodes["items"].as_array().into_iter().flatten();
    let mut versions = versions.filter_map(|node| node["status"]["nodeInfo"]["kubeletVersion"].as_str());
    if versions.any(|version| version.contains("+k3s")) {
        return Finding::ok(what, "k3s brings its own: NetworkPolicies are probably enforced");
    }
    let seen = match daemons {
        Ok(_) => "nothing that enforces NetworkPolicies was recognized".to_owned(),
        Err(said) => format!("you may not look for what enforces NetworkPolicies: {said}"),
    };
    let todo = "the lab runs without; the fault `disconnect` is refused where cutting off does not work, and the component \
                network-policies protects nobody";
    Finding::new(State::Warn, what, seen, todo)
}

/// A quantity of processor time: `1930m`, `2`.
fn millicores(text: &str) -> Option<f64> {
    match text.strip_suffix('m') {
        Some(number) => number.parse().ok(),
        None => Some(text.parse::<f64>().ok()? * 1e3),
    }
}

/// A quantity of memory: `3978632Ki`, `4Gi`, `4000000000`.
fn mib(text: &str) -> Option<f64> {
    const UNITS: [(&str, f64); 6] =
        [("Ki", 1024.0), ("Mi", 1048576.0), ("Gi", 1073741824.0), ("k", 1e3), ("M", 1e6), ("G", 1e9)];
    let bytes = match UNITS.iter().find(|(unit, _)| text.ends_with(unit)) {
        Some((unit, factor)) => text.trim_end_matches(unit).parse::<f64>().ok()? * factor,
        None => text.parse().ok()?,
    };
    Some(bytes / f64::from(1 << 20))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn node(cpu: &str, memory: &str, taints: Value) -> Value {
        json!({
            "spec": {"taints": taints},
            "status": {
                "allocatable": {"cpu": cpu, "memory": memory},
                "conditions": [{"type": "Ready", "status": "True"}],
                "nodeInfo": {"kubeletVersion": "v1.32.4"},
            },
        })
    }

    fn states(nodes: &[Value]) -> Vec<State> {
        judge(&json!({"items": nodes})).into_iter().map(|finding| finding.state).collect()
    }

    #[test]
    fn room_is_that_of_the_nodes_that_take_pods() {
        let good = node("2", "4Gi", Value::Null);
        assert_eq!(states(std::slice::from_ref(&good)), [State::Ok; 3]);
        let barred = node("64", "512Gi", json!([{"effect": "NoSchedule"}]));
        let small = node("930m", "1048576Ki", Value::Null);
        assert_eq!(states(&[small, barred.clone()]), [State::Ok, State::Warn, State::Warn]);
        assert_eq!(states(&[barred]), [State::Fail; 3]);
    }

    #[test]
    fn who_enforces_policies_is_known_by_name_and_else_to_be_minded() {
        let nodes = json!({"items": [node("2", "4Gi", Value::Null)]});
        let daemons = |name: &str| json!({"items": [{"metadata": {"name": name}}]});
        assert_eq!(policies(Ok(&daemons("calico-node")), &nodes).state, State::Ok);
        assert_eq!(policies(Ok(&daemons("kube-flannel-ds")), &nodes).state, State::Warn);
        assert_eq!(policies(Err("forbidden"), &nodes).state, State::Warn);
    }

    #[test]
    fn the_pods_of_the_manifests_ask_for_what_is_told() {
        let base = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/kubernetes/base");
        let files = [base.clone(), base.join("shop")].map(|folder| std::fs::read_dir(folder).unwrap());
        let (mut cores, mut memory) = (0.0, 0.0);
        for file in files.into_iter().flatten().flatten().filter(|file| file.path().is_file()) {
            let text = std::fs::read_to_string(file.path()).unwrap();
            for asked in text.lines().filter_map(|line| line.trim().strip_prefix("requests: {cpu: ")) {
                let (cpu, rest) = asked.split_once(", memory: ").unwrap();
                cores += millicores(cpu).unwrap();
                memory += mib(rest.trim_end_matches('}')).unwrap();
            }
        }
        assert_eq!((cores, memory), (ASKED_MILLICORES, ASKED_MIB));
    }

    #[test]
    fn quantities_are_those_of_kubernetes() {
        assert_eq!(
            (millicores("1930m"), millicores("2"), millicores("?")),
            (Some(1930.0), Some(2000.0), None)
        );
        assert_eq!((mib("4Gi"), mib("2048Ki"), mib("1048576")), (Some(4096.0), Some(2.0), Some(1.0)));
    }
}
