//! Who took part: everybody who said something or changed something. A script is a player like any other; who only
//! marks, reveals or stops the run is not.

use evidence::{Entry, kind};

use super::words::is_player;
use crate::case::Case;

pub(super) fn names(case: &Case<'_>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for entry in case.recording.journal.iter().filter(|entry| is_player(entry) && plays(entry)) {
        if !names.contains(&entry.actor) {
            names.push(entry.actor.clone());
        }
    }
    names
}

fn plays(entry: &Entry) -> bool {
    match entry.kind.as_str() {
        kind::POLICY => true,
        kind::ACTION => !matches!(entry.text("verb"), "mark" | "reveal" | "halt" | "resume" | "interrupt"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::words::told;
    use crate::testbed::Bed;
    use evidence::Said;

    fn say() -> Said {
        Said::Say { text: "x".into(), to: Default::default() }
    }

    #[test]
    fn players_stand_in_the_order_of_their_first_word_or_deed() {
        let bed = Bed::recovered().said(9_000, "ada", &say()).said(12_000, "bob", &say());
        assert_eq!(told(&bed.said(13_000, "ada", &say())).names, ["ada", "script", "bob"]);
    }

    #[test]
    fn who_only_marks_did_not_play() {
        let mark = Said::Mark { row: "framing".into(), mark: "4".into(), reason: String::new() };
        assert!(told(&Bed::never_recovered().said(9_000, "eve", &mark)).names.is_empty());
    }

    #[test]
    fn nobody_is_nobody() {
        assert!(told(&Bed::never_recovered()).names.is_empty());
    }
}
