//! A lab in a namespace of a cluster. It is applied with `kubectl apply -k` by whoever may do that, and found here:
//! its tokens in its Secret, its controller through a port-forward. `kubectl` is asked, because it knows every way in
//! which people sign in to their clusters.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use controller::api::Role;
use drill::Plan;
use platform::{Away, LabFile, Tokens};
use tokio::process::Command;

use super::program;
use super::tunnel;
use crate::api::Api;
use crate::exit::{Exit, Failure};
use crate::launch::Launch;
use crate::output::narrate;

/// Where the lab's objects come from.
const APPLY: &str = "kubectl apply -k deploy/kubernetes/overlays/single-node";
/// Images have to be pulled, and pods wait for the Secret that the guard makes.
const READY_WITHIN: Duration = Duration::from_secs(300);
/// Between two looks.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// The kinds of objects that a lab is made of.
const KINDS: &str = "statefulsets,deployments,services,configmaps,secrets,poddisruptionbudgets,networkpolicies,\
    rolebindings,roles,serviceaccounts,persistentvolumeclaims,resourcequotas,limitranges";
/// What the controller is told beside its settings: a plan tells faults and answers, so it is in a Secret that people of
/// a team may not read.
const PLAN: &str = "firedrill-plan";
/// The Secret that holds no operator's token (deploy/kubernetes/components/team).
const TEAM: &str = "firedrill-candidate";
/// Prints a Secret as lines `name=value`.
const TOKENS: &str =
    r#"go-template={{range $name, $value := .data}}{{$name}}={{$value | base64decode}}{{"\n"}}{{end}}"#;

/// A namespace, and how its cluster is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cluster {
    context: Option<String>,
    namespace: String,
}

impl Cluster {
    pub(crate) fn new(context: Option<String>, namespace: &str) -> Self {
        Self { context, namespace: namespace.to_owned() }
    }

    /// Arguments that every question begins with.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let mut arguments = Vec::new();
        if let Some(context) = &self.context {
            arguments.extend(["--context".to_owned(), context.clone()]);
        }
        arguments.extend(["--namespace".to_owned(), self.namespace.clone()]);
        arguments
    }

    async fn ask(&self, words: &[&str], what: &str) -> Result<String, Failure> {
        let mut command = Command::new("kubectl");
        command.args(self.arguments()).args(words);
        let hint = "`firedrill doctor --platform kubernetes` says what is missing";
        program::run(command, what, hint).await
    }
}

/// Attaches to the lab in a namespace, waiting until it is ready.
pub(crate) async fn launch(launch: &Launch<'_>) -> Result<(LabFile, Duration), Failure> {
    let start = Instant::now();
    let flags = &launch.platform;
    refuse(launch)?;
    let namespace = flags.namespace();
    let cluster = Cluster::new(flags.context.clone(), namespace);
    if cluster.ask(&["get", "deployment", "controller"], "find the lab").await.is_err() {
        // Told with the cluster's own words if it cannot be asked at all.
        cluster.ask(&["get", "pods"], "ask the cluster").await?;
        return Err(Failure::unexpected(format!("there is no lab in the namespace `{namespace}`"))
            .hint(format!("`{APPLY}` starts one; then this command again")));
    }
    let tokens = tokens(&cluster).await?;
    let away = Away::Kubernetes { context: flags.context.clone(), namespace: namespace.to_owned() };
    let url = flags.controller_url.clone().unwrap_or_default();
    let mut file = LabFile::of_away(launch.lab, &url, tokens, away);
    file.save(launch.dir)?;
    if url.is_empty() {
        file.controller.url = reached(&cluster).await?;
    }
    ready(&file, &cluster).await?;
    // Who may not change the lab takes it as it is.
    if let Some(plan) = launch.plan.filter(|_| !file.tokens.operator.is_empty()) {
        file = fit(file, &cluster, plan).await?;
    }
    Ok((file, start.elapsed()))
}

