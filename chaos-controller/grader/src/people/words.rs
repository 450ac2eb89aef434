//! What those who played put on record. An instructor's marks are about the run and no part of it, and what the controller
//! does is nobody's word.

use evidence::{Entry, Said, kind};

use crate::case::Case;
use crate::finding::round;

/// One thing that somebody said, and where.
pub(super) struct Word<'a> {
    pub(super) entry: &'a Entry,
    pub(super) said: Said,
}

/// All of them, first to last.
pub(super) fn said<'a>(case: &Case<'a>) -> Vec<Word<'a>> {
    let players = case.recording.entries(kind::ACTION).filter(|entry| is_player(entry));
    let words = players.filter_map(|entry| Some(Word { entry, said: Said::of(entry)? }));
    words.filter(|word| !matches!(word.said, Said::Mark { .. })).collect()
}

/// The first of them that is about the incident: a hint is asked for, and a reveal is shown.
pub(crate) fn first_word<'a>(case: &Case<'a>) -> Option<&'a Entry> {
    let about_it = |word: &&Word<'_>| !matches!(word.said, Said::Hint { .. } | Said::Reveal {});
    said(case).iter().find(about_it).map(|word| word.entry)
}

/// Whether a person or a script is behind it, and not the lab.
pub(super) fn is_player(entry: &Entry) -> bool {
    !matches!(entry.actor.as_str(), "controller" | "guard" | "traffic")
}

/// When it was said, in seconds after the fault's start.
pub(super) fn seconds(case: &Case<'_>, entry: &Entry) -> f64 {
    round(case.moments.seconds(entry.t_ms))
}

/// A word of the journal as the journal spells it.
pub(super) fn spelt(word: impl serde::Serialize) -> String {
    let value = serde_json::to_value(word).expect("a word always serialises");
    value.as_str().unwrap_or_default().to_owned()
}

/// What a bed's people said and did; the part that a test is about.
#[cfg(test)]
pub(super) fn told(bed: &crate::testbed::Bed) -> super::People {
    let recording = bed.recording();
    let case = Case::new(&recording, bed.plan());
    super::People::of(&case, &crate::diagnosis::Diagnoses::default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testbed::Bed;

    #[test]
    fn marks_and_the_lab_s_own_words_are_left_out() {
        let say = Said::Say { text: "x".into(), to: Default::default() };
        let mark = Said::Mark { row: "framing".into(), mark: "4".into(), reason: String::new() };
        let bed = Bed::never_recovered()
            .said(9_000, "ada", &say)
            .said(9_100, "controller", &say)
            .said(9_200, "eve", &mark);
        let recording = bed.recording();
        let words = said(&Case::new(&recording, bed.plan()));
        assert_eq!(words.iter().map(|word| word.entry.actor.as_str()).collect::<Vec<_>>(), ["ada"]);
    }

    #[test]
    fn words_are_spelt_as_in_the_journal() {
        assert_eq!(spelt(evidence::said::Level::Sev1), "sev1");
    }
}
