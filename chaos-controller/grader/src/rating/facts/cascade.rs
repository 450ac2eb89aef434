//! What was understood of the outage. Points of the last diagnosis, held against the recorded truth elsewhere; and whether
//! anybody said who was hit, and what multiplied the load, in whatever words.

use drill::Mode;
use evidence::{Entry, Said};

use super::{About, Fact};
use crate::case::Case;
use crate::diagnosis::{Diagnosis, Point};
use crate::moments::Span;
use crate::scorecard::Scorecard;

/// Of what a point is worth, enough to have named it: a chain may lack one link.
const NAMED: f64 = 0.75;
/// Attempts per call from which on a storm is worth a word.
const AMPLIFIED: f64 = 1.5;

pub(super) fn cause(case: &Case<'_>, card: &Scorecard) -> Fact {
    named(case, card, About::Cause, &["cause.component", "cause.kind"], "the cause")
}

pub(super) fn mechanism(case: &Case<'_>, card: &Scorecard) -> Fact {
    named(case, card, About::Mechanism, &["mechanism"], "the mechanism")
}

pub(super) fn propagation(case: &Case<'_>, card: &Scorecard) -> Fact {
    named(case, card, About::Propagation, &["propagation"], "how it climbed")
}

pub(super) fn nobody_blamed(case: &Case<'_>, card: &Scorecard) -> Fact {
    let about = About::NobodyBlamed;
    let Ok(diagnosis) = counting(case, card, about) else {
        return Fact::unseen(about, "no diagnosis that counts was submitted");
    };
    let text = match diagnosis.blamed.as_slice() {
        [] => "no victim was blamed".to_owned(),
        blamed => format!("{} was blamed and is a victim", blamed.join(" and ")),
    };
    Fact::judged(about, diagnosis.blamed.is_empty(), text).at(diagnosis.evidence.clone())
}

/// Users think in what they cannot do. A word for each half of the shop that was hit is enough.
pub(super) fn blast_radius(case: &Case<'_>, card: &Scorecard) -> Fact {
    const PAYING: [&str; 8] = ["checkout", "check out", "pay", "order", "buy", "purchas", "basket", "cart"];
    const LOOKING: [&str; 9] =
        ["home", "page", "search", "account", "brows", "everything", "everybody", "all users", "whole"];
    let about = About::BlastRadius;
    let Some(outage) = case.moments.outage() else {
        return Fact::unseen(about, "there was no outage");
    };
    let words = words(case, card);
    let hit = hit(case, outage);
    let (paying, looking): (Vec<&str>, Vec<&str>) =
        hit.iter().partition(|journey| matches!(**journey, "checkout" | "prepare_checkout"));
    let missed: Vec<&str> =
        [(&paying, PAYING.as_slice(), "paying"), (&looking, LOOKING.as_slice(), "looking around")]
            .into_iter()
            .filter(|(hit, said, _)| !hit.is_empty() && !said.iter().any(|word| words.contains(word)))
            .map(|(_, _, what)| what)
            .collect();
    if hit.is_empty() {
        return Fact::unseen(about, "no journey of the users was hit");
    }
    let text = match missed.is_empty() {
        true => format!("who was hit was said ({})", hit.join(", ")),
        false => format!(
            "users could not do with {}, and nobody spoke of {}",
            hit.join(", "),
            missed.join(" and ")
        ),
    };
    Fact::judged(about, missed.is_empty(), text)
        .at("people.messages, diagnoses.submitted, measures.goodput_during")
}

pub(super) fn amplification(case: &Case<'_>, card: &Scorecard) -> Fact {
    const WORDS: [&str; 7] = ["retr", "amplif", "attempt", "storm", "multipl", "tries", "tried again"];
    let about = About::Amplification;
    let most = card.measures.amplification.iter().max_by(|a, b| a.1.total_cmp(b.1));
    let Some((edge, factor)) = most.filter(|(_, factor)| **factor > AMPLIFIED) else {
        return Fact::unseen(about, "nothing was amplified worth a word");
    };
    let words = words(case, card);
    let said = WORDS.iter().any(|word| words.contains(word));
    let how = if said { "was spoken of" } else { "was not spoken of" };
    Fact::judged(about, said, format!("{edge} made {factor:.1} attempts per call, which {how}"))
        .at("measures.amplification")
}

fn named(case: &Case<'_>, card: &Scorecard, about: About, points: &[&str], what: &str) -> Fact {
    let diagnosis = match counting(case, card, about) {
        Ok(diagnosis) => diagnosis,
        Err(fact) => return fact,
    };
    let points: Vec<&Point> =
        diagnosis.points.iter().filter(|point| points.contains(&point.name.as_str())).collect();
    if points.is_empty() {
        return Fact::unseen(
            about,
            format!("the recording does not show {what}, so nothing can be held against it"),
        );
    }
    let short = points.iter().find(|point| point.got < point.worth * NAMED);
    let text = match short {
        None => format!("{what} was named"),
        Some(point) => format!("{what} was not named whole: {}", point.why),
    };
    Fact::judged(about, short.is_none(), text).at(diagnosis.evidence.clone())
}

