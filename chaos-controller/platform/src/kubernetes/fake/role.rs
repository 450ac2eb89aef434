//! The Role that is shipped, as the API of a cluster reads it.

use serde::Deserialize;

/// What may be asked for.
pub(in crate::kubernetes) struct Role(Vec<Rule>);

#[derive(Deserialize)]
struct Document {
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    resources: Vec<String>,
    #[serde(default)]
    resource_names: Vec<String>,
    verbs: Vec<String>,
    #[serde(rename = "apiGroups")]
    groups: Vec<String>,
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::kubernetes) struct Asked {
    pub(in crate::kubernetes) group: String,
    pub(in crate::kubernetes) resource: String,
    pub(in crate::kubernetes) name: Option<String>,
    pub(in crate::kubernetes) verb: &'static str,
}

impl Role {
    /// The guard's.
    pub(super) fn shipped() -> Self {
        let text = include_str!("../../../../../deploy/kubernetes/base/role.yaml");
        let role = text.split("\n---").next().unwrap();
        Self(serde_saphyr::from_str::<Document>(role).unwrap().rules)
    }

    pub(super) fn allows(&self, asked: &Asked) -> bool {
        self.0.iter().any(|rule| {
            let named = asked.name.as_ref().is_some_and(|name| rule.resource_names.contains(name));
            rule.groups.contains(&asked.group)
                && rule.resources.contains(&asked.resource)
                && rule.verbs.iter().any(|verb| verb == asked.verb)
                && (rule.resource_names.is_empty() || named)
        })
    }

    /// What is listed, and was never asked for.
    pub(super) fn idle(&self, asked: &[Asked]) -> Vec<String> {
        let mut idle = Vec::new();
        for rule in &self.0 {
            for resource in &rule.resources {
                for verb in &rule.verbs {
                    let of_it = |one: &&Asked| {
                        one.verb == verb && one.resource == *resource && rule.groups.contains(&one.group)
                    };
                    let names: Vec<_> = asked.iter().filter(of_it).map(|one| one.name.clone()).collect();
                    if rule.resource_names.is_empty() && names.is_empty() {
                        idle.push(format!("{verb} {resource}"));
                    }
                    let unused =
                        rule.resource_names.iter().filter(|name| !names.contains(&Some((*name).clone())));
                    idle.extend(unused.map(|name| format!("{verb} {resource} {name}")));
                }
            }
        }
        idle
    }
}
