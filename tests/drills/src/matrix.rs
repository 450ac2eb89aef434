//! Every answer in every drill: rows are answers, columns are drills. An answer that passes everywhere means that the
//! drills are too alike to tell one remedy from another.

use crate::cast::Cast;
use crate::play::Played;

/// What an answer came to in a drill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cell {
    Pass,
    Fail,
    /// The run proves nothing.
    Void,
    /// Its policy means nothing in this drill.
    Impossible,
    /// Not played.
    Unknown,
}

impl Cell {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Cell::Pass => "pass",
            Cell::Fail => "FAIL",
            Cell::Void => "void",
            Cell::Impossible => "n/a",
            Cell::Unknown => "-",
        }
    }
}

/// The rows: an answer's drill, and its cell in each drill. Its own cell is that of the planted candidate.
pub(crate) fn matrix(cast: &Cast, played: &[Option<Played>]) -> Vec<(String, Vec<Cell>)> {
    let row = |answer: &String| {
        let cells = cast.drills.iter().map(|drill| cell(cast, played, answer, drill)).collect();
        (answer.clone(), cells)
    };
    cast.drills.iter().map(row).collect()
}

/// Rows that pass wherever they mean anything, if that is more than their own drill.
pub(crate) fn too_alike(rows: &[(String, Vec<Cell>)]) -> Vec<&str> {
    let everywhere = |cells: &[Cell]| {
        let told: Vec<&Cell> = cells.iter().filter(|cell| **cell != Cell::Impossible).collect();
        told.len() > 1 && told.iter().all(|cell| **cell == Cell::Pass)
    };
    rows.iter().filter(|(_, cells)| everywhere(cells)).map(|(answer, _)| answer.as_str()).collect()
}

fn cell(cast: &Cast, played: &[Option<Played>], answer: &str, drill: &str) -> Cell {
    let own = |at: &usize| {
        let play = &cast.plays[*at];
        play.drill == drill
            && match &play.answer_of {
                Some(of) => of == answer,
                None => answer == drill && cast.answers.get(drill) == Some(&play.candidate),
            }
    };
    let Some(at) = (0..cast.plays.len()).find(own) else { return Cell::Unknown };
    if cast.plays[at].impossible.is_some() {
        return Cell::Impossible;
    }
    match played[at].as_ref().and_then(|played| played.exit) {
        Some(0) => Cell::Pass,
        Some(99) => Cell::Fail,
        Some(_) => Cell::Void,
        None => Cell::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_passes_wherever_it_means_anything_is_found() {
        let rows = vec![
            ("a".to_owned(), vec![Cell::Pass, Cell::Pass, Cell::Impossible]),
            ("b".to_owned(), vec![Cell::Pass, Cell::Fail, Cell::Pass]),
            ("c".to_owned(), vec![Cell::Pass, Cell::Void, Cell::Pass]),
            ("d".to_owned(), vec![Cell::Impossible, Cell::Impossible, Cell::Pass]),
        ];
        assert_eq!(too_alike(&rows), ["a"]);
    }
}
