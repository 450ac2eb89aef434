//! What persons gave: marks while the run was on, and marks, overrulings and own scores after it. The last word on a row
//! counts, all of them are kept, and what cannot be read is listed with its line instead of being lost.

use evidence::review::{Note, REVIEW};
use evidence::{Entry, Said};

use super::rubric::RUBRIC;
use super::self_scores::SELF_SCORES;
use super::signals::SIGNALS;
use super::{Given, Ignored, Mark};
use crate::case::Case;

/// All that was given, first to last.
#[derive(Debug, Default)]
pub(super) struct Givens {
    marks: Vec<(String, Given)>,
    own: Vec<(String, u8, String)>,
    pub(super) ignored: Vec<Ignored>,
}

impl Givens {
    pub(super) fn of(case: &Case<'_>) -> Givens {
        let mut givens = Givens::default();
        for entry in &case.recording.journal {
            if let Some(Said::Mark { row, mark, reason }) = Said::of(entry) {
                givens.mark(entry, format!("journal: entry {}", entry.seq), row, mark, reason, false);
            }
        }
        for (index, entry) in case.recording.review.iter().enumerate() {
            let at = format!("{REVIEW}: line {}", index + 1);
            match Note::of(entry) {
                Some(Note::Mark { row, mark, reason }) => givens.mark(entry, at, row, mark, reason, false),
                Some(Note::Overrule { row, mark, reason }) => givens.mark(entry, at, row, mark, reason, true),
                Some(Note::SelfScore { row, score, reason }) => {
                    givens.own_score(entry, at, row, score, reason)
                }
                Some(Note::ActionClosed { .. }) => {}
                None => {
                    givens.ignore(entry, at, format!("{} is not a note that this grader knows", entry.kind))
                }
            }
        }
        givens
    }

    /// The last mark on a row. Once a row was overruled it is in a person's hands: a later mark changes theirs.
    pub(super) fn last(&self, row: &str) -> Option<Given> {
        let on_row = || self.marks.iter().filter(|(name, _)| name == row).map(|(_, given)| given);
        let overrules = on_row().any(|given| given.overrules);
        on_row().next_back().map(|given| Given { overrules, ..given.clone() })
    }

    /// Every mark on a row, as evidence.
    pub(super) fn all(&self, row: &str) -> Vec<String> {
        let on_row = self.marks.iter().filter(|(name, _)| name == row);
        let told = on_row.map(|(_, given)| {
            let how = if given.overrules { "overruled to" } else { "marked" };
            let why =
                if given.reason.trim().is_empty() { String::new() } else { format!(": {}", given.reason) };
            format!("{how} {} by {}{why} ({})", given.mark, given.by, given.evidence)
        });
        told.collect()
    }

    /// The last score that whoever played gave themselves on a row, and why.
    pub(super) fn own(&self, row: &str) -> Option<(u8, String)> {
        self.own.iter().rfind(|(name, ..)| name == row).map(|(_, score, reason)| (*score, reason.clone()))
    }

    fn mark(
        &mut self,
        entry: &Entry,
        at: String,
        row: String,
        mark: String,
        reason: String,
        overrules: bool,
    ) {
        if let Err(problem) = check(&row, &mark) {
            return self.ignore(entry, at, problem);
        }
        if overrules && reason.trim().is_empty() {
            return self.ignore(entry, at, format!("{row} is overruled without a reason"));
        }
        self.marks.push((row, Given { mark, by: entry.actor.clone(), reason, overrules, evidence: at }));
    }

    fn own_score(&mut self, entry: &Entry, at: String, row: String, score: u8, reason: String) {
        if !SELF_SCORES.contains(&row.as_str()) || !(1..=5).contains(&score) {
            return self.ignore(entry, at, format!("{row} = {score} is no row or score of the self-score"));
        }
        self.own.push((row, score, reason));
    }

    fn ignore(&mut self, entry: &Entry, at: String, why: String) {
        self.ignored.push(Ignored { why, by: entry.actor.clone(), evidence: at });
    }
}

/// Whether `mark` is one for `row`: a word on a row of the rubric, 1 to 5 on the others.
///
/// # Errors
/// What is wrong with it, for a person.
pub fn check(row: &str, mark: &str) -> Result<(), String> {
    if RUBRIC.contains(&row) {
        let known = Mark::of(mark).is_some();
        return if known {
            Ok(())
        } else {
            Err(format!("{row} is novice, intermediate or expert, not {mark}"))
        };
    }
    if SIGNALS.contains(&row) || SELF_SCORES.contains(&row) {
        let known = score(mark).is_some();
        return if known { Ok(()) } else { Err(format!("{row} is scored 1 to 5, not {mark}")) };
    }
    Err(format!("{row} is no row of the scorecard"))
}

/// A person's score as a number.
pub(super) fn score(mark: &str) -> Option<u8> {
    mark.parse().ok().filter(|score| (1..=5).contains(score))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testbed::Bed;

    fn given(bed: &Bed) -> Givens {
        let recording = bed.recording();
        Givens::of(&Case::new(&recording, bed.plan()))
    }

    fn mark(row: &str, mark: &str) -> Note {
        Note::Mark { row: row.into(), mark: mark.into(), reason: "seen".into() }
    }

    fn overrule(mark: &str, reason: &str) -> Note {
        Note::Overrule { row: "system_thinking".into(), mark: mark.into(), reason: reason.into() }
    }

    #[test]
    fn the_last_word_counts_and_all_are_kept() {
        let live = Said::Mark { row: "system_thinking".into(), mark: "novice".into(), reason: String::new() };
        let mut bed = Bed::recovered().said(9_000, "eve", &live);
        bed.notes = vec![
            ("eve", overrule("expert", "they drew it")),
            ("bob", mark("system_thinking", "intermediate")),
        ];
        let given = given(&bed);
        let last = given.last("system_thinking").unwrap();
        assert_eq!((last.mark.as_str(), last.by.as_str(), last.overrules), ("intermediate", "bob", true));
        assert_eq!(given.all("system_thinking").len(), 3);
        assert!(given.all("system_thinking")[1].contains("review.jsonl: line 1"));
    }

    #[test]
    fn what_cannot_be_read_is_listed_with_its_line() {
        let mut bed = Bed::recovered();
        let own = Note::SelfScore { row: "recovery".into(), score: 9, reason: String::new() };
        bed.notes = vec![
            ("eve", mark("sytem_thinking", "expert")),
            ("eve", mark("system_thinking", "superb")),
            ("eve", overrule("expert", " ")),
            ("ada", own),
        ];
        let given = given(&bed);
        let lines: Vec<&str> = given.ignored.iter().map(|one| one.evidence.as_str()).collect();
        assert_eq!(
            lines,
            ["review.jsonl: line 1", "review.jsonl: line 2", "review.jsonl: line 3", "review.jsonl: line 4"]
        );
        assert!(given.last("system_thinking").is_none() && given.own("recovery").is_none());
    }

    #[test]
    fn rows_take_words_or_numbers() {
        assert!(check("incident_response", "expert").is_ok() && check("coding_fluency", "5").is_ok());
        for (row, mark) in
            [("incident_response", "5"), ("coding_fluency", "expert"), ("framing", "0"), ("x", "5")]
        {
            assert!(check(row, mark).is_err(), "{row} {mark}");
        }
    }
}
