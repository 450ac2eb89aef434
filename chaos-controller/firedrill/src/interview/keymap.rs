//! The keyboard of an interviewer: the four rows of the rubric and their three marks as a block of keys, under the left
//! hand, and a few words beside it.
//!
//! ```text
//!                      novice  intermediate  expert
//! incident response       1         2           3
//! system thinking         q         w           e
//! mitigation speed        a         s           d
//! postmortem quality      z         x           c        ? anchors   n next   b back   h hint
//! ```

/// The rows, in the order of the keys.
pub(super) const ROWS: [&str; 4] =
    ["incident_response", "system_thinking", "mitigation_speed", "postmortem_quality"];
/// The marks, from left to right.
pub(super) const MARKS: [&str; 3] = ["novice", "intermediate", "expert"];
/// The block, row by row.
const BLOCK: [[char; 3]; 4] = [['1', '2', '3'], ['q', 'w', 'e'], ['a', 's', 'd'], ['z', 'x', 'c']];

/// What a key asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Press {
    Mark {
        row: &'static str,
        mark: &'static str,
    },
    /// What the marks look like in this drill.
    Anchors,
    /// The next part of the agenda.
    Next,
    /// The part before.
    Back,
    Hint,
}

/// What a key means; `None` for one that means nothing. Capitals mean the same.
pub(super) fn press(key: char) -> Option<Press> {
    let key = key.to_ascii_lowercase();
    for (row, keys) in ROWS.into_iter().zip(BLOCK) {
        if let Some(place) = keys.iter().position(|known| *known == key) {
            return Some(Press::Mark { row, mark: MARKS[place] });
        }
    }
    match key {
        '?' | '/' => Some(Press::Anchors),
        'n' => Some(Press::Next),
        'b' => Some(Press::Back),
        'h' => Some(Press::Hint),
        _ => None,
    }
}

/// The block as it is shown at the start.
pub(super) fn legend() -> Vec<String> {
    let mut lines = vec![format!("{:<22}{:<9}{:<14}{}", "keys", MARKS[0], MARKS[1], MARKS[2])];
    for (row, [novice, intermediate, expert]) in ROWS.into_iter().zip(BLOCK) {
        lines.push(format!("  {:<22}{novice:<9}{intermediate:<14}{expert}", row.replace('_', " ")));
    }
    lines
        .push("  ? what the marks look like   n next part   b back   h give a hint   Ctrl-C stop".to_owned());
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_of_the_block_is_one_mark_of_one_row() {
        let mut seen = std::collections::BTreeSet::new();
        for key in "123qweasdzxc".chars() {
            let Some(Press::Mark { row, mark }) = press(key) else { panic!("{key}") };
            assert!(seen.insert((row, mark)), "{key} means what another key means");
        }
        assert_eq!(seen.len(), 12);
        assert_eq!(press('3'), Some(Press::Mark { row: "incident_response", mark: "expert" }));
        assert_eq!(press('Z'), Some(Press::Mark { row: "postmortem_quality", mark: "novice" }));
    }

    #[test]
    fn the_other_keys_are_none_of_the_block_and_the_rest_mean_nothing() {
        let words = [('?', Press::Anchors), ('n', Press::Next), ('b', Press::Back), ('h', Press::Hint)];
        for (key, word) in words {
            assert_eq!(press(key), Some(word));
        }
        for key in ['4', 'r', '\u{1b}', '\n', ' ', '\u{e4}'] {
            assert_eq!(press(key), None);
        }
        assert_eq!(legend().len(), 6);
    }
}
