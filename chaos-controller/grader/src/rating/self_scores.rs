//! The six rows that whoever played scores themselves on, 1 to 5, and what the run shows of each. One's own number never
//! moves the machine's, but for the last row: reflection is how near they are to each other.

use super::facts::{About, Facts, void};
use super::given::Givens;
use super::signals::{counted, scored};
use super::{Score, SelfScore};
use crate::scorecard::Scorecard;

/// The rows, in the order of the card.
pub const SELF_SCORES: [&str; 6] =
    ["framing", "evidence", "time_control", "signal_coverage", "recovery", REFLECTION];
/// The one row that one's own scores move.
pub(super) const REFLECTION: &str = "reflection";

/// The signals that a run can sample: all but the one that needs code.
const CAN_BE_SAMPLED: f64 = 6.0;
/// A signal below this was asked for and not shown.
const SHOWN: u8 = 3;
/// Of the other five rows, so many with both numbers before reflection says anything.
const FEWEST: usize = 3;
const NOBODY: &str = "nobody said or did anything, so no signal was asked for";

pub(super) fn self_scores(
    card: &Scorecard,
    facts: &Facts,
    signals: &[Score],
    given: &Givens,
) -> Vec<SelfScore> {
    let void = void(card);
    let mut rows: Vec<SelfScore> = Vec::new();
    for name in SELF_SCORES {
        let (machine, why) = match name {
            _ if void.is_some() => (None, void.clone().unwrap_or_default()),
            "framing" => counted(facts, &[About::Heard, About::Severity, About::BlastRadius]),
            "evidence" => {
                let rests_on = [
                    About::Cause,
                    About::Mechanism,
                    About::Propagation,
                    About::NobodyBlamed,
                    About::Hypothesis,
                ];
                counted(facts, &rests_on)
            }
            "time_control" => counted(facts, &[About::Prompt, About::MitigatedFirst, About::Declared]),
            "signal_coverage" if card.people.names.is_empty() => (None, NOBODY.to_owned()),
            "signal_coverage" => coverage(signals),
            "recovery" => counted(facts, &[About::Recovered, About::Lasted, About::Money, About::Bounds]),
            _ => reflection(&rows),
        };
        let (own, own_reason) = given.own(name).unzip();
        let human = given.last(name);
        let own_reason = own_reason.unwrap_or_default();
        rows.push(SelfScore { name: name.to_owned(), own, own_reason, machine, why, human });
    }
    rows
}

fn coverage(signals: &[Score]) -> (Option<u8>, String) {
    let shown = signals.iter().filter(|score| score.machine.is_some_and(|score| score >= SHOWN)).count();
    let why =
        format!("{shown} of {CAN_BE_SAMPLED:.0} signals that a run can sample were at {SHOWN} or above");
    (Some(scored(shown as f64 / CAN_BE_SAMPLED)), why)
}

fn reflection(rows: &[SelfScore]) -> (Option<u8>, String) {
    let off: Vec<f64> =
        rows.iter().filter_map(|row| Some((f64::from(row.own?) - f64::from(row.machine?)).abs())).collect();
    if off.len() < FEWEST {
        let why = format!(
            "it needs one's own score on {FEWEST} of the other rows; `firedrill review self-score` asks"
        );
        return (None, why);
    }
    let mean = off.iter().sum::<f64>() / off.len() as f64;
    // Half a point for each step down.
    let score = 5 - (mean * 2.0).round().min(4.0) as u8;
    (
        Some(score),
        format!("one's own scores are {mean:.1} away from the machine's on average, on {} rows", off.len()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testbed::Bed;
    use evidence::review::Note;

    fn rows(own: &[(&str, u8)]) -> Vec<SelfScore> {
        let mut bed = Bed::recovered();
        for (row, score) in own {
            let note = Note::SelfScore { row: (*row).into(), score: *score, reason: "mine".into() };
            bed.notes.push(("ada", note));
        }
        crate::grade::grade(&bed.recording()).card.rating.self_scores
    }

    #[test]
    fn one_s_own_score_stands_beside_the_machine_s_and_the_last_one_counts() {
        let rows = rows(&[("recovery", 2), ("recovery", 3)]);
        assert_eq!((rows[4].name.as_str(), rows[4].own, rows[4].machine), ("recovery", Some(3), Some(5)));
        assert_eq!(rows[4].own_reason, "mine");
        assert_eq!(rows[0].own, None);
    }

    #[test]
    fn reflection_is_how_near_one_is() {
        let machine = rows(&[]);
        assert_eq!(machine[5].machine, None);
        // Rows that the run does not show have nothing to be near to.
        let same: Vec<(&str, u8)> =
            machine.iter().filter_map(|row| Some((row.name.as_str(), row.machine?))).collect();
        assert_eq!(rows(&same)[5].machine, Some(5));
        let far: Vec<(&str, u8)> =
            same.iter().map(|(name, score)| (*name, if *score > 2 { 1 } else { 5 })).collect();
        assert!(rows(&far)[5].machine.unwrap() < 3);
    }

    #[test]
    fn coverage_counts_what_was_shown_and_is_blank_without_a_player() {
        let score = |machine| Score {
            name: String::new(),
            machine,
            why: String::new(),
            evidence: Vec::new(),
            human: None,
        };
        assert_eq!(coverage(&[1, 1, 1, 2, 3, 3].map(|found| score(Some(found)))).0, Some(2), "2 of 6");
        let nobody = crate::grade::grade(&Bed::never_recovered().recording()).card.rating;
        assert_eq!((nobody.self_scores[3].machine, nobody.self_scores[3].why.as_str()), (None, NOBODY));
    }

    #[test]
    fn without_facts_a_row_is_blank() {
        let mut bed = Bed::recovered();
        bed.delivered_ms = None;
        let rows = crate::grade::grade(&bed.recording()).card.rating.self_scores;
        for row in rows {
            assert!(row.machine.is_none() && row.why.contains("void"), "{row:?}");
        }
    }
}
