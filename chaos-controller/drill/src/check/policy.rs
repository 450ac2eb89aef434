//! Policies: the naive document, and patches on it. The rules are `resilience`'s; this finds the
//! word in the file that each problem is about.

use resilience::policy::{self, Problem};
use resilience::shift;
use serde_json::Value;

use super::Report;
use crate::{
    diagnostic::Finding,
    schema::{did_you_mean, walk},
    tree::{Key, Kind, Node},
};

/// Whether the schema of a larger file has already looked at the shape of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Told,
    Untold,
}

/// What is left of a policy without what its shape forbids, for the rules to look at: one slip must
/// not hide all other problems.
fn well_shaped(report: &mut Report<'_>, node: &Node, schema: &Value, shape: Shape) -> Node {
    let mut places = Vec::new();
    for (span, finding) in walk(schema, node) {
        places.push(span.clone());
        if shape == Shape::Untold {
            report.add(span, finding);
        }
    }
    node.without(&places)
}

/// Checks a whole document. `true` if nothing is wrong with it.
pub(crate) fn check_document(report: &mut Report<'_>, node: &Node, shape: Shape) -> bool {
    let mut left = well_shaped(report, node, &policy::schema(), shape).to_value();
    let whole = left == node.to_value();
    if let Some(document) = left.as_object_mut() {
        // A wrong version is told already, and says nothing about the rest.
        document.entry("version").or_insert_with(|| policy::document::VERSION.into());
    }
    check_rules(report, &left, None, node) && whole
}

/// Checks a merge patch on `before` and gives what it leads to, if that is sound.
pub(crate) fn check_patch(
    report: &mut Report<'_>,
    before: &Value,
    key: Option<&Key>,
    patch: &Node,
) -> Option<Value> {
    let shape = if key.is_some() { Shape::Told } else { Shape::Untold };
    let left = well_shaped(report, patch, &policy::patch_schema(), shape).to_value();
    let after = policy::merge(before, &left);
    (check_rules(report, &after, key, patch) && left == patch.to_value()).then_some(after)
}

/// Checks a document by the rules of the shop and points at `node`, which is the document itself or
/// the patch (with its key) that led to it.
fn check_rules(report: &mut Report<'_>, document: &Value, key: Option<&Key>, node: &Node) -> bool {
    if !matches!(node.kind, Kind::Map(_)) {
        return false; // its shape is all that can be said about it
    }
    let Err(problems) = policy::parse(document) else { return true };
    for problem in problems {
        let mut span = node.place(&problem.keys);
        if let Some(key) = key.filter(|_| span == node.span) {
            span = key.span.clone();
        }
        if problem.keys.is_empty() {
            report.remark(span, finding(problem));
        } else {
            report.add(span, finding(problem));
        }
    }
    false
}

/// A problem of `resilience` in our form. Its path is said, because in a patch the wrong value may
/// stand elsewhere.
fn finding(problem: Problem) -> Finding {
    let message = match problem.path.as_str() {
        "" => problem.message,
        path => format!("{path}: {}", problem.message),
    };
    Finding { message, allowed: problem.allowed, hint: problem.hint }
}

/// Whether the bank of a drill has no second region.
pub(crate) fn has_one_region(drill: &Node) -> bool {
    drill.get("bank").is_some_and(|bank| bank.get("second_region").is_none())
}

/// Says what of a policy, or of a patch, sends calls to a region that the bank of `drill` does not have.
pub(crate) fn check_regions(report: &mut Report<'_>, drill: &Node, node: &Node) {
    if has_one_region(drill) {
        for problem in shift::sent_nowhere(&node.to_value()) {
            report.add(node.place(&problem.keys), finding(problem));
        }
    }
}

/// For names that are checked here.
pub(crate) fn unknown(kind: &str, name: &str, known: &[String]) -> Finding {
    Finding::new(format!("there is no {kind} `{name}`"))
        .allowed(known.join(", "))
        .maybe_hint(did_you_mean(name, known.iter().map(String::as_str)))
}
