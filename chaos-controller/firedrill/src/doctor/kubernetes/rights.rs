//! Whether whoever asks may apply a lab: make its objects, and grant the guard what its Role says, which nobody may who has
//! not got it. One question tells all rules; a cluster that asks somebody else about rights may not know them all.

use serde_json::{Value, json};

use super::super::{Finding, State};
use super::Cluster;

/// What `kubectl apply -k` and the commands of a drill do: (group, resource, verbs).
const NEEDED: [(&str, &str, &[&str]); 12] = [
    ("apps", "deployments", &["get", "create", "patch", "delete"]),
    ("apps", "statefulsets", &["get", "list", "create", "patch", "delete"]),
    ("", "services", &["get", "create", "patch", "delete"]),
    ("", "configmaps", &["get", "create", "patch", "delete"]),
    ("", "serviceaccounts", &["get", "create", "patch", "delete"]),
    ("", "secrets", &["get", "create", "delete"]),
    ("", "pods", &["get", "list", "patch", "delete"]),
    ("", "pods/portforward", &["create"]),
    ("policy", "poddisruptionbudgets", &["get", "create", "patch", "delete"]),
    ("networking.k8s.io", "networkpolicies", &["get", "list", "create", "delete"]),
    ("rbac.authorization.k8s.io", "roles", &["get", "create", "patch", "delete"]),
    ("rbac.authorization.k8s.io", "rolebindings", &["get", "create", "patch", "delete"]),
];
const RULES: &str = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";

pub(super) async fn look(cluster: &Cluster) -> Finding {
    let question = json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectRulesReview",
        "spec": {"namespace": cluster.namespace},
    });
    match cluster.review(RULES, &question).await {
        Ok(answer) => judge(&answer["status"], &cluster.namespace),
        Err(said) => {
            let todo =
                "`kubectl auth can-i --list` says the same; `kubectl apply --dry-run=server -k` tries it";
            Finding::new(State::Warn, "rights", said, todo)
        }
    }
}

fn judge(status: &Value, namespace: &str) -> Finding {
    let rules: Vec<&Value> = status["resourceRules"].as_array().into_iter().flatten().collect();
    let mut missing = Vec::new();
    for (group, resource, verbs) in NEEDED {
        let lacking: Vec<&str> = verbs
            .iter()
            .copied()
            .filter(|verb| !rules.iter().any(|rule| grants(rule, group, resource, verb)))
            .collect();
        if !lacking.is_empty() {
            missing.push(format!("{} {resource}", lacking.join("/")));
        }
    }
    if missing.is_empty() {
        return Finding::ok("rights", format!("all that a lab in `{namespace}` takes"));
    }
    let seen = format!("in `{namespace}` you may not {}", missing.join(", "));
    // Rules that are kept elsewhere are not in the answer.
    if status["incomplete"] == true {
        let todo = "the cluster does not know all rules; `kubectl apply --dry-run=server -k` tries them";
        return Finding::new(State::Warn, "rights", seen, todo);
    }
    let todo = "ask for the role `admin` of that namespace, or use another one: `--namespace`";
    Finding::new(State::Fail, "rights", seen, todo)
}

/// Whether a rule lets its holder do this to every object of a kind. One for named objects only does not.
fn grants(rule: &Value, group: &str, resource: &str, verb: &str) -> bool {
    let has = |list: &str, wanted: &str| {
        rule[list].as_array().into_iter().flatten().any(|one| one == wanted || one == "*")
    };
    let named = rule["resourceNames"].as_array().is_some_and(|names| !names.is_empty());
    !named && has("apiGroups", group) && has("resources", resource) && has("verbs", verb)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_do_everything_may_apply_a_lab() {
        let all = json!({"resourceRules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]});
        assert_eq!(judge(&all, "x").state, State::Ok);
    }

    #[test]
    fn what_is_missing_is_told_by_kind_and_verb() {
        let rest: Vec<Value> = NEEDED
            .iter()
            .filter(|(_, resource, _)| *resource != "roles")
            .map(|(group, resource, verbs)| json!({"apiGroups": [group], "resources": [resource], "verbs": verbs}))
            .chain([json!({"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["roles"], "verbs": ["get"]})])
            .chain([json!({"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"], "resourceNames": ["one"]})])
            .collect();
        let finding = judge(&json!({"resourceRules": rest}), "team-a");
        assert_eq!(
            (finding.state, finding.seen.as_str()),
            (State::Fail, "in `team-a` you may not create/patch/delete roles")
        );
        let finding = judge(&json!({"resourceRules": rest, "incomplete": true}), "team-a");
        assert_eq!(finding.state, State::Warn, "somebody else may allow it");
    }
}
