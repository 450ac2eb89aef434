//! The ledgers at the end of a run: what the bank charged, and what the shop believes of its orders. One JSON object a
//! line. Whether they agree is `grader`'s money criterion. The third one, what the warehouse holds, decides nothing: it
//! is sealed, and not read.

use std::collections::BTreeMap;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::lines::Lines;

/// A charge at the bank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    pub id: CompactString,
    /// The order id that the shop gave with the charge.
    pub reference: CompactString,
    pub amount_cents: i64,
    /// The idempotency key, if the shop sent one.
    #[serde(default)]
    pub key: Option<CompactString>,
    #[serde(default)]
    pub at_unix_ms: u64,
    /// The bank's region that made it, unless that was the main one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<CompactString>,
}

/// An order in the shop's own book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    pub id: CompactString,
    #[serde(default)]
    pub user: CompactString,
    /// `reserved`, `charging`, `confirmed`, `declined`, `unknown` or `pending`.
    pub state: CompactString,
    pub amount_cents: i64,
    #[serde(default)]
    pub created_unix_ms: u64,
    #[serde(default)]
    pub updated_unix_ms: u64,
    /// Resolved by the settler, not by the checkout itself.
    #[serde(default)]
    pub settled: bool,
}

/// Both; `None` where a ledger is missing from the recording.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ledgers {
    pub charges: Option<Vec<Charge>>,
    pub orders: Option<Vec<Order>>,
}

impl Ledgers {
    /// Order ids by the arrival that each came of: those of the book, and those that only the bank knows. Arrivals that
    /// two orders claim are left out.
    pub fn orders_by_arrival(&self) -> BTreeMap<u64, &str> {
        let book = self.orders.iter().flatten().map(|order| order.id.as_str());
        let bank = self.charges.iter().flatten().map(|charge| charge.reference.as_str());
        let mut orders: BTreeMap<u64, Option<&str>> = BTreeMap::new();
        for id in book.chain(bank) {
            let Some(arrival) = arrival(id) else { continue };
            let known = orders.entry(arrival).or_insert(Some(id));
            *known = known.filter(|known| *known == id);
        }
        orders.into_iter().filter_map(|(arrival, id)| Some((arrival, id?))).collect()
    }
}

/// The number of the arrival that an order came of: the last part of the id that `traffic` gives.
pub fn arrival(order: &str) -> Option<u64> {
    order.rsplit_once('-').and_then(|(_, index)| index.parse().ok())
}

/// A ledger's rows, from pieces that are cut anywhere.
#[derive(Debug)]
pub(crate) struct Rows<T> {
    lines: Lines,
    rows: Vec<T>,
    /// Lines so far.
    read: usize,
    /// The first line that is no row, and why.
    wrong: Option<String>,
}

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Rows { lines: Lines::default(), rows: Vec::new(), read: 0, wrong: None }
    }
}

impl<T: for<'de> Deserialize<'de>> Rows<T> {
    pub(crate) fn feed(&mut self, piece: &[u8]) {
        let Rows { lines, rows, read, wrong } = self;
        lines.feed(piece, |line| row(line, rows, read, wrong));
    }

    /// All rows, or what is wrong with the first line that is none.
    pub(crate) fn finish(mut self) -> Result<Vec<T>, String> {
        if let Some(line) = std::mem::take(&mut self.lines).finish() {
            row(&line, &mut self.rows, &mut self.read, &mut self.wrong);
        }
        match self.wrong {
            None => Ok(self.rows),
            Some(wrong) => Err(wrong),
        }
    }
}

fn row<T: for<'de> Deserialize<'de>>(
    line: &[u8],
    rows: &mut Vec<T>,
    read: &mut usize,
    wrong: &mut Option<String>,
) {
    *read += 1;
    if wrong.is_some() || line.trim_ascii().is_empty() {
        return;
    }
    match serde_json::from_slice(line) {
        Ok(row) => rows.push(row),
        Err(error) => *wrong = Some(format!("line {read}: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHARGES: &str = "{\"id\":\"ch_2\",\"reference\":\"o1-1-0\",\"amount_cents\":11784,\"key\":null,\"at_unix_ms\":5}\n\n\
        {\"id\":\"ch_3\",\"reference\":\"o1-1-1\",\"amount_cents\":9,\"region\":\"second\"}";

    fn read(text: &str, size: usize) -> Result<Vec<Charge>, String> {
        let mut rows = Rows::default();
        text.as_bytes().chunks(size).for_each(|piece| rows.feed(piece));
        rows.finish()
    }

    #[test]
    fn rows_are_the_same_however_the_file_is_cut() {
        let rows = read(CHARGES, 7).unwrap();
        assert_eq!(rows, read(CHARGES, 1_000).unwrap());
        assert_eq!((rows.len(), &*rows[0].reference, rows[0].at_unix_ms), (2, "o1-1-0", 5));
        assert_eq!(rows[1].region.as_deref(), Some("second"));
    }

    #[test]
    fn an_order_is_found_by_its_arrival_also_if_only_the_bank_knows_it() {
        let order = r#"{"id":"o1-1-4","state":"pending","amount_cents":1}"#;
        let mut ledgers = Ledgers {
            charges: Some(read(CHARGES, 64).unwrap()),
            orders: Some(vec![serde_json::from_str(order).unwrap()]),
        };
        let found: Vec<(u64, &str)> = ledgers.orders_by_arrival().into_iter().collect();
        assert_eq!(found, [(0, "o1-1-0"), (1, "o1-1-1"), (4, "o1-1-4")]);
        let again = r#"{"id":"o1-2-4","state":"pending","amount_cents":1}"#;
        ledgers.orders.iter_mut().for_each(|orders| orders.push(serde_json::from_str(again).unwrap()));
        assert_eq!(ledgers.orders_by_arrival().get(&4), None, "two loads had such an arrival");
    }

    #[test]
    fn the_first_line_that_is_no_row_is_named() {
        let wrong = read(&format!("{CHARGES}\n{{\"id\":1}}\n"), 64).unwrap_err();
        assert!(wrong.starts_with("line 4: "), "{wrong}");
    }
}
