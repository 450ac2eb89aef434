//! The readiness gate: at least 4 on average and none below 3, over every row that is scored 1 to 5 and was sampled. A
//! person's mark stands where it overrules the machine's, or where the machine has none. One's own scores open no gate: the row
//! that is reckoned from them, reflection, is left out.

use super::facts::void;
use super::given::score;
use super::self_scores::REFLECTION;
use super::{Given, Readiness, Score, SelfScore};
use crate::finding::round;
use crate::scorecard::Scorecard;
use crate::verdict::Verdict;

const AVERAGE: f64 = 4.0;
const LOWEST: u8 = 3;
/// With fewer rows the average says nothing.
const FEWEST: usize = 4;

pub(super) fn readiness(card: &Scorecard, signals: &[Score], self_scores: &[SelfScore]) -> Readiness {
    let signals = signals.iter().map(|row| (row.name.as_str(), standing(row.machine, row.human.as_ref())));
    let rows = self_scores.iter().filter(|row| row.name != REFLECTION);
    let rows = rows.map(|row| (row.name.as_str(), standing(row.machine, row.human.as_ref())));
    let sampled: Vec<(&str, u8)> =
        signals.chain(rows).filter_map(|(name, score)| Some((name, score?))).collect();
    let count = sampled.len();
    let Some((weakest, lowest)) = sampled.iter().min_by_key(|(_, score)| *score).copied() else {
        let why = void(card).unwrap_or_else(|| "nothing was sampled".to_owned());
        return Readiness { why, ..Readiness::default() };
    };
    let average = sampled.iter().map(|(_, score)| f64::from(*score)).sum::<f64>() / count as f64;
    let found = format!("{average:.1} on average over {count} rows, the lowest {lowest} ({weakest})");
    let (ready, why) = if card.verdict == Verdict::Void {
        (None, format!("{found}; the run is void, so it proves nothing"))
    } else if let Some(script) = &card.candidate {
        (None, format!("{found}; but the script {script} played, and the gate is for persons"))
    } else if count < FEWEST {
        (None, format!("{found}; it takes {FEWEST} rows to say anything"))
    } else {
        (
            Some(average >= AVERAGE && lowest >= LOWEST),
            format!("{found}; it takes {AVERAGE:.0} and none below {LOWEST}"),
        )
    };
    Readiness { ready, average: Some(round(average)), lowest: Some(lowest), sampled: count as u64, why }
}

fn standing(machine: Option<u8>, human: Option<&Given>) -> Option<u8> {
    match human {
        Some(given) if given.overrules || machine.is_none() => score(&given.mark),
        _ => machine,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testbed::Bed;

    fn card() -> Scorecard {
        Scorecard { candidate: None, ..crate::grade::grade(&Bed::recovered().recording()).card }
    }

    fn rows(scores: &[Option<u8>]) -> Vec<Score> {
        let row = |machine: &Option<u8>| Score {
            name: "x".into(),
            machine: *machine,
            why: String::new(),
            evidence: Vec::new(),
            human: None,
        };
        scores.iter().map(row).collect()
    }

    fn ready(scores: &[Option<u8>]) -> Option<bool> {
        readiness(&card(), &rows(scores), &[]).ready
    }

    #[test]
    fn the_average_and_the_lowest_both_count() {
        assert_eq!(ready(&[Some(5), Some(4), Some(4), Some(3)]), Some(true));
        assert_eq!(ready(&[Some(5), Some(5), Some(5), Some(2)]), Some(false), "one is too low");
        assert_eq!(ready(&[Some(4), Some(4), Some(4), Some(3)]), Some(false), "3.75");
    }

    #[test]
    fn blanks_are_left_out_and_too_few_rows_say_nothing() {
        assert_eq!(ready(&[Some(5), Some(4), Some(4), None, Some(4)]), Some(true));
        assert_eq!(ready(&[Some(5), Some(5), Some(5), None]), None);
        assert_eq!(readiness(&card(), &rows(&[None]), &[]).why, "nothing was sampled");
    }

    #[test]
    fn a_person_s_mark_stands_where_it_overrules_or_the_machine_has_none() {
        let given = |mark: &str, overrules| Given {
            mark: mark.into(),
            by: "eve".into(),
            reason: "r".into(),
            overrules,
            evidence: String::new(),
        };
        assert_eq!(standing(Some(2), Some(&given("5", true))), Some(5));
        assert_eq!(standing(Some(2), Some(&given("5", false))), Some(2));
        assert_eq!(standing(None, Some(&given("5", false))), Some(5));
    }

    #[test]
    fn one_s_own_scores_move_nothing() {
        let reflection = SelfScore {
            name: REFLECTION.into(),
            own: Some(5),
            own_reason: String::new(),
            machine: Some(1),
            why: String::new(),
            human: None,
        };
        let gate = readiness(&card(), &rows(&[Some(4); 4]), &[reflection]);
        assert_eq!((gate.ready, gate.sampled), (Some(true), 4));
    }

    #[test]
    fn a_script_opens_no_gate_and_keeps_its_scores() {
        let script = Scorecard { candidate: Some("layered".into()), ..card() };
        let gate = readiness(&script, &rows(&[Some(5); 5]), &[]);
        assert_eq!((gate.ready, gate.average), (None, Some(5.0)));
        assert!(gate.why.contains("script layered"), "{}", gate.why);
    }

    #[test]
    fn a_void_run_opens_no_gate() {
        let void = Scorecard { verdict: Verdict::Void, ..card() };
        let gate = readiness(&void, &rows(&[Some(5); 5]), &[]);
        assert!(gate.ready.is_none() && gate.why.contains("void"));
        assert!(readiness(&void, &[], &[]).why.contains("void"), "also where nothing was sampled");
    }
}
