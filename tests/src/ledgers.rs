//! The books of the shop against those of the bank, fetched from their admin ports and compared by order, the way an
//! auditor would: without asking the grader.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::http::Ask;
use crate::site::{Role, Site};

/// Both books.
#[derive(Debug)]
pub struct Books {
    pub orders: Vec<Value>,
    pub charges: Vec<Value>,
}

/// What is wrong with them; orders by id.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Audit {
    /// A charge without a confirmed order, or a confirmed order without a charge.
    pub lost: Vec<String>,
    /// More than one charge.
    pub double: Vec<String>,
    /// Orders whose state is not final.
    pub unsettled: Vec<String>,
}

impl Books {
    /// Fetches both.
    ///
    /// # Panics
    /// When one is refused, or is no ledger.
    pub fn fetch(site: &Site) -> Self {
        Self {
            orders: lines(&site.member("order").admin, &site.token(Role::Process)),
            charges: lines(&site.member("bank").admin, &site.token(Role::Operator)),
        }
    }

    /// Compares them.
    pub fn audit(&self) -> Audit {
        let mut charges: BTreeMap<&str, usize> = BTreeMap::new();
        for charge in &self.charges {
            *charges.entry(text(charge, "reference")).or_default() += 1;
        }
        let mut audit = Audit::default();
        let known: BTreeMap<&str, &str> =
            self.orders.iter().map(|order| (text(order, "id"), text(order, "state"))).collect();
        for (order, state) in &known {
            let charged = charges.contains_key(order);
            match *state {
                "confirmed" if !charged => audit.lost.push((*order).to_owned()),
                "declined" if charged => audit.lost.push((*order).to_owned()),
                "confirmed" | "declined" => {}
                state => audit.unsettled.push(format!("{order} ({state})")),
            }
        }
        audit.lost.extend(
            charges.keys().filter(|order| !known.contains_key(*order)).map(|order| (*order).to_owned()),
        );
        audit
            .double
            .extend(charges.iter().filter(|(_, count)| **count > 1).map(|(order, _)| (*order).to_owned()));
        audit
    }
}

/// The rows of a ledger.
///
/// # Panics
/// When it is refused, or a row is no JSON.
pub fn lines(admin: &str, token: &str) -> Vec<Value> {
    let answer =
        Ask::get(admin, "/ledger").token(token).send().unwrap_or_else(|error| panic!("no ledger: {error}"));
    let rows = answer.expect(200).body;
    rows.lines()
        .map(|row| {
            serde_json::from_str(row).unwrap_or_else(|error| panic!("a row of the ledger: {error}: {row}"))
        })
        .collect()
}

fn text<'a>(row: &'a Value, field: &str) -> &'a str {
    row[field].as_str().unwrap_or_else(|| panic!("a row of the ledger without `{field}`: {row}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_audit_finds_what_is_lost_double_and_open() {
        let order = |id: &str, state: &str| json!({"id": id, "state": state});
        let charge = |reference: &str| json!({"reference": reference});
        let books = Books {
            orders: vec![
                order("a", "confirmed"),
                order("b", "confirmed"),
                order("c", "confirmed"),
                order("d", "declined"),
                order("e", "pending"),
                order("f", "declined"),
            ],
            charges: ["a", "b", "b", "d", "g"].map(charge).to_vec(),
        };
        let audit = books.audit();
        assert_eq!(audit.lost, ["c", "d", "g"]);
        assert_eq!(audit.double, ["b"]);
        assert_eq!(audit.unsettled, ["e (pending)"]);
    }
}
