//! Runs side by side, from their recordings alone: what tells them apart first, what is the same folded away. Nothing is
//! judged here; each verdict is its own run's.
//!
//! ```text
//! caution    whether the runs can be compared at all
//! facts      who played, the verdict, what broke when, the money
//! criteria   those that ended differently
//! measures   numbers, the widest apart first
//! gain       what the later runs earned more than the first
//! ```

mod caution;
mod criteria;
mod facts;
mod gain;
mod marked;
mod measures;
mod page;
pub(crate) mod progress;
mod row;
pub(crate) mod whose;

use grader::Scorecard;
use serde_json::{Value, json};

use gain::Gain;
use row::Row;

/// Several runs, at least two.
#[derive(Debug)]
pub(crate) struct Comparison<'a> {
    cards: Vec<&'a Scorecard>,
    cautions: Vec<String>,
    rows: Vec<Row>,
    gains: Vec<Gain>,
}

impl<'a> Comparison<'a> {
    /// The rows of most weight first; those of one kind stay together.
    pub(crate) fn of(cards: Vec<&'a Scorecard>) -> Self {
        let mut rows = facts::who_and_what_came_of_it(&cards);
        rows.extend(criteria::rows(&cards));
        rows.extend(facts::what_happened(&cards));
        rows.extend(measures::rows(&cards));
        Self { cautions: caution::cautions(&cards), gains: gain::gains(&cards), rows, cards }
    }

    /// Adds what must be known of the runs besides.
    pub(crate) fn warn(&mut self, warnings: impl IntoIterator<Item = String>) {
        self.cautions.extend(warnings);
    }

    /// For a person; `all` shows what is the same too.
    pub(crate) fn text(&self, all: bool) -> String {
        page::text(self, all)
    }

    /// For a program: every row, the same ones marked.
    pub(crate) fn json(&self) -> Value {
        let runs = self.cards.iter().map(|card| {
            json!({
                "run": card.run, "drill": card.drill, "variant": card.variant, "candidate": card.candidate,
                "seed": card.seed, "scale": card.scale, "mode": card.mode, "verdict": card.verdict,
                "exit": card.exit, "reason": card.reason, "head": card.head
            })
        });
        let cells = |row: &Row| {
            let name = std::iter::once(row.name.clone());
            name.chain(row.cells.iter().cloned()).collect::<Vec<_>>()
        };
        let saved = self.gains.first().filter(|_| self.cards.len() == 2);
        json!({
            "runs": runs.collect::<Vec<_>>(),
            "warnings": self.cautions,
            "rows": self.rows.iter().map(cells).collect::<Vec<_>>(),
            "differences": self.rows.iter().filter(|row| row.differs()).collect::<Vec<_>>(),
            "same": self.rows.iter().filter(|row| !row.differs()).map(|row| &row.name).collect::<Vec<_>>(),
            "saved": saved,
            "gains": self.gains,
        })
    }
}

/// What the n-th run is called, from 0.
pub(crate) fn ordinal(index: usize) -> String {
    let names = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"];
    names.get(index).map_or_else(|| format!("{}th", index + 1), |name| (*name).to_owned())
}

#[cfg(test)]
pub(crate) mod testbed;
#[cfg(test)]
mod tests;
