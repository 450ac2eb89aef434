//! Actions that leave the cascade possible. Each mechanism that the run's recording shows needs an action that cuts it; the
//! drill's answer is not asked, so a remedy that nobody foresaw counts if it reaches the mechanism.

use super::{Page, Place, Problem, problem};
use crate::postmortem::actions::{self, Action, Kind};
use crate::postmortem::levers;
use crate::scorecard::Scorecard;
use crate::truth::Mechanism;

pub(super) fn check(page: &Page<'_>, card: &Scorecard) -> Vec<Problem> {
    let Some((head, actions)) = actions::table(page) else { return Vec::new() };
    if actions.is_empty() {
        return Vec::new();
    }
    uncut(&actions, &card.truth.mechanisms)
        .into_iter()
        .map(|mechanism| told(mechanism, &actions, head))
        .collect()
}

/// The mechanisms that no action cuts, one of each kind.
fn uncut<'m>(actions: &[Action], mechanisms: &'m [Mechanism]) -> Vec<&'m Mechanism> {
    let mut uncut: Vec<&Mechanism> = Vec::new();
    for mechanism in mechanisms {
        let known = uncut.iter().any(|other| other.kind == mechanism.kind);
        if !known && !actions.iter().any(|action| cuts(action, mechanism)) {
            uncut.push(mechanism);
        }
    }
    uncut
}

/// To see something earlier, or to work otherwise, keeps nothing from climbing.
fn cuts(action: &Action, mechanism: &Mechanism) -> bool {
    let acts = !matches!(action.kind, Some(Kind::Detect | Kind::Process)) && !action.is_given_up();
    let (wanted, _) = levers::cuts(mechanism.kind);
    acts && levers::named(&action.text)
        .into_iter()
        .any(|lever| wanted.contains(&lever) && levers::reaches(lever, &action.text, &mechanism.at))
}

fn told(mechanism: &Mechanism, actions: &[Action], head: Place) -> Problem {
    let words = levers::said(mechanism.kind);
    let (wanted, better) = levers::cuts(mechanism.kind);
    let near =
        actions.iter().find(|action| levers::named(&action.text).iter().any(|lever| wanted.contains(lever)));
    let but = near.map_or_else(String::new, |action| {
        let id = if action.id.is_empty() { "one item" } else { action.id.as_str() };
        match action.kind {
            _ if action.is_given_up() => format!("; {id} would, and is given up"),
            Some(kind @ (Kind::Detect | Kind::Process)) => {
                format!("; {id} is kind {}, which cuts nothing", kind.name())
            }
            _ => format!("; {id} works elsewhere"),
        }
    });
    let why = format!("no action cuts this: {} ({}){but}", mechanism.what, mechanism.evidence);
    problem(head, &format!("{words} at {}", mechanism.at), why, better)
}
