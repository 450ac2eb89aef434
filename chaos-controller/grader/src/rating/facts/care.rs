//! How carefully the shop was changed: with a reason, with an expectation and a way back, and on a belief that could be
//! wrong.

use super::{About, Fact, changes, line};
use crate::case::Case;
use crate::finding::counted;
use crate::rating::audit;
use crate::scorecard::Scorecard;

pub(super) fn reasons(case: &Case<'_>) -> Fact {
    let about = About::Reasons;
    let all = changes(case).count();
    let unexplained = audit::unexplained(case);
    match (all, unexplained.first()) {
        (0, _) => Fact::unseen(about, "nobody changed anything"),
        (all, None) => Fact::judged(about, true, format!("every change had a stated reason ({all} in all)"))
            .at("journal: reasons of policies and actions"),
        (all, Some(first)) => {
            let text = format!(
                "of {}, {} had no stated reason",
                counted(all, "change", "changes"),
                unexplained.len()
            );
            Fact::judged(about, false, text).at(line(first.seq))
        }
    }
}

pub(super) fn way_back(case: &Case<'_>, card: &Scorecard) -> Fact {
    let about = About::WayBack;
    if changes(case).next().is_none() {
        return Fact::unseen(about, "nobody changed anything");
    }
    let decisions = &card.people.decisions;
    let Some(first) = decisions.first() else {
        return Fact::judged(about, false, "no decision was put on record before the change");
    };
    let blank = |text: &str| text.trim().is_empty();
    match decisions.iter().find(|one| blank(&one.expect) || blank(&one.undo)) {
        Some(short) => {
            Fact::judged(about, false, "a decision does not say what to expect, or how to go back")
                .at(line(short.seq))
        }
        None => Fact::judged(
            about,
            true,
            format!(
                "{} put on record, with what to expect and the way back",
                counted(decisions.len(), "decision was", "decisions were")
            ),
        )
        .at(line(first.seq)),
    }
}

pub(super) fn hypothesis(card: &Scorecard) -> Fact {
    let about = About::Hypothesis;
    let all = &card.people.hypotheses;
    let Some(first) = all.first() else {
        return Fact::judged(
            about,
            false,
            "nobody put on record what they believed, and what would prove them wrong",
        );
    };
    match all.iter().find(|one| one.outcome != "open") {
        Some(tested) => {
            Fact::judged(about, true, format!("hypothesis {} was tested: {}", tested.id, tested.outcome))
                .at(line(tested.seq))
        }
        None => {
            let text = match all.len() {
                1 => "a hypothesis was put on record, and nobody said whether it held".to_owned(),
                many => format!("{many} hypotheses were put on record, and nobody said whether any held"),
            };
            Fact::judged(about, false, text).at(line(first.seq))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::seen;
    use super::*;
    use crate::testbed::Bed;
    use evidence::said::Outcome;
    use evidence::{Said, kind};
    use serde_json::json;

    fn decide(undo: &str) -> Said {
        Said::Decide { text: "x".into(), reason: "y".into(), expect: "z".into(), undo: undo.into() }
    }

    #[test]
    fn one_change_without_a_reason_is_one_too_many() {
        assert_eq!(seen(&Bed::recovered(), About::Reasons).holds, Some(true));
        let body = json!({"verb": "restart", "targets": ["cart"], "reason": " "});
        let silent = Bed::recovered().entry(12_000, kind::ACTION, "ada", body);
        assert_eq!(seen(&silent, About::Reasons).holds, Some(false));
        assert_eq!(seen(&Bed::never_recovered(), About::Reasons).holds, None);
    }

    #[test]
    fn a_decision_says_how_to_go_back() {
        let decided = |undo| seen(&Bed::recovered().said(9_500, "ada", &decide(undo)), About::WayBack).holds;
        assert_eq!(decided("policy revert 1"), Some(true));
        assert_eq!(decided(""), Some(false));
        assert_eq!(seen(&Bed::recovered(), About::WayBack).holds, Some(false));
        assert_eq!(seen(&Bed::never_recovered(), About::WayBack).holds, None);
    }

    #[test]
    fn a_belief_counts_when_it_was_tested() {
        let believe = Said::Hypothesis {
            id: "h1".into(),
            text: "x".into(),
            prediction: "y".into(),
            reversal: "z".into(),
        };
        let bed = || Bed::recovered().said(9_000, "ada", &believe);
        assert_eq!(seen(&bed(), About::Hypothesis).holds, Some(false));
        let conclude = Said::Conclude { id: "h1".into(), outcome: Outcome::Refuted, text: String::new() };
        assert_eq!(seen(&bed().said(9_900, "ada", &conclude), About::Hypothesis).holds, Some(true));
    }
}
