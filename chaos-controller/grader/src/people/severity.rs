//! How bad people said it was, and when. Whether they were right is not asked: what a level means is a team's own.

use evidence::Said;

use super::SeverityCalled;
use super::words::{Word, seconds, spelt};
use crate::case::Case;

pub(super) fn severity(case: &Case<'_>, said: &[Word<'_>]) -> Vec<SeverityCalled> {
    let called = said.iter().filter_map(|word| match &word.said {
        Said::Severity { level, .. } => Some(SeverityCalled {
            level: spelt(level),
            by: word.entry.actor.clone(),
            seconds: seconds(case, word.entry),
            seq: word.entry.seq,
        }),
        _ => None,
    });
    called.collect()
}

#[cfg(test)]
mod tests {
    use super::super::words::told;
    use crate::testbed::Bed;
    use evidence::Said;
    use evidence::said::Level;

    #[test]
    fn every_call_is_kept_so_that_a_change_of_mind_shows() {
        let call = |level| Said::Severity { level, text: String::new() };
        let bed = Bed::never_recovered().said(9_000, "ada", &call(Level::Sev3));
        let called = told(&bed.said(12_000, "ada", &call(Level::Sev1))).severity;
        assert_eq!(called.iter().map(|one| one.level.as_str()).collect::<Vec<_>>(), ["sev3", "sev1"]);
    }

    #[test]
    fn nobody_called_it() {
        assert!(told(&Bed::recovered()).severity.is_empty());
    }
}