/// The diagnosis that counts: the last one. A run asks for one, so none is an answer, but for those who only learn; and
/// what is said once the faults were shown is nobody's finding.
fn counting<'a>(case: &Case<'_>, card: &'a Scorecard, about: About) -> Result<&'a Diagnosis, Fact> {
    // Whoever examines may look; whoever is examined is not shown.
    let examined = case.plan.mode == Mode::Assessed;
    let shown = |entry: &&Entry| !examined && matches!(Said::of(entry), Some(Said::Reveal {}));
    let revealed = case.recording.journal.iter().find(shown);
    let revealed = revealed.map(|entry| case.moments.seconds(entry.t_ms));
    let own = |one: &&Diagnosis| revealed.is_none_or(|at| one.seconds < at);
    match card.diagnoses.submitted.iter().rfind(own) {
        Some(diagnosis) => Ok(diagnosis),
        None if revealed.is_some() => {
            Err(Fact::unseen(about, "the faults were shown before anybody had named them"))
        }
        None if case.plan.mode == Mode::Learn => {
            Err(Fact::unseen(about, "who learns need not submit a diagnosis"))
        }
        None => Err(Fact::judged(about, false, "no diagnosis was submitted")),
    }
}

/// The journeys that users lost, by name.
fn hit(case: &Case<'_>, outage: Span) -> Vec<&'static str> {
    let least = case.plan.thresholds.goodput;
    let tallies = case.log.tallies(outage).into_iter();
    tallies
        .filter(|(_, tally)| tally.share().is_some_and(|share| share < least))
        .map(|(j, _)| j.name())
        .collect()
}

/// Everything that was said, as one lower-case text.
fn words(case: &Case<'_>, card: &Scorecard) -> String {
    let messages = card.people.messages.iter().map(|message| message.text.clone());
    let submitted = card.diagnoses.submitted.iter().map(|one| one.said.clone());
    let calls = case.recording.journal.iter().filter_map(|entry| match Said::of(entry)? {
        Said::Severity { text, .. } | Said::Acknowledge { text, .. } | Said::Hypothesis { text, .. } => {
            Some(text)
        }
        _ => None,
    });
    messages.chain(submitted).chain(calls).collect::<Vec<_>>().join("\n").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::super::{Facts, seen};
    use super::*;
    use crate::diagnosis::Grade;
    use crate::testbed::Bed;
    use serde_json::json;

    fn point(name: &str, got: f64) -> Point {
        Point {
            name: name.into(),
            worth: 1.0,
            got,
            claimed: String::new(),
            recorded: String::new(),
            why: "because".into(),
            evidence: String::new(),
        }
    }

    fn diagnosed(bed: &Bed, points: Vec<Point>, blamed: &[&str]) -> Facts {
        let recording = bed.recording();
        let mut card = crate::grade::grade(&recording).card;
        card.diagnoses.submitted = vec![Diagnosis {
            seconds: 6.0,
            actor: "ada".into(),
            said: "the bank is slow, paying is down and the page is blank; order retries".into(),
            grade: Grade::Partial,
            score: 0.5,
            points,
            blamed: blamed.iter().map(|name| (*name).to_owned()).collect(),
            explanation: String::new(),
            evidence: "journal: entry 9".into(),
        }];
        Facts::of(&Case::new(&recording, bed.plan()), &card)
    }

    #[test]
    fn each_point_is_a_fact_of_its_own() {
        let points = vec![point("cause.component", 1.0), point("cause.kind", 1.0), point("propagation", 0.5)];
        let facts = diagnosed(&Bed::recovered(), points, &["cart"]);
        assert_eq!(facts.get(About::Cause).holds, Some(true));
        assert_eq!(facts.get(About::Propagation).holds, Some(false));
        assert_eq!(facts.get(About::NobodyBlamed).holds, Some(false));
        assert_eq!(facts.get(About::Mechanism).holds, None, "no point of it");
        assert_eq!(facts.get(About::BlastRadius).holds, Some(true));
    }

    #[test]
    fn no_diagnosis_is_an_answer_but_for_those_who_learn() {
        assert_eq!(seen(&Bed::never_recovered(), About::Cause).holds, Some(false));
        let learning = Bed::never_recovered().with_plan(json!({"mode": "learn"}));
        assert_eq!(seen(&learning, About::Cause).holds, None);
    }

    #[test]
    fn what_was_said_after_the_reveal_is_nobodys_finding() {
        let bed = Bed::never_recovered().said(12_000, "ada", &Said::Reveal {});
        assert_eq!(
            diagnosed(&bed, vec![point("mechanism", 1.0)], &[]).get(About::Mechanism).holds,
            Some(true)
        );
        let early = Bed::never_recovered().said(8_000, "ada", &Said::Reveal {});
        assert_eq!(diagnosed(&early, vec![point("mechanism", 1.0)], &[]).get(About::Mechanism).holds, None);
        let examined = early.with_plan(json!({"mode": "assessed"}));
        let facts = diagnosed(&examined, vec![point("mechanism", 1.0)], &[]);
        assert_eq!(facts.get(About::Mechanism).holds, Some(true), "it was the interviewer who looked");
    }

    #[test]
    fn only_the_half_of_the_users_that_was_spoken_of_counts() {
        let say = |text: &str| Said::Say { text: text.into(), to: Default::default() };
        let half = Bed::never_recovered().said(9_000, "ada", &say("checkout is down"));
        let fact = seen(&half, About::BlastRadius);
        assert_eq!(fact.holds, Some(false));
        assert!(fact.text.contains("looking around"), "{}", fact.text);
        let whole = half.said(9_500, "ada", &say("and nobody can browse"));
        assert_eq!(seen(&whole, About::BlastRadius).holds, Some(true));
        assert_eq!(seen(&Bed::well("x", None), About::BlastRadius).holds, None, "nobody was hit");
    }

    #[test]
    fn amplification_is_asked_for_where_there_was_some() {
        assert_eq!(seen(&Bed::recovered(), About::Amplification).holds, None);
        assert_eq!(seen(&Bed::stormy(), About::Amplification).holds, Some(false));
    }
}
