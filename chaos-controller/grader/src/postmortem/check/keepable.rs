//! Items that nobody can keep as they stand: still open on a day that is past, or proven by a drill that does not exist.
//! Neither follows from the text, so whoever calls says what day it is and which drills there are; what is not said is
//! not judged.

use super::items::{name, place};
use super::{Around, Page, Problem, problem};
use crate::postmortem::actions::{self, Action};

/// From 0 to 1: what is less like a word was not meant by it.
const NEAR: f64 = 0.8;

pub(super) fn check(page: &Page<'_>, around: &Around<'_>) -> Vec<Problem> {
    let Some((_, actions)) = actions::table(page) else { return Vec::new() };
    let of = |action: &Action| [past(page, action, around), unknown(page, action, around)];
    actions.iter().flat_map(of).flatten().collect()
}

fn past(page: &Page<'_>, action: &Action, around: &Around<'_>) -> Option<Problem> {
    let today = around.today?;
    let over = action.is_said_done() || action.is_given_up() || around.closed.contains(&action.id);
    if over || action.due_on()? >= today {
        return None;
    }
    let why = format!("{} is open and its day is past: today is {today}", name(action));
    Some(problem(place(page, action, &action.due), &action.due, why, "a day on which it will be done"))
}

fn unknown(page: &Page<'_>, action: &Action, around: &Around<'_>) -> Option<Problem> {
    let drills = around.drills?;
    let proof = action.proof().filter(|proof| !drills.contains(&proof.drill))?;
    let near = |known: &&String| strsim::jaro_winkler(&proof.drill, known) >= NEAR;
    let likeness = |known: &&String| strsim::jaro_winkler(&proof.drill, known);
    let meant = drills.iter().filter(near).max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    let better = match meant {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("one of {}", drills.join(", ")),
    };
    let why = format!("there is no drill `{}`, so nothing can prove it", proof.drill);
    Some(problem(place(page, action, &action.drill), &action.drill, why, better))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::postmortem::Date;

    fn told(due: &str, drill: &str, status: &str, around: &Around<'_>) -> Vec<String> {
        let text = format!(
            "| id | action | kind | owner | due | drill | status |\n|-|-|-|-|-|-|-|\n| A1 | x | prevent | Ada | {due} | {drill} | {status} |\n"
        );
        check(&Page::read(&text), around)
            .into_iter()
            .map(|one| format!("{}: {}", one.words, one.better))
            .collect()
    }

    #[test]
    fn an_open_item_is_due_today_or_later() {
        let today = Date::parse("2026-11-23");
        let closed = ["A1".to_owned()];
        for (due, status, today, closed, problems) in [
            ("2026-11-22", "open", today, &[][..], 1),
            ("22 Nov 2026", "in progress", today, &[], 1),
            ("2026-11-23", "open", today, &[], 0),
            ("2026-12-01", "open", today, &[], 0),
            ("2026-11-22", "done", today, &[], 0),
            ("2026-11-22", "won't do", today, &[], 0),
            ("2026-11-22", "open", today, &closed, 0),
            ("2026-13-45", "open", today, &[], 0),
            ("2026-11-22", "open", None, &[], 0),
        ] {
            let around = Around { today, drills: None, closed };
            assert_eq!(
                told(due, "bank-slowdown", status, &around).len(),
                problems,
                "{due} {status} {today:?}"
            );
        }
    }

    #[test]
    fn a_drill_that_does_not_exist_proves_nothing_and_a_slip_is_told_what_was_meant() {
        let drills = ["bank-slowdown".to_owned(), "retry-storm".to_owned()];
        for (drill, problems) in [
            ("bank-slowdown", &[][..]),
            ("`retry-storm/smoke@layered`", &[]),
            ("-", &[]),
            ("bank-slodown/smoke", &["bank-slodown/smoke: did you mean `bank-slowdown`?"]),
            ("moon-landing", &["moon-landing: one of bank-slowdown, retry-storm"]),
        ] {
            let around = Around { drills: Some(&drills), ..Around::default() };
            assert_eq!(told("2026-12-01", drill, "open", &around), problems, "{drill}");
            assert!(told("2026-12-01", drill, "open", &Around::default()).is_empty(), "{drill}");
        }
    }
}
