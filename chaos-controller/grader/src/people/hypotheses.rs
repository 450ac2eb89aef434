//! What was believed, what it foretold, and what became of it. One that nobody came back to is open.

use evidence::Said;

use super::Hypothesis;
use super::words::{Word, seconds, spelt};
use crate::case::Case;

pub(super) fn hypotheses(case: &Case<'_>, said: &[Word<'_>]) -> Vec<Hypothesis> {
    let mut all: Vec<Hypothesis> = Vec::new();
    for word in said {
        match &word.said {
            Said::Hypothesis { id, text, prediction, reversal } => all.push(Hypothesis {
                id: id.clone(),
                by: word.entry.actor.clone(),
                text: text.clone(),
                prediction: prediction.clone(),
                reversal: reversal.clone(),
                outcome: "open".to_owned(),
                seconds: seconds(case, word.entry),
                seq: word.entry.seq,
            }),
            // The same short name may be given twice: the newest is meant.
            Said::Conclude { id, outcome, .. } => {
                if let Some(meant) = all.iter_mut().rev().find(|one| one.id == *id) {
                    meant.outcome = spelt(outcome);
                }
            }
            _ => {}
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::words::told;
    use crate::testbed::Bed;
    use evidence::Said;
    use evidence::said::Outcome;

    fn believe(id: &str) -> Said {
        Said::Hypothesis { id: id.into(), text: "x".into(), prediction: "y".into(), reversal: "z".into() }
    }

    fn conclude(id: &str, outcome: Outcome) -> Said {
        Said::Conclude { id: id.into(), outcome, text: String::new() }
    }

    fn outcomes(bed: Bed) -> Vec<String> {
        told(&bed).hypotheses.into_iter().map(|one| one.outcome).collect()
    }

    #[test]
    fn a_conclusion_closes_the_hypothesis_of_its_name() {
        let bed = Bed::recovered().said(9_000, "ada", &believe("h1")).said(9_100, "ada", &believe("h2"));
        assert_eq!(outcomes(bed.said(9_500, "bob", &conclude("h2", Outcome::Refuted))), ["open", "refuted"]);
    }

    #[test]
    fn a_name_that_is_used_again_means_the_newest() {
        let bed = Bed::recovered().said(9_000, "ada", &believe("h1")).said(9_100, "ada", &believe("h1"));
        assert_eq!(outcomes(bed.said(9_500, "ada", &conclude("h1", Outcome::Held))), ["open", "held"]);
    }

    #[test]
    fn a_conclusion_about_nothing_is_nothing() {
        let bed = Bed::recovered().said(9_500, "ada", &conclude("h9", Outcome::Held));
        assert!(outcomes(bed).is_empty());
    }
}
