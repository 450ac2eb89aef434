//! Alternatives. A schema says only that none of them fits; a person wants to know what is wrong
//! with the one that was meant, so this finds out which one that was.

use serde_json::Value;

use super::{Findings, Place, Walker, describe, did_you_mean, slip};
use crate::{
    diagnostic::Finding,
    tree::{Kind, Node},
};

impl<'a> Walker<'a> {
    pub(super) fn choose(&mut self, branches: &'a [Value], node: &Node, place: &Place) -> Findings {
        let mut tried: Vec<(&Value, Findings)> = Vec::new();
        for branch in branches {
            let branch = self.resolve(branch);
            let found = self.check(branch, node, place.clone());
            if found.is_empty() {
                return found;
            }
            tried.push((branch, found));
        }
        if let Some(found) = self.tagged(branches, node, place) {
            return found;
        }
        // Of the right shape: the author meant one of these.
        let meant: Vec<&(&Value, Findings)> =
            tried.iter().filter(|(branch, _)| self.same_shape(branch, node)).collect();
        match (&meant[..], &node.kind) {
            ([(_, found)], Kind::Map(_) | Kind::List(_)) => found.clone(),
            ([(branch, found)], _) if describe::words(branch).is_none() => found.clone(),
            ([_, ..], Kind::Map(_) | Kind::List(_)) => {
                let best = meant.iter().min_by_key(|(_, found)| found.len());
                best.map(|(_, found)| found.clone()).unwrap_or_default()
            }
            _ => vec![(place.span.clone(), self.none_fits(branches, node, place))],
        }
    }

    /// An externally tagged type: the key says which alternative was meant.
    fn tagged(&mut self, branches: &'a [Value], node: &Node, place: &Place) -> Option<Findings> {
        let branches: Vec<&'a Value> = branches.iter().map(|branch| self.resolve(branch)).collect();
        let tags: Vec<(&str, &'a Value)> = branches
            .into_iter()
            .filter_map(|branch| describe::tag(branch).map(|tag| (tag, branch)))
            .collect();
        let names = || tags.iter().map(|(tag, _)| *tag);
        let allowed = names().collect::<Vec<_>>().join(", ");
        if tags.len() < 2 {
            return None;
        }
        match &node.kind {
            Kind::Map(entries) => {
                let unknown = entries.iter().filter(|(key, _)| !names().any(|tag| tag == key.name));
                let found: Findings = unknown
                    .map(|(key, _)| {
                        let finding = Finding::new(format!("unknown kind `{}`", key.name));
                        let finding = finding.allowed(&allowed);
                        (key.span.clone(), finding.maybe_hint(did_you_mean(&key.name, names())))
                    })
                    .collect();
                if !found.is_empty() {
                    return Some(found);
                }
                let meant = entries.first().filter(|_| entries.len() == 1);
                if let Some(branch) = meant.and_then(|(key, _)| {
                    tags.iter().find(|(tag, _)| *tag == key.name).map(|(_, branch)| branch)
                }) {
                    return Some(self.check(branch, node, place.clone()));
                }
                let message = format!("{} must hold exactly one kind", place.subject());
                Some(vec![(place.span.clone(), Finding::new(message).allowed(allowed))])
            }
            Kind::Text(text) if names().any(|tag| tag == text) => {
                let message = format!("`{text}` needs its own keys");
                let finding = Finding::new(message).hint(format!("write `{{{text}: {{...}}}}`"));
                Some(vec![(place.span.clone(), finding)])
            }
            _ => None,
        }
    }

    fn none_fits(&self, branches: &'a [Value], node: &Node, place: &Place) -> Finding {
        let mut parts: Vec<String> = Vec::new();
        let mut hint = None;
        for branch in branches {
            let branch = self.resolve(branch);
            let part = describe::describe(self, branch);
            if part != "nothing" && !parts.contains(&part) {
                parts.push(part);
            }
            hint = hint.or_else(|| slip(branch, node));
        }
        let fresh = self.misfit(&Value::Null, node, place);
        Finding { hint, ..fresh.allowed(parts.join(", ")) }
    }

    /// Whether a branch is for this kind of node at all.
    fn same_shape(&self, branch: &'a Value, node: &Node) -> bool {
        let branch = self.resolve(branch);
        if let Some(words) = describe::words(branch) {
            // A word is as near to any text as a pattern is, and to nothing else.
            return words.iter().any(Value::is_string) && matches!(node.kind, Kind::Text(_));
        }
        for keyword in ["anyOf", "oneOf"] {
            if let Some(inner) = branch.get(keyword).and_then(Value::as_array) {
                return inner.iter().any(|inner| self.same_shape(inner, node));
            }
        }
        self.fits(branch, node)
    }
}
