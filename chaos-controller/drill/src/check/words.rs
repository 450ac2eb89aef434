//! What a script says: words that mean something where only some do, ids that are there, and nothing left empty.

use evidence::Said;
use evidence::said::{Audience, HINT_LEVELS, Level, Outcome, Role};

use super::{Report, part, policy::unknown};
use crate::{
    diagnostic::Finding,
    file::candidate::{StepFile, Verb},
    tree::Node,
};

/// Says everything that is wrong with the words of one list of steps.
pub(super) fn check(report: &mut Report<'_>, steps: &[Node]) {
    let mut hypotheses = Vec::new();
    let mut tasks = Vec::new();
    for step in steps {
        let ids = match verb(step) {
            Some(Verb::Hypothesis) => &mut hypotheses,
            Some(Verb::Task) => &mut tasks,
            _ => continue,
        };
        let Some((node, id)) = word(step, "id") else { continue };
        if ids.contains(&id) {
            let finding = Finding::new(format!("`{id}` is taken")).hint("left out, it is the next one");
            report.add(node.span.clone(), finding);
        } else {
            ids.push(id);
        }
    }
    for step in steps {
        let Some(verb) = verb(step) else { continue };
        for (key, allowed) in fixed(verb) {
            let allowed: Vec<String> = allowed.iter().map(|name| (*name).to_owned()).collect();
            let kind = if *key == "to" { "audience" } else { key };
            check_word(report, step, key, kind, &allowed);
        }
        match verb {
            Verb::Conclude => check_word(report, step, "id", "hypothesis", &hypotheses),
            Verb::Done => check_word(report, step, "id", "task", &tasks),
            _ => {}
        }
        check_whole(report, step, verb);
    }
}

/// The keys whose words are given, and the words.
fn fixed(verb: Verb) -> &'static [(&'static str, &'static [&'static str])] {
    match verb {
        Verb::Say => &[("to", &Audience::NAMES)],
        Verb::Severity => &[("level", &Level::NAMES)],
        Verb::Role => &[("role", &Role::NAMES)],
        Verb::Conclude => &[("outcome", &Outcome::NAMES)],
        Verb::Hint => &[("level", &HINT_LEVELS)],
        _ => &[],
    }
}

fn check_word(report: &mut Report<'_>, step: &Node, key: &str, kind: &str, known: &[String]) {
    let Some((node, name)) = word(step, key) else { return };
    if !known.contains(&name) {
        let none = [format!("none, for no {kind} of these steps has an id")];
        let known = if known.is_empty() { &none } else { known };
        report.add(node.span.clone(), unknown(kind, &name, known));
    }
}

/// Nothing that must say something is empty. Keys that are absent are told with the others.
fn check_whole(report: &mut Report<'_>, step: &Node, verb: Verb) {
    let Some(said) = part::<StepFile>(Some(step)).and_then(StepFile::said) else { return };
    for problem in said.problems() {
        // Ids and levels that are left out are given when it is said.
        let given = matches!(&said, Said::Hypothesis { .. } | Said::Task { .. } | Said::Hint { .. });
        let place = step.get(problem.field);
        if given && place.is_none() {
            continue;
        }
        let Some(node) = place.or_else(|| step.get("do")) else { continue };
        let message = format!("`{}` says nothing", if place.is_some() { problem.field } else { verb.name() });
        report.add(node.span.clone(), Finding::new(message).allowed(problem.wanted));
    }
}

fn verb(step: &Node) -> Option<Verb> {
    part(step.get("do"))
}

fn word<'n>(step: &'n Node, key: &str) -> Option<(&'n Node, String)> {
    let node = step.get(key)?;
    Some((node, part(Some(node))?))
}
