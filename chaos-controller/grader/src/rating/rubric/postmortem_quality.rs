//! Postmortem quality, if one lies in the run's folder: the mark that its check comes to. It is written after the run was
//! sealed, so the row is blank until somebody has written it and the run is graded again. What no rule can see is for
//! whoever reads it.

use super::Judged;
use crate::case::Case;
use crate::postmortem::{Quality, quality};
use crate::scorecard::Scorecard;
use crate::verdict::Verdict;

pub(super) fn judge(case: &Case<'_>, card: &Scorecard) -> Judged {
    match &case.recording.postmortem {
        // Whether its actions cut the mechanisms cannot be said of a run that proves none.
        Some(_) if card.verdict == Verdict::Void => {
            let why = format!("the run is void ({}), and this rests on it", card.reason);
            Judged { mark: None, why, evidence: Vec::new() }
        }
        Some(text) => {
            let Quality { mark, why, evidence } = quality(text, card);
            Judged { mark, why, evidence }
        }
        None => Judged {
            mark: None,
            why: "no postmortem lies in the run's folder; `firedrill postmortem` drafts one".to_owned(),
            evidence: Vec::new(),
        },
    }
}

#[cfg(test)]
mod tests {
    use crate::rating::Mark;
    use crate::testbed::Bed;
    use evidence::review::Note;

    fn row(bed: &Bed) -> crate::rating::Row {
        crate::grade::grade(&bed.recording()).card.rating.rubric.remove(3)
    }

    #[test]
    fn it_is_blank_until_somebody_writes_or_marks_it() {
        let mut bed = Bed::recovered();
        assert_eq!((row(&bed).machine, row(&bed).human), (None, None));
        let mark = Note::Mark {
            row: "postmortem_quality".into(),
            mark: "expert".into(),
            reason: "blameless".into(),
        };
        bed.notes.push(("eve", mark));
        assert_eq!(row(&bed).human.unwrap().mark, "expert");
    }

    #[test]
    fn what_lies_in_the_folder_is_marked_and_a_draft_is_not() {
        let mut bed = Bed::recovered();
        bed.postmortem = Some("## Summary\n\nBob forgot it.\n".to_owned());
        let marked = row(&bed);
        assert_eq!(marked.machine, Some(Mark::Novice));
        let places = &marked.evidence;
        assert!(
            !places.is_empty() && places.iter().all(|place| place.starts_with("postmortem.md:")),
            "{places:?}"
        );
        let recording = bed.recording();
        bed.postmortem = Some(crate::postmortem::draft(&recording, &crate::grade::grade(&recording).card));
        assert_eq!(row(&bed).machine, None);
    }

    #[test]
    fn of_a_void_run_nothing_is_held_against_it() {
        let mut bed = Bed::recovered();
        bed.postmortem = Some("## Summary\n\nBob forgot it.\n".to_owned());
        bed.delivered_ms = None;
        let row = row(&bed);
        assert!(row.machine.is_none() && row.why.contains("void"), "{row:?}");
    }
}