/// What a lab in a cluster is told by its settings, and not by whoever attaches to it.
fn refuse(launch: &Launch<'_>) -> Result<(), Failure> {
    for (asked, flag, variable) in [
        (launch.open_book, "--open-book", "FIREDRILL_OPEN_BOOK"),
        (launch.prometheus.is_some(), "--prometheus", "FIREDRILL_PROMETHEUS"),
        (launch.rules.is_some(), "--rules", ""),
    ] {
        if asked {
            let failure = Failure::new(Exit::Usage, format!("{flag} does not reach into a cluster"));
            let settings = "deploy/kubernetes/base/settings.env, or an overlay's own,";
            return Err(match variable {
                "" => failure.hint("the rules are those of deploy/prometheus, which the overlay takes along"),
                variable => failure.hint(format!("set {variable} in {settings} and apply again")),
            });
        }
    }
    Ok(())
}

/// Starts bank, search and controller again with what the plan says of them, unless they have it already.
pub(super) async fn fit(file: LabFile, cluster: &Cluster, plan: &Plan) -> Result<LabFile, Failure> {
    let there: Plan = Api::of(&file, Role::Operator).get("/api/plan").await?;
    if there.bank == plan.bank && there.search == plan.search {
        return Ok(file);
    }
    narrate(&format!("bank and search are started again, as {} asks for", plan.drill));
    let of = |names: &[&str]| -> Vec<String> {
        let all = super::docker::of_plan(plan);
        all.into_iter()
            .filter(|(name, _)| names.iter().any(|of| name.starts_with(of)))
            .map(assigned)
            .collect()
    };
    let mut bank = of(&["FIREDRILL_BANK"]);
    if plan.bank.second_region.is_none() {
        // A bank that had a second region has none now.
        bank.extend(
            ["FIREDRILL_BANK_SECOND_LATENCY-", "FIREDRILL_BANK_SECOND_LOOKUP_LATENCY-"].map(String::from),
        );
    }
    for (object, variables) in [("statefulset/bank", bank), ("statefulset/search", of(&["FIREDRILL_INDEX"]))]
    {
        let mut words = vec!["set", "env", object];
        words.extend(variables.iter().map(String::as_str));
        cluster.ask(&words, &format!("change {object}")).await?;
    }
    let whole = format!("--from-literal={}", of(&["FIREDRILL_PLAN"]).concat());
    for words in [
        vec!["delete", "secret", PLAN, "--ignore-not-found"],
        vec!["create", "secret", "generic", PLAN, &whole],
        vec!["label", "secret", PLAN, "app.kubernetes.io/part-of=firedrill"],
        vec!["rollout", "restart", "deployment/controller"],
    ] {
        cluster.ask(&words, "give the controller the drill's plan").await?;
    }
    for object in ["statefulset/bank", "statefulset/search", "deployment/controller"] {
        let words = ["rollout", "status", object, "--timeout=180s"];
        cluster.ask(&words, &format!("start {object} again")).await?;
    }
    // The controller is another pod now.
    ready(&file, cluster).await?;
    Ok(file)
}

fn assigned((name, value): (&str, String)) -> String {
    format!("{name}={value}")
}

/// Deletes the objects of a lab. The namespace is left: it may be somebody's.
pub(super) async fn down(cluster: &Cluster) -> Result<(), Failure> {
    tunnel::close_all();
    let delete = ["delete", KINDS, "--selector", "app.kubernetes.io/part-of=firedrill", "--ignore-not-found"];
    cluster.ask(&delete, "delete the lab's objects").await.map(drop)
}

