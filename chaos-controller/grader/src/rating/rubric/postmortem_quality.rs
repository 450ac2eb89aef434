//! Postmortem quality. It is written after the run was sealed and is no part of the recording, so the machine has no mark
//! here: whoever reads it gives one.

use super::Judged;

pub(super) fn judge() -> Judged {
    Judged {
        mark: None,
        why: "the postmortem is written after the run and is no part of the recording; whoever reads it marks it"
            .to_owned(),
        evidence: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use crate::testbed::Bed;
    use evidence::review::Note;

    #[test]
    fn it_is_blank_until_somebody_marks_it() {
        let row = |bed: &Bed| crate::grade::grade(&bed.recording()).card.rating.rubric.remove(3);
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
}
