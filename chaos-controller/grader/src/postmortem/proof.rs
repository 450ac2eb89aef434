//! When an action item is done: when a later run of the drill that it names has passed. Said for a rerun that was graded
//! from its own recording; whoever calls has done that.

use super::actions::Action;
use crate::scorecard::Scorecard;
use crate::verdict::Verdict;

/// The run that a postmortem is about.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// Hash of the journal's last line.
    pub head: &'a str,
    /// The journal's wall clock at its start.
    pub started_unix_ms: u64,
}

/// A run that is to prove something.
#[derive(Debug, Clone, Copy)]
pub struct Rerun<'a> {
    /// From its recording, not from a file beside it.
    pub card: &'a Scorecard,
    pub started_unix_ms: u64,
}

/// Whether `rerun` proves an item of the postmortem of `of`.
///
/// # Errors
/// Every reason why it does not.
pub fn proves(action: &Action, of: Origin<'_>, rerun: Rerun<'_>) -> Result<(), Vec<String>> {
    let Some(wanted) = action.proof() else {
        return Err(vec!["the item names no drill that would prove it".to_owned()]);
    };
    let card = rerun.card;
    let mut why = Vec::new();
    if card.head == of.head {
        why.push("it is the run of the postmortem itself".to_owned());
    } else if rerun.started_unix_ms <= of.started_unix_ms {
        why.push("it was played before the run of the postmortem".to_owned());
    }
    if card.drill != wanted.drill {
        why.push(format!("it is of drill `{}`, and the item names `{}`", card.drill, wanted.drill));
    } else if let Some(variant) = wanted.variant.as_ref().filter(|variant| **variant != card.variant) {
        why.push(format!("it is of variant `{}`, and the item names `{variant}`", card.variant));
    }
    match (&card.candidate, &wanted.candidate) {
        (Some(played), None) => why.push(format!(
            "the planted candidate `{played}` played it, which proves the drill and not the change; `{}@{played}` as the item's drill would allow it",
            action.drill.trim().trim_matches('`')
        )),
        (played, Some(wanted)) if played.as_ref() != Some(wanted) => {
            let who = played.as_ref().map_or_else(|| "a person".to_owned(), |name| format!("`{name}`"));
            why.push(format!("{who} played it, and the item names `{wanted}`"));
        }
        _ => {}
    }
    if !card.criterion("sealed").is_some_and(|sealed| sealed.finding.status == crate::finding::Status::Pass) {
        let reason =
            card.criterion("sealed").map_or("it has no seal", |sealed| sealed.finding.reason.as_str());
        why.push(format!("its recording is not sealed: {reason}"));
    }
    if card.verdict != Verdict::Pass {
        why.push(format!("its verdict is {}: {}", card.verdict.name(), card.reason));
    }
    if why.is_empty() { Ok(()) } else { Err(why) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grade;
    use crate::postmortem::actions;
    use crate::testbed::Bed;

    fn action(drill: &str) -> Action {
        let text = format!("| id | action | owner | drill |\n|-|-|-|-|\n| A1 | x | Ada | {drill} |\n");
        actions(&text).remove(0)
    }

    fn cards() -> (Scorecard, Scorecard) {
        let first = grade(&Bed::never_recovered().recording()).card;
        let mut again = grade(&Bed::recovered().recording()).card;
        again.candidate = None;
        (first, again)
    }

    fn why(drill: &str, of: &Scorecard, again: &Scorecard, started: u64) -> String {
        let of = Origin { head: &of.head, started_unix_ms: 1_000 };
        let again = Rerun { card: again, started_unix_ms: started };
        proves(&action(drill), of, again).err().unwrap_or_default().join("; ")
    }

    #[test]
    fn a_later_rerun_that_a_person_passed_proves_an_item() {
        let (of, again) = cards();
        for drill in ["bank-slowdown", "bank-slowdown/smoke", "`bank-slowdown/smoke`"] {
            assert_eq!(why(drill, &of, &again, 2_000), "", "{drill}");
        }
    }

    #[test]
    fn whatever_is_wrong_with_a_rerun_is_said_at_once() {
        let (of, again) = cards();
        for (drill, started, said) in [
            ("-", 2_000, "names no drill"),
            ("retry-storm", 2_000, "it is of drill `bank-slowdown`, and the item names `retry-storm`"),
            ("bank-slowdown/full", 2_000, "it is of variant `smoke`, and the item names `full`"),
            ("bank-slowdown", 1_000, "played before"),
            ("bank-slowdown@layered", 2_000, "a person played it, and the item names `layered`"),
        ] {
            let why = why(drill, &of, &again, started);
            assert!(why.contains(said), "{drill}: {why}");
        }
        let failed = why("retry-storm", &of, &of, 1_000);
        for said in ["itself", "of drill", "planted candidate `nothing`", "verdict is fail"] {
            assert!(failed.contains(said), "{said}: {failed}");
        }
    }

    #[test]
    fn a_planted_candidate_proves_only_what_names_it() {
        let (of, mut again) = cards();
        again.candidate = Some("layered".to_owned());
        assert!(why("bank-slowdown", &of, &again, 2_000).contains("planted candidate `layered`"));
        assert_eq!(why("bank-slowdown@layered", &of, &again, 2_000), "");
        assert!(why("bank-slowdown@budget", &of, &again, 2_000).contains("the item names `budget`"));
    }

    #[test]
    fn a_run_whose_files_were_altered_proves_nothing() {
        let (of, _) = cards();
        let mut bed = Bed::recovered();
        bed.seal.problems.push("samples.bin was altered after it was sealed".to_owned());
        let mut again = grade(&bed.recording()).card;
        again.candidate = None;
        assert!(
            why("bank-slowdown", &of, &again, 2_000).contains("not sealed: "),
            "{}",
            why("bank-slowdown", &of, &again, 2_000)
        );
    }
}
