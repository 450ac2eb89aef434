//! At most three strengths and three improvements, each with its evidence. The most important facts come first, and no
//! subject speaks twice before every other has spoken.

use super::Remark;
use super::advice::advice;
use super::facts::{About, Fact, Facts};

const MOST: usize = 3;

pub(super) fn strengths(facts: &Facts) -> Vec<Remark> {
    // What is asked of everybody is no strength.
    let held = facts.all().iter().filter(|fact| fact.holds == Some(true) && fact.about != About::Bounds);
    let told = |fact: &Fact| Remark {
        text: fact.text.clone(),
        advice: String::new(),
        evidence: fact.evidence.clone(),
    };
    spread(held.collect()).into_iter().map(told).collect()
}

pub(super) fn improvements(facts: &Facts) -> Vec<Remark> {
    gaps(facts)
        .into_iter()
        .map(|fact| Remark {
            text: format!("{}: {}", fact.text, advice(fact).text),
            advice: advice(fact).text.to_owned(),
            evidence: evidence(fact),
        })
        .collect()
}

/// The facts that improvements and resources are about.
pub(super) fn gaps(facts: &Facts) -> Vec<&Fact> {
    spread(facts.all().iter().filter(|fact| fact.holds == Some(false)).collect())
}

/// What is not there has no line: the scorecard's own field is where one would be.
fn evidence(fact: &Fact) -> String {
    if !fact.evidence.is_empty() {
        return fact.evidence.clone();
    }
    let field = match fact.about {
        About::Cause | About::Mechanism | About::Propagation | About::NobodyBlamed => "diagnoses.submitted",
        About::Severity => "people.severity",
        About::Roles => "people.roles",
        About::Tasks => "people.tasks",
        About::WayBack => "people.decisions",
        About::Hypothesis => "people.hypotheses",
        About::Told | About::Cadence | About::Heard | About::BlastRadius => "people.messages",
        _ => "timeline",
    };
    format!("{field} has nothing of it")
}

fn spread(facts: Vec<&Fact>) -> Vec<&Fact> {
    let mut chosen: Vec<&Fact> = Vec::new();
    let mut later = Vec::new();
    for fact in facts {
        let spoken = chosen.iter().any(|one| one.about.subject() == fact.about.subject());
        if spoken { later.push(fact) } else { chosen.push(fact) }
    }
    chosen.extend(later);
    chosen.truncate(MOST);
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rating::Rating;
    use crate::testbed::Bed;

    fn rated(bed: &Bed) -> Rating {
        crate::grade::grade(&bed.recording()).card.rating
    }

    #[test]
    fn who_did_nothing_has_no_strength_and_three_things_to_learn() {
        let rating = rated(&Bed::never_recovered());
        assert!(rating.strengths.is_empty(), "{:?}", rating.strengths);
        assert_eq!(rating.improvements.len(), MOST);
        assert!((2..=3).contains(&rating.resources.len()), "{:?}", rating.resources);
    }

    #[test]
    fn every_remark_names_its_evidence() {
        for bed in [Bed::recovered(), Bed::never_recovered()] {
            let rating = rated(&bed);
            for remark in rating.strengths.iter().chain(&rating.improvements) {
                assert!(!remark.text.is_empty() && !remark.evidence.is_empty(), "{remark:?}");
            }
        }
    }

    #[test]
    fn subjects_take_turns() {
        let rating = rated(&Bed::recovered());
        assert_eq!(rating.strengths.len(), MOST);
        assert!(rating.strengths[0].text.contains("well again"), "{:?}", rating.strengths);
        assert!(!rating.strengths[1].text.contains("stayed well"), "{:?}", rating.strengths);
    }
}