/// The tokens that the guard made, or those of them that people of a team may read; waits for them.
async fn tokens(cluster: &Cluster) -> Result<Tokens, Failure> {
    let deadline = Instant::now() + READY_WITHIN;
    let mut secret = "firedrill-tokens";
    loop {
        let words = ["get", "secret", secret, "--output", TOKENS];
        match cluster.ask(&words, "read the lab's tokens").await {
            Ok(text) => return Ok(read(&text)),
            Err(failure) if secret != TEAM && failure.plain().contains("Forbidden") => secret = TEAM,
            Err(failure) if Instant::now() >= deadline => return Err(failure),
            Err(_) => tokio::time::sleep(LOOK_AGAIN).await,
        }
    }
}

fn read(text: &str) -> Tokens {
    let values: BTreeMap<&str, &str> = text.lines().filter_map(|line| line.split_once('=')).collect();
    let of = |name: &str| values.get(name).copied().unwrap_or_default().to_owned();
    Tokens {
        lab: of("FIREDRILL_TOKEN"),
        observer: of("FIREDRILL_OBSERVER_TOKEN"),
        candidate: of("FIREDRILL_CANDIDATE_TOKEN"),
        operator: of("FIREDRILL_OPERATOR_TOKEN"),
    }
}

/// A tunnel to the controller, whose pod may not run yet.
async fn reached(cluster: &Cluster) -> Result<String, Failure> {
    let deadline = Instant::now() + READY_WITHIN;
    let mut told = String::new();
    loop {
        let failure = match tunnel::open(cluster) {
            Ok(url) => return Ok(url),
            Err(failure) => failure,
        };
        if Instant::now() >= deadline {
            return Err(failure);
        }
        if failure.message != told {
            narrate(&failure.message);
            told.clone_from(&failure.message);
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// Waits for the controller's word that a checkout was answered, and tells what it waits for.
async fn ready(file: &LabFile, cluster: &Cluster) -> Result<(), Failure> {
    let deadline = Instant::now() + READY_WITHIN;
    let client = platform::http::Client::new(&file.controller.url, "").patient(Duration::from_secs(2));
    let mut told = String::new();
    while Instant::now() < deadline {
        let answer = client.send(hyper::Method::GET, "/readyz", None).await;
        if answer.is_ok_and(|answer| answer.status.is_success()) {
            return Ok(());
        }
        let waiting = not_ready(cluster).await;
        if !waiting.is_empty() && waiting != told {
            narrate(&format!("waiting for {waiting}"));
            told = waiting;
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    let pods = cluster.ask(&["get", "pods", "--output", "wide"], "list the pods").await.unwrap_or_default();
    Err(Failure::unexpected(format!("lab `{}` did not get ready ({} s)", file.lab, READY_WITHIN.as_secs()))
        .detail(pods)
        .hint("`kubectl describe pod` and `kubectl get events` say why a pod does not start"))
}

/// The lab's pods that are not ready, by name.
async fn not_ready(cluster: &Cluster) -> String {
    let columns = "custom-columns=NAME:.metadata.name,READY:.status.conditions[?(@.type=='Ready')].status";
    let words = [
        "get",
        "pods",
        "--selector",
        "app.kubernetes.io/part-of=firedrill",
        "--no-headers",
        "--output",
        columns,
    ];
    let pods = cluster.ask(&words, "list the pods").await.unwrap_or_default();
    let waits = |line: &&str| !line.ends_with("True");
    let names: Vec<&str> =
        pods.lines().filter(waits).filter_map(|line| line.split_whitespace().next()).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_is_asked_in_its_context_and_namespace() {
        let here = Cluster::new(None, "team-a").arguments();
        assert_eq!(here, ["--namespace", "team-a"]);
        let there = Cluster::new(Some("prod".to_owned()), "x").arguments();
        assert_eq!(there, ["--context", "prod", "--namespace", "x"]);
    }

    #[test]
    fn the_secret_s_lines_are_the_lab_s_tokens() {
        let tokens = read("FIREDRILL_TOKEN=a\nFIREDRILL_OPERATOR_TOKEN=d=\n");
        assert_eq!(
            (tokens.lab.as_str(), tokens.operator.as_str(), tokens.candidate.as_str()),
            ("a", "d=", "")
        );
    }
}
