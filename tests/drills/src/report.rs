//! What is told at the end: the table, the matrix, how long it took; for people or as JSON.

use drill::Scale;
use serde_json::{Value, json};

use crate::cast::{Cast, Play};
use crate::matrix::{Cell, matrix, too_alike};
use crate::play::Played;

/// Exit code of a run that somebody stopped.
const INTERRUPTED: i32 = 105;
/// The longest reason in a table.
const LONGEST: usize = 100;

/// Everything that is told.
pub(crate) struct Told<'a> {
    pub(crate) cast: &'a Cast,
    pub(crate) played: &'a [Option<Played>],
    pub(crate) jobs: usize,
    pub(crate) scale: Scale,
    pub(crate) seconds: f64,
    pub(crate) interrupted: bool,
}

impl Told<'_> {
    /// Whether every planted candidate got what it must get, and no answer passes everywhere.
    pub(crate) fn as_expected(&self) -> bool {
        let planted = self.rows().all(|(play, played)| {
            let fine = played.is_some_and(|played| played.differences.is_empty());
            play.answer_of.is_some() || (play.expect.is_some() && fine)
        });
        planted
            && self.unanswered().is_empty()
            && self.undecided().is_empty()
            && too_alike(&self.matrix()).is_empty()
    }

    pub(crate) fn text(&self) -> String {
        let mut rows =
            vec![["DRILL", "CANDIDATE", "EXPECTED", "GOT", "SECONDS", "", "WHAT DECIDED"].map(str::to_owned)];
        rows.extend(self.rows().filter(|(play, _)| play.answer_of.is_none()).map(row));
        let mut text = if rows.len() > 1 { columns(&rows) } else { String::new() };
        for (play, played) in self.rows() {
            for difference in played.iter().flat_map(|played| &played.differences) {
                text += &format!("\n{} {}: {difference}", play.drill, play.candidate);
            }
            if let Some(before) = played.and_then(|played| played.sick_before.as_ref()) {
                text += &format!(
                    "\n{} {}: played twice, the first was void: {before}",
                    play.drill, play.candidate
                );
            }
        }
        if self.cast.matrix {
            text += &format!("\n\nEvery answer (rows) in every drill (columns):\n\n{}", self.grid());
            for answer in too_alike(&self.matrix()) {
                text += &format!("\nthe answer of {answer} passes everywhere: the drills are too alike");
            }
            for drill in self.unanswered() {
                text +=
                    &format!("\n{drill}: its answer.yaml does not say which `candidate` plays the answer");
            }
            for cell in self.undecided() {
                text += &format!("\n{cell}");
            }
        }
        let runs = self.played.iter().flatten().count();
        let (minutes, seconds) = (self.seconds as u64 / 60, self.seconds as u64 % 60);
        text += &format!(
            "\n\n{runs} of {} runs in {minutes} min {seconds:02} s, {} side by side at scale {}: {}\n",
            self.cast.plays.len(),
            self.jobs,
            self.scale,
            match (self.interrupted, self.as_expected()) {
                (true, _) => "interrupted",
                (_, true) => "all as expected",
                _ => "NOT as expected",
            }
        );
        text
    }

    pub(crate) fn document(&self) -> Value {
        let runs: Vec<Value> = self
            .rows()
            .map(|(play, played)| {
                json!({
                    "drill": play.drill,
                    "variant": play.variant,
                    "candidate": play.candidate,
                    "answer_of": play.answer_of,
                    "expected": play.expect,
                    "impossible": play.impossible,
                    "exit": played.and_then(|played| played.exit),
                    "verdict": played.map(|played| &played.card["verdict"]),
                    "reason": played.map(Played::reason),
                    "run": played.and_then(Played::folder),
                    "differences": played.map(|played| &played.differences),
                    "void_before": played.and_then(|played| played.sick_before.as_ref()),
                    "seconds": played.map(|played| (played.seconds * 10.0).round() / 10.0),
                })
            })
            .collect();
        let rows = self.matrix();
        let matrix: Vec<Value> = rows
            .iter()
            .map(|(answer, cells)| {
                let cells: serde_json::Map<String, Value> = self
                    .cast
                    .drills
                    .iter()
                    .cloned()
                    .zip(cells.iter().map(|cell| cell.word().into()))
                    .collect();
                json!({"answer_of": answer, "in": cells})
            })
            .collect();
        json!({
            "as_expected": self.as_expected(),
            "interrupted": self.interrupted,
            "jobs": self.jobs,
            "scale": self.scale.to_string(),
            "seconds": (self.seconds * 10.0).round() / 10.0,
            "runs": runs,
            "matrix": matrix,
            "passes_everywhere": too_alike(&rows),
        })
    }

    fn rows(&self) -> impl Iterator<Item = (&Play, Option<&Played>)> {
        self.cast.plays.iter().zip(self.played.iter().map(Option::as_ref))
    }

    fn matrix(&self) -> Vec<(String, Vec<Cell>)> {
        if self.cast.matrix { matrix(self.cast, self.played) } else { Vec::new() }
    }

    /// Drills that nobody can look up the answer of.
    fn unanswered(&self) -> Vec<&str> {
        let known = |drill: &&String| self.cast.matrix && !self.cast.answers.contains_key(*drill);
        self.cast.drills.iter().filter(known).map(String::as_str).collect()
    }

    /// Cells of the matrix that say nothing, with the reason.
    fn undecided(&self) -> Vec<String> {
        let answers = self.rows().filter(|(play, _)| play.answer_of.is_some() && play.impossible.is_none());
        answers
            .filter(|(_, played)| !matches!(played.and_then(|played| played.exit), Some(0 | 99)))
            .map(|(play, played)| {
                let reason = played.map_or("not played", Played::reason);
                format!("{} in {}: {reason}", play.candidate, play.drill)
            })
            .collect()
    }

    fn grid(&self) -> String {
        let mut lines =
            vec![std::iter::once(String::new()).chain(self.cast.drills.iter().cloned()).collect()];
        for (answer, cells) in self.matrix() {
            lines.push(
                std::iter::once(answer).chain(cells.iter().map(|cell| cell.word().to_owned())).collect(),
            );
        }
        columns::<Vec<String>>(&lines)
    }
}

