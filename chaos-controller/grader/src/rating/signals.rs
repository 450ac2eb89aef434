//! The seven signals, 1 to 5: 1 and the share of the facts that hold, times four, to the nearest. With fewer than two facts
//! that could be seen a signal is blank, and so is what a run cannot sample at all: nothing is guessed.

use super::Score;
use super::facts::{About, Facts, alone, void};
use super::given::Givens;
use crate::scorecard::Scorecard;

/// The signals, in the order of the card.
pub const SIGNALS: [&str; 7] = [
    "problem_framing",
    "coding_fluency",
    "architectural_judgment",
    "production_judgment",
    "delivery_judgment",
    "leadership_and_influence",
    "communication_and_reflection",
];

/// One fact alone is an anecdote.
const FEWEST: usize = 2;

pub(super) fn signals(card: &Scorecard, facts: &Facts, given: &Givens) -> Vec<Score> {
    let void = void(card);
    let score = |name: &&str| {
        let of = rests_on(name);
        let blank = match *name {
            "coding_fluency" => Some("no code is written in a run".to_owned()),
            _ if void.is_some() => void.clone(),
            "leadership_and_influence" => alone(card),
            _ => None,
        };
        let (machine, why) = match blank {
            Some(why) => (None, why),
            None => counted(facts, of),
        };
        let mut evidence = facts.told(of);
        evidence.extend(given.all(name));
        Score { name: (*name).to_owned(), machine, why, evidence, human: given.last(name) }
    };
    SIGNALS.iter().map(score).collect()
}

fn rests_on(name: &str) -> &'static [About] {
    match name {
        "problem_framing" => &[About::Heard, About::Severity, About::BlastRadius, About::Hypothesis],
        "architectural_judgment" => &[About::Layers, About::Bounds, About::Recovered, About::Mechanism],
        "production_judgment" => {
            &[About::Prompt, About::MitigatedFirst, About::Recovered, About::Lasted, About::Money]
        }
        "delivery_judgment" => &[About::Reasons, About::WayBack, About::Bounds, About::Declared],
        "leadership_and_influence" => &[About::Roles, About::Tasks, About::Severity, About::Told],
        "communication_and_reflection" => &[About::Heard, About::Told, About::Cadence, About::Hypothesis],
        _ => &[],
    }
}

/// A score from 1 to 5, and why; `None` if too little could be seen.
pub(super) fn counted(facts: &Facts, of: &[About]) -> (Option<u8>, String) {
    let tally = facts.tally(of);
    if tally.seen < FEWEST {
        let unseen = of.iter().map(|about| facts.get(*about)).find(|fact| fact.holds.is_none());
        let why = unseen.map_or(String::new(), |fact| format!(": {}", fact.text));
        return (None, format!("the run shows too little of it{why}"));
    }
    let score = scored(tally.held as f64 / tally.seen as f64);
    (Some(score), format!("{} of {} facts that could be seen hold", tally.held, tally.seen))
}

/// A share from 0 to 1 as a score from 1 to 5.
pub(super) fn scored(share: f64) -> u8 {
    1 + (share * 4.0).round() as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testbed::Bed;
    use evidence::Said;

    fn scores(bed: &Bed) -> Vec<Score> {
        crate::grade::grade(&bed.recording()).card.rating.signals
    }

    fn machine(bed: &Bed, name: &str) -> Option<u8> {
        scores(bed).into_iter().find(|score| score.name == name).unwrap().machine
    }

    #[test]
    fn a_share_is_spread_over_five() {
        assert_eq!([0.0, 0.25, 0.5, 0.75, 1.0].map(scored), [1, 2, 3, 4, 5]);
    }

    #[test]
    fn nobody_shows_nothing_and_a_recovery_shows_production_judgment() {
        assert_eq!(machine(&Bed::never_recovered(), "production_judgment"), Some(1));
        assert_eq!(machine(&Bed::recovered(), "production_judgment"), Some(5));
    }

    #[test]
    fn what_a_run_cannot_sample_is_blank_with_its_reason() {
        let all = scores(&Bed::recovered());
        assert_eq!(all.len(), SIGNALS.len());
        assert_eq!((all[1].machine, all[1].why.as_str()), (None, "no code is written in a run"));
        assert_eq!(machine(&Bed::recovered(), "leadership_and_influence"), None);
        assert_eq!(machine(&Bed::never_recovered(), "delivery_judgment"), None, "nobody changed anything");
    }

    #[test]
    fn of_a_void_run_every_signal_is_blank_and_says_so() {
        let mut bed = Bed::recovered();
        bed.delivered_ms = None;
        for score in scores(&bed).iter().filter(|score| score.name != "coding_fluency") {
            assert!(score.machine.is_none() && score.why.contains("void"), "{score:?}");
        }
    }

    #[test]
    fn an_instructor_may_mark_what_the_machine_leaves_blank() {
        let mark = Said::Mark { row: "coding_fluency".into(), mark: "4".into(), reason: "a patch".into() };
        let score = scores(&Bed::recovered().said(9_000, "eve", &mark)).remove(1);
        assert_eq!(score.human.unwrap().mark, "4");
    }
}
