//! The rating in a few lines, for the end of a run: the four rows and the readiness gate. Only where somebody put
//! something on record; of who said nothing the verdict says enough. The report and `review show` say the rest.

use grader::{Rating, Readiness, Row, Scorecard};

use crate::output::printable;

/// Nothing, if nobody said anything.
pub(crate) fn lines(card: &Scorecard) -> String {
    let people = &card.people;
    let silent = people.messages.is_empty()
        && people.severity.is_empty()
        && people.hypotheses.is_empty()
        && people.decisions.is_empty()
        && card.diagnoses.submitted.is_empty();
    if silent || card.rating.rubric.is_empty() {
        return String::new();
    }
    let mut text = format!("\n{}\n", title(&card.rating));
    for row in &card.rating.rubric {
        text.push_str(&format!("  {:<14}{:<20}{}{}\n", mark(row), row.name, beside(row), row.why));
    }
    text.push_str(&format!("  {}\n", ready(&card.rating.readiness)));
    text
}

/// What follows is about a person, unless a script played.
pub(crate) fn title(rating: &Rating) -> &'static str {
    if rating.of_script { "rating of a script" } else { "rating" }
}

/// The gate in one line.
pub(crate) fn ready(readiness: &Readiness) -> String {
    let word = match readiness.ready {
        Some(true) => "ready",
        Some(false) => "not ready",
        None => "ready or not: open",
    };
    format!("{word}: {}", readiness.why)
}

/// A person's mark that stands beside the machine's, or the machine's where a person's stands in its place.
fn beside(row: &Row) -> String {
    match (&row.human, row.machine) {
        (Some(given), Some(machine)) if given.overrules => {
            format!("(overruled by {}; machine: {})  ", printable(&given.by), machine.name())
        }
        (Some(given), Some(_)) => format!("({}: {})  ", printable(&given.by), given.mark),
        (Some(given), None) => format!("({})  ", printable(&given.by)),
        (None, _) => String::new(),
    }
}

/// The mark that counts.
fn mark(row: &Row) -> String {
    match (&row.human, row.machine) {
        (Some(given), machine) if given.overrules || machine.is_none() => given.mark.clone(),
        (_, Some(machine)) => machine.name().to_owned(),
        (_, None) => "-".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use grader::{Given, Mark};

    fn row(machine: Option<Mark>, human: Option<(&str, bool)>) -> Row {
        let human = human.map(|(mark, overrules)| Given {
            mark: mark.into(),
            by: "eve".into(),
            reason: String::new(),
            overrules,
            evidence: String::new(),
        });
        Row {
            name: "x".into(),
            machine,
            why: String::new(),
            evidence: Vec::new(),
            human,
            anchor: String::new(),
        }
    }

    #[test]
    fn the_mark_that_counts_is_told() {
        assert_eq!(mark(&row(Some(Mark::Novice), Some(("expert", true)))), "expert");
        assert_eq!(mark(&row(Some(Mark::Novice), Some(("expert", false)))), "novice");
        assert_eq!(mark(&row(None, Some(("expert", false)))), "expert");
        assert_eq!(mark(&row(None, None)), "-");
    }

    #[test]
    fn a_person_s_mark_is_told_beside_the_machine_s() {
        assert_eq!(beside(&row(Some(Mark::Novice), Some(("expert", false)))), "(eve: expert)  ");
        assert_eq!(
            beside(&row(Some(Mark::Novice), Some(("expert", true)))),
            "(overruled by eve; machine: novice)  "
        );
        assert_eq!(beside(&row(None, Some(("expert", false)))), "(eve)  ");
        assert_eq!(beside(&row(Some(Mark::Novice), None)), "");
    }

    #[test]
    fn a_script_is_called_one() {
        assert_eq!(title(&Rating { of_script: true, ..Rating::default() }), "rating of a script");
        assert_eq!(title(&Rating::default()), "rating");
    }

    #[test]
    fn an_open_gate_is_not_a_closed_one() {
        let gate = |ready| Readiness { ready, why: "because".into(), ..Readiness::default() };
        assert_eq!(super::ready(&gate(None)), "ready or not: open: because");
        assert_eq!(super::ready(&gate(Some(false))), "not ready: because");
    }
}
