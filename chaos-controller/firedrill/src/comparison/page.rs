//! A comparison as a table for a person: what differs, then one line that names what does not.

use super::row::{Kind, Row};
use super::{Comparison, ordinal};
use crate::output::{printable, table};
use crate::verdict::amount;

/// Measures that a person is shown, the widest apart.
const WIDEST: usize = 12;

pub(super) fn text(comparison: &Comparison<'_>, all: bool) -> String {
    let mut text = String::new();
    for caution in &comparison.cautions {
        text.push_str(&format!("warning: {}\n", printable(caution)));
    }
    if !text.is_empty() {
        text.push('\n');
    }
    let shown = shown(&comparison.rows, all);
    let rows: Vec<Vec<String>> = comparison
        .rows
        .iter()
        .zip(&shown)
        .filter(|(_, shown)| **shown)
        .map(|(row, _)| {
            std::iter::once(&row.name).chain(&row.cells).map(|cell| printable(cell).into_owned()).collect()
        })
        .collect();
    let heads: Vec<String> = (0..comparison.cards.len()).map(|index| ordinal(index).to_uppercase()).collect();
    let heads: Vec<&str> = std::iter::once("").chain(heads.iter().map(String::as_str)).collect();
    text.push_str(&table(&heads, &rows));
    text.push_str(&folded(&comparison.rows, &shown));
    for gain in &comparison.gains {
        let (run, orders, money) = (&gain.run, gain.orders, amount(gain.cents));
        text.push_str(&format!("\nthe {run} run confirmed {orders:+} orders, worth {money}"));
    }
    if !comparison.gains.is_empty() {
        text.push_str(if comparison.cards.len() > 2 { "\n(each against the first)\n" } else { "\n" });
    }
    text
}

/// Which rows a person sees.
fn shown(rows: &[Row], all: bool) -> Vec<bool> {
    let mut measures = 0;
    let mut shown = |row: &Row| {
        measures += usize::from(row.kind == Kind::Measure && row.differs());
        let widest = row.kind != Kind::Measure || measures <= WIDEST;
        all || row.kind == Kind::Verdict || (row.differs() && widest)
    };
    rows.iter().map(&mut shown).collect()
}

/// What is the same in all: facts with their value, the rest by number; and how much differs less than what is shown.
fn folded(rows: &[Row], shown: &[bool]) -> String {
    let hidden: Vec<&Row> =
        rows.iter().zip(shown).filter(|(_, shown)| !**shown).map(|(row, _)| row).collect();
    let facts = hidden.iter().filter(|row| row.kind == Kind::Fact);
    let mut same: Vec<String> = facts.map(|row| format!("{} {}", row.name, row.cells[0])).collect();
    for (kind, one, many) in [
        (Kind::Criterion, "criterion or proof", "criteria and proofs"),
        (Kind::Measure, "measure", "measures"),
    ] {
        match hidden.iter().filter(|row| row.kind == kind && !row.differs()).count() {
            0 => {}
            1 => same.push(format!("1 {one}")),
            count => same.push(format!("{count} {many}")),
        }
    }
    let mut text = String::new();
    match hidden.iter().filter(|row| row.differs()).count() {
        0 => {}
        count => text.push_str(&format!("\n{count} more measures differ less (--all shows them)")),
    }
    if !same.is_empty() {
        text.push_str(&format!("\nthe same: {} (--all shows them)", printable(&same.join(", "))));
    }
    if text.is_empty() { text } else { text + "\n" }
}
