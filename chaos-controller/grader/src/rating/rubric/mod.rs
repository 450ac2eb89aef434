//! The four rows of the rubric: the machine's mark of each, counted from facts by a rule that stands in the row's file, and a
//! person's beside it or in its place.

mod incident_response;
mod mitigation_speed;
mod postmortem_quality;
mod system_thinking;

use drill::Mode;

use super::facts::{About, Facts};
use super::given::Givens;
use super::{Given, Mark, Row};
use crate::case::Case;
use crate::scorecard::Scorecard;

/// The rows, in the order of the card.
pub const RUBRIC: [&str; 4] =
    ["incident_response", "system_thinking", "mitigation_speed", "postmortem_quality"];

/// The machine's side of a row.
struct Judged {
    mark: Option<Mark>,
    why: String,
    evidence: Vec<String>,
}

pub(super) fn rows(case: &Case<'_>, card: &Scorecard, facts: &Facts, given: &Givens) -> Vec<Row> {
    let machine = |name| match name {
        "incident_response" => incident_response::judge(card, facts),
        "system_thinking" => system_thinking::judge(case, card, facts),
        "mitigation_speed" => mitigation_speed::judge(case, card, facts),
        _ => postmortem_quality::judge(case, card),
    };
    RUBRIC.iter().map(|name| row(case, name, machine(name), given)).collect()
}

fn row(case: &Case<'_>, name: &str, judged: Judged, given: &Givens) -> Row {
    let human = given.last(name);
    let mut evidence = judged.evidence;
    evidence.extend(given.all(name));
    Row {
        name: name.to_owned(),
        anchor: anchor(case, name, standing(judged.mark, human.as_ref())),
        machine: judged.mark,
        why: judged.why,
        evidence,
        human,
    }
}

/// The mark that counts: a person's where they overrule or the machine has none.
fn standing(machine: Option<Mark>, human: Option<&Given>) -> Option<Mark> {
    match human {
        Some(given) if given.overrules || machine.is_none() => Mark::of(&given.mark),
        _ => machine,
    }
}

/// What that mark looks like, in the drill's words.
fn anchor(case: &Case<'_>, name: &str, mark: Option<Mark>) -> String {
    let words = case.plan.rubric.get(name).zip(mark);
    words.map_or(String::new(), |(row, mark)| match mark {
        Mark::Novice => row.novice.clone(),
        Mark::Intermediate => row.intermediate.clone(),
        Mark::Expert => row.expert.clone(),
    })
}

/// Why an examined person's mark goes no higher than intermediate: the answer, or half of it, was read before `until`
/// (seconds after the fault; `None`: it never came to that). Elsewhere a hint costs nothing.
fn capped(case: &Case<'_>, card: &Scorecard, until: Option<f64>) -> Option<String> {
    if case.plan.mode != Mode::Assessed {
        return None;
    }
    let told = card.people.hints.iter().find(|hint| {
        matches!(hint.level.as_str(), "partial" | "full") && until.is_none_or(|until| hint.seconds <= until)
    })?;
    Some(format!(
        "; a {} hint was read before (journal: entry {}), so it is intermediate at most",
        told.level, told.seq
    ))
}

/// How many of some facts hold, as the end of a sentence.
fn counted(facts: &Facts, of: &[About]) -> String {
    let tally = facts.tally(of);
    format!("{} of {} facts that could be seen hold", tally.held, tally.seen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rating::Rating;
    use crate::testbed::Bed;
    use evidence::Said;
    use evidence::review::Note;
    use serde_json::json;

    fn rated(bed: &Bed) -> Rating {
        crate::grade::grade(&bed.recording()).card.rating
    }

    fn words() -> serde_json::Value {
        let row = json!({"novice": "n", "intermediate": "i", "expert": "e"});
        json!({"rubric": RUBRIC.iter().map(|name| ((*name).to_owned(), row.clone())).collect::<serde_json::Map<_, _>>()})
    }

    #[test]
    fn an_overruled_row_shows_both_marks_and_the_anchor_of_the_person_s() {
        let overrule = Note::Overrule {
            row: "mitigation_speed".into(),
            mark: "expert".into(),
            reason: "I watched".into(),
        };
        let mut bed = Bed::never_recovered().with_plan(words());
        bed.notes.push(("eve", overrule));
        let row = &rated(&bed).rubric[2];
        assert_eq!((row.machine, row.anchor.as_str()), (Some(Mark::Novice), "e"));
        assert!(row.human.as_ref().unwrap().overrules);
        assert!(row.evidence.iter().any(|line| line.contains("eve")), "{:?}", row.evidence);
    }

    #[test]
    fn a_mark_beside_the_machine_s_leaves_the_machine_s_standing() {
        let mark =
            Said::Mark { row: "mitigation_speed".into(), mark: "expert".into(), reason: String::new() };
        let row = &rated(&Bed::never_recovered().with_plan(words()).said(9_000, "eve", &mark)).rubric[2];
        assert_eq!((row.machine, row.anchor.as_str()), (Some(Mark::Novice), "n"));
        assert!(!row.human.as_ref().unwrap().overrules);
    }

    #[test]
    fn a_hint_that_says_it_caps_an_examined_person_and_nobody_else() {
        let hint = Said::Hint { level: "full".into() };
        let mark = |mode: &str, t_ms: u64| {
            let bed =
                Bed::recovered().with_plan(json!({"mode": mode, "required": ["goodput"], "aftermath": null}));
            let recording = bed.said(t_ms, "ada", &hint).recording();
            let card = crate::grade::grade(&recording).card;
            let plan = serde_json::from_str(&recording.plan_text).unwrap();
            capped(&Case::new(&recording, plan), &card, card.measures.time_to.first_action)
        };
        assert!(mark("assessed", 9_000).unwrap().contains("intermediate at most"));
        assert_eq!(mark("assessed", 12_000), None, "after the act");
        assert_eq!(mark("practice", 9_000), None);
    }
}
