//! Incident response: words, roles, and users before causes.
//!
//! - expert: how bad it is was said soon, users or stakeholders were told, and at most one of the facts below fails;
//! - intermediate: at least half of those that could be seen hold;
//! - novice: less, or nobody said a word.
//!
//! Blank where the run is void. One person alone is not graded as commander and operator both: the facts about working
//! together are then not seen.

use super::{Judged, counted};
use crate::rating::Mark;
use crate::rating::facts::{About, Facts, alone, void};
use crate::scorecard::Scorecard;

const RESTS_ON: [About; 8] = [
    About::Heard,
    About::Severity,
    About::Roles,
    About::MitigatedFirst,
    About::Told,
    About::Cadence,
    About::Reasons,
    About::WayBack,
];

pub(super) fn judge(card: &Scorecard, facts: &Facts) -> Judged {
    if let Some(why) = void(card) {
        return Judged { mark: None, why, evidence: Vec::new() };
    }
    let tally = facts.tally(&RESTS_ON);
    let silent = !facts.holds(About::Heard) && card.people.messages.is_empty();
    let mark = if silent {
        Mark::Novice
    } else if tally.held + 1 >= tally.seen && facts.holds(About::Severity) && facts.holds(About::Told) {
        Mark::Expert
    } else if tally.held * 2 >= tally.seen {
        Mark::Intermediate
    } else {
        Mark::Novice
    };
    let how = if silent { "nobody said a word".to_owned() } else { counted(facts, &RESTS_ON) };
    let why = match alone(card) {
        Some(alone) if !silent => format!("{how}; {alone}"),
        _ => how,
    };
    Judged { mark: Some(mark), why, evidence: facts.told(&RESTS_ON) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testbed::Bed;
    use evidence::Said;
    use evidence::said::{Audience, Level};

    fn row(bed: &Bed) -> crate::rating::Row {
        crate::grade::grade(&bed.recording()).card.rating.rubric.remove(0)
    }

    fn led() -> Bed {
        let decide =
            Said::Decide { text: "x".into(), reason: "y".into(), expect: "z".into(), undo: "u".into() };
        Bed::recovered()
            .said(8_500, "script", &Said::Severity { level: Level::Sev1, text: String::new() })
            .said(8_600, "script", &Said::Say { text: "paying is down".into(), to: Audience::Users })
            .said(9_500, "script", &decide)
    }

    #[test]
    fn who_says_how_bad_it_is_and_tells_users_and_acts_with_reasons_is_an_expert() {
        let row = row(&led());
        assert_eq!(row.machine, Some(Mark::Expert), "{row:?}");
        assert!(row.why.contains("alone") && row.evidence.len() == RESTS_ON.len(), "{row:?}");
    }

    #[test]
    fn who_tells_the_team_and_acts_is_half_way() {
        let say = Said::Say { text: "the bank is slow".into(), to: Audience::Team };
        assert_eq!(row(&Bed::recovered().said(9_000, "script", &say)).machine, Some(Mark::Intermediate));
    }

    #[test]
    fn silence_is_a_novice_s() {
        assert_eq!(row(&Bed::recovered()).machine, Some(Mark::Novice));
        assert_eq!(row(&Bed::never_recovered()).why, "nobody said a word");
    }

    #[test]
    fn a_void_run_leaves_it_blank() {
        let mut bed = led();
        bed.seal.problems.push("samples.bin is missing".into());
        let row = row(&bed);
        assert!(row.machine.is_none() && row.why.contains("void"), "{row:?}");
    }
}
