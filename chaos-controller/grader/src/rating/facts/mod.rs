//! What a run shows of whoever played, as single statements that hold, do not hold, or cannot be seen. Every mark and score
//! is counted from these, so each can be followed to its evidence. What they are worth is not said here.

mod care;
mod cascade;
mod fact;
mod recovery;
mod response;
mod talk;

pub(super) use fact::{About, Fact, Part};
pub(super) use response::alone;

use crate::case::Case;
use crate::scorecard::Scorecard;
use crate::verdict::Verdict;

/// All facts of a run, one for each [`About`].
pub(super) struct Facts(Vec<Fact>);

/// How many of some facts could be seen, and how many of those hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) held: usize,
    pub(super) seen: usize,
}

impl Facts {
    pub(super) fn of(case: &Case<'_>, card: &Scorecard) -> Facts {
        let found = |about| match about {
            About::Prompt => recovery::prompt(case, card),
            About::PartlyBack => recovery::partly_back(case),
            About::Recovered => recovery::recovered(case, card),
            About::Lasted => recovery::lasted(case, card),
            About::Layers => recovery::layers(case),
            About::Bounds => recovery::bounds(case, card),
            About::Money => recovery::money(case, card),
            About::Declared => recovery::declared(case, card),
            About::Cause => cascade::cause(case, card),
            About::Mechanism => cascade::mechanism(case, card),
            About::Propagation => cascade::propagation(case, card),
            About::NobodyBlamed => cascade::nobody_blamed(case, card),
            About::BlastRadius => cascade::blast_radius(case, card),
            About::Amplification => cascade::amplification(case, card),
            About::MitigatedFirst => response::mitigated_first(case, card),
            About::Heard => response::heard(case),
            About::Severity => response::severity(case, card),
            About::Roles => response::roles(card),
            About::Tasks => response::tasks(card),
            About::Told => talk::told(card),
            About::Cadence => talk::cadence(case, card),
            About::Reasons => care::reasons(case),
            About::WayBack => care::way_back(case, card),
            About::Hypothesis => care::hypothesis(card),
        };
        let void = void(card);
        let facts = About::ALL.map(|about| match &void {
            Some(why) => Fact::unseen(about, why.clone()),
            None => found(about),
        });
        Facts(facts.into())
    }

    pub(super) fn get(&self, about: About) -> &Fact {
        self.0.iter().find(|fact| fact.about == about).expect("there is a fact for each of ALL")
    }

    pub(super) fn holds(&self, about: About) -> bool {
        self.get(about).holds == Some(true)
    }

    pub(super) fn tally(&self, of: &[About]) -> Tally {
        let seen: Vec<bool> = of.iter().filter_map(|about| self.get(*about).holds).collect();
        Tally { held: seen.iter().filter(|holds| **holds).count(), seen: seen.len() }
    }

    /// What each of them says, and where to look: the evidence of a row.
    pub(super) fn told(&self, of: &[About]) -> Vec<String> {
        of.iter().map(|about| self.get(*about).line()).collect()
    }

    pub(super) fn all(&self) -> &[Fact] {
        &self.0
    }
}

/// Why nothing is seen of a run that proves nothing: also what people told each other was about an outage that was not the
/// planned one. `None`: the experiment was sound.
pub(super) fn void(card: &Scorecard) -> Option<String> {
    (card.verdict == Verdict::Void)
        .then(|| format!("the run is void ({}), and all that is seen of people rests on it", card.reason))
}

/// Whatever changed the shop: the lines of the journal, by those who played, while the books were open.
pub(super) fn changes<'a>(case: &'a Case<'_>) -> impl Iterator<Item = &'a evidence::Entry> {
    use evidence::kind;
    let acts = |entry: &&evidence::Entry| match entry.kind.as_str() {
        kind::POLICY => true,
        kind::ACTION => matches!(entry.text("verb"), "restart" | "scale"),
        _ => false,
    };
    let end = case.moments.end;
    case.recording
        .journal
        .iter()
        .filter(move |entry| entry.actor != "controller" && entry.t_ms < end)
        .filter(acts)
}

/// A line of the journal, as evidence names it.
pub(super) fn line(seq: u64) -> String {
    format!("journal: entry {seq}")
}

/// The fact of a bed.
#[cfg(test)]
pub(super) fn seen(bed: &crate::testbed::Bed, about: About) -> Fact {
    let recording = bed.recording();
    let case = Case::new(&recording, bed.plan());
    let card = crate::grade::grade(&recording).card;
    Facts::of(&case, &card).get(about).clone()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testbed::Bed;

    #[test]
    fn what_rests_on_a_void_experiment_is_not_seen() {
        let mut bed = Bed::recovered();
        bed.seal.problems.push("samples.bin was altered".into());
        let fact = seen(&bed, About::Recovered);
        assert_eq!(fact.holds, None);
        assert!(fact.text.contains("void"), "{}", fact.text);
        let heard = seen(&bed, About::Heard);
        assert!(
            heard.holds.is_none() && heard.text.contains("void"),
            "words were about it too: {}",
            heard.text
        );
    }
}