fn row((play, played): (&Play, Option<&Played>)) -> [String; 7] {
    let expected = play.expect.as_ref().map_or_else(|| "-".to_owned(), |expect| expect.exit.to_string());
    let Some(played) = played else {
        let none = [play.drill.as_str(), &play.candidate, &expected, "-", "-", "not played", ""];
        return none.map(str::to_owned);
    };
    let mark = match (&play.expect, played.differences.is_empty()) {
        (None, _) => "its file expects nothing",
        (_, true) => "as expected",
        _ if played.exit == Some(INTERRUPTED) => "interrupted",
        _ => "WRONG",
    };
    let reason: String = played.reason().chars().take(LONGEST).collect();
    [
        play.drill.clone(),
        play.candidate.clone(),
        expected,
        played.exit.map_or_else(|| "-".to_owned(), |exit| exit.to_string()),
        format!("{:.0}", played.seconds),
        mark.to_owned(),
        reason,
    ]
}

/// Cells below each other.
fn columns<R: AsRef<[String]>>(rows: &[R]) -> String {
    let count = rows.iter().map(|row| row.as_ref().len()).max().unwrap_or_default();
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.as_ref().get(column)).map(|cell| cell.chars().count()).max()
    };
    let widths: Vec<usize> = (0..count).map(|column| width(column).unwrap_or_default()).collect();
    let line = |row: &R| {
        let cells = row.as_ref().iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_stand_below_each_other() {
        let rows = [["a", "bb"].map(str::to_owned), ["ccc", "d"].map(str::to_owned)];
        assert_eq!(columns(&rows), "a    bb\nccc  d\n");
    }
}
