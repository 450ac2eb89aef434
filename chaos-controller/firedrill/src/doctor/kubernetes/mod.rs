//! A cluster: whether a lab can be applied to it and will run there. `kubectl` is asked, because it knows every way in
//! which people sign in; what is asked goes to the API as it is (`--raw`), so that an answer means the same everywhere.
//!
//! Nothing is changed. Whether a namespace's policies are enforced only a lab itself can prove, and its guard does.

mod rights;
mod room;

use serde_json::Value;

use super::program::{Silence, ask, version};
use super::{Finding, State};

/// The oldest cluster and client that know what the manifests say.
const OLDEST: (u32, u32) = (1, 27);
/// The oldest kustomize of a client.
const KUSTOMIZE: (u32, u32) = (5, 0);
/// A cluster that takes longer is none to drill on.
const TIMEOUT: &str = "--request-timeout=5s";
/// What pods may be at most where the label of a namespace says so; the lab's pods keep to the strictest.
const ENFORCE: &str = "pod-security.kubernetes.io/enforce";

/// Which cluster, and where in it.
#[derive(Debug, Clone)]
pub(crate) struct Cluster {
    pub(crate) context: Option<String>,
    pub(crate) namespace: String,
}

/// Whether there is anything of Kubernetes here.
pub(crate) async fn is_there() -> bool {
    ask("kubectl", &["version", "--client"], "").await != Err(Silence::Absent)
}

/// Looks at the client, then at the cluster as far as it answers.
pub(crate) async fn look(cluster: &Cluster) -> Vec<Finding> {
    let mut found = match client().await {
        Ok(client) => vec![client],
        Err(absent) => return vec![absent],
    };
    match cluster.context().await {
        Ok(context) => found.push(Finding::ok("context", context)),
        Err(finding) => {
            found.push(finding);
            return found;
        }
    }
    match cluster.get("/version").await {
        Ok(about) => found.push(server(&about)),
        Err(said) => {
            let todo = "is the cluster up, and are you signed in? `kubectl get --raw /version` says the same";
            found.push(Finding::new(State::Fail, "cluster", said, todo));
            return found;
        }
    }
    found.push(cluster.namespace().await);
    found.push(rights::look(cluster).await);
    found.extend(room::look(cluster).await);
    found
}

/// `Err` if it cannot be asked anything.
async fn client() -> Result<Finding, Finding> {
    let todo = "install kubectl 1.27 or newer: https://kubernetes.io/docs/tasks/tools/";
    let said = match ask("kubectl", &["version", "--client", "--output", "json"], "").await {
        Ok(said) => said,
        Err(silence) => return Err(Finding::new(State::Fail, "kubectl", silence.told("kubectl"), todo)),
    };
    let about: Value = serde_json::from_str(&said).unwrap_or_default();
    let own = about["clientVersion"]["gitVersion"].as_str().unwrap_or("unknown");
    let kustomize = about["kustomizeVersion"].as_str().unwrap_or("unknown");
    let young = version(own) >= Some(OLDEST) && version(kustomize) >= Some(KUSTOMIZE);
    let state = if young { State::Ok } else { State::Fail };
    Ok(Finding::new(state, "kubectl", format!("{own}, kustomize {kustomize}"), todo))
}

fn server(about: &Value) -> Finding {
    let told = about["gitVersion"].as_str().unwrap_or("unknown");
    let state = if version(told) >= Some(OLDEST) { State::Ok } else { State::Fail };
    Finding::new(state, "cluster", told, "the manifests need Kubernetes 1.27 or newer")
}

impl Cluster {
    fn arguments(&self) -> Vec<&str> {
        let context = self.context.as_deref().map(|context| ["--context", context]);
        context.into_iter().flatten().chain([TIMEOUT]).collect()
    }

    /// The context that is meant.
    async fn context(&self) -> Result<String, Finding> {
        if let Some(context) = &self.context {
            return Ok(context.clone());
        }
        if let Ok(current) = ask("kubectl", &["config", "current-context"], "").await {
            return Ok(current.trim().to_owned());
        }
        let all =
            ask("kubectl", &["config", "get-contexts", "--output", "name"], "").await.unwrap_or_default();
        let all: Vec<&str> = all.lines().collect();
        let todo = if all.is_empty() {
            "there is none to choose from: point KUBECONFIG at the file that your cluster gave you".to_owned()
        } else {
            format!("`kubectl config use-context NAME`, or `--context NAME`; there is {}", all.join(", "))
        };
        Err(Finding::new(State::Fail, "context", "no cluster is chosen", todo))
    }

    /// What the API answers to a GET; else the complaint.
    async fn get(&self, path: &str) -> Result<Value, String> {
        self.raw("get", path, "").await
    }

    /// What the API answers to a question that is asked by making an object of it.
    async fn review(&self, path: &str, review: &Value) -> Result<Value, String> {
        self.raw("create", path, &review.to_string()).await
    }

    async fn raw(&self, verb: &str, path: &str, body: &str) -> Result<Value, String> {
        let mut args = self.arguments();
        args.extend([verb, "--raw", path]);
        if !body.is_empty() {
            args.extend(["--filename", "-"]);
        }
        let said = ask("kubectl", &args, body).await.map_err(|silence| silence.told("kubectl"))?;
        serde_json::from_str(&said)
            .map_err(|error| format!("the cluster answers {path} with no JSON: {error}"))
    }

    async fn namespace(&self) -> Finding {
        let name = &self.namespace;
        let about = match self.get(&format!("/api/v1/namespaces/{name}")).await {
            Ok(about) => about,
            Err(said) if said.contains("NotFound") || said.contains("not found") => {
                return Finding::ok("namespace", format!("`{name}` is not there yet; the overlay makes it"));
            }
            Err(said) => {
                let todo = "you may not look at it; ask who owns the cluster for a namespace, or name yours: `--namespace`";
                return Finding::new(State::Warn, "namespace", format!("`{name}`: {said}"), todo);
            }
        };
        let labels = &about["metadata"]["labels"];
        let enforced = labels[ENFORCE].as_str().map_or_else(
            || "no pod security level".to_owned(),
            |level| format!("pod security level `{level}`, which the lab's pods keep to"),
        );
        if about["status"]["phase"] == "Terminating" {
            let todo = "wait until it is gone: `kubectl wait --for=delete namespace/NAME`";
            return Finding::new(State::Fail, "namespace", format!("`{name}` is being deleted"), todo);
        }
        Finding::ok("namespace", format!("`{name}` is there: {enforced}"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_cluster_that_is_too_old_is_told() {
        let state = |told: &str| server(&json!({"gitVersion": told})).state;
        assert_eq!(
            (state("v1.26.9"), state("v1.27.0"), state("v1.32.4+k3s1")),
            (State::Fail, State::Ok, State::Ok)
        );
    }

    #[test]
    fn a_context_that_was_named_is_asked() {
        let cluster = Cluster { context: Some("prod".into()), namespace: "x".into() };
        assert_eq!(cluster.arguments(), ["--context", "prod", TIMEOUT]);
    }
}
