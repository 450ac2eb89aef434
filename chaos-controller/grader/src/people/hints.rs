//! Which hints were taken, and when. Priced nowhere here; in an assessed run the rating looks at what came before.

use evidence::Said;

use super::HintTaken;
use super::words::{Word, seconds};
use crate::case::Case;

pub(super) fn hints(case: &Case<'_>, said: &[Word<'_>]) -> Vec<HintTaken> {
    let taken = said.iter().filter_map(|word| match &word.said {
        Said::Hint { level } => {
            Some(HintTaken { level: level.clone(), seconds: seconds(case, word.entry), seq: word.entry.seq })
        }
        _ => None,
    });
    taken.collect()
}

#[cfg(test)]
mod tests {
    use super::super::words::told;
    use crate::testbed::Bed;
    use evidence::Said;

    #[test]
    fn hints_are_told_in_their_order() {
        let hint = |level: &str| Said::Hint { level: level.into() };
        let bed = Bed::recovered().said(9_000, "ada", &hint("nudge")).said(9_500, "ada", &hint("full"));
        let levels: Vec<String> = told(&bed).hints.into_iter().map(|hint| hint.level).collect();
        assert_eq!(levels, ["nudge", "full"]);
    }

    #[test]
    fn nobody_asked_for_one() {
        assert!(told(&Bed::recovered()).hints.is_empty());
    }
}
