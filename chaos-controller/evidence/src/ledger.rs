//! The three ledgers at the end of a run: what the bank charged, what the shop believes of its orders, what the
//! warehouse holds. One JSON object a line. Whether they agree is `grader`'s money criterion.

use serde::{Deserialize, Serialize};

/// A charge at the bank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    pub id: String,
    /// The order id that the shop gave with the charge.
    pub reference: String,
    pub amount_cents: i64,
    /// The idempotency key, if the shop sent one.
    #[serde(default)]
    pub key: Option<String>,
    #[serde(default)]
    pub at_unix_ms: u64,
    /// The bank's region that made it, unless that was the main one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
}

/// An order in the shop's own book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    pub id: String,
    #[serde(default)]
    pub user: String,
    /// `reserved`, `charging`, `confirmed`, `declined`, `unknown` or `pending`.
    pub state: String,
    pub amount_cents: i64,
    #[serde(default)]
    pub created_unix_ms: u64,
    #[serde(default)]
    pub updated_unix_ms: u64,
    /// Resolved by the settler, not by the checkout itself.
    #[serde(default)]
    pub settled: bool,
}

/// A reservation of the warehouse.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stock {
    pub order_id: String,
    pub sku: String,
    pub quantity: i64,
    #[serde(default)]
    pub state: String,
}

/// All three; `None` where a ledger is missing from the recording.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ledgers {
    pub charges: Option<Vec<Charge>>,
    pub orders: Option<Vec<Order>>,
    pub stock: Option<Vec<Stock>>,
}

/// Reads a ledger's lines.
///
/// # Errors
/// The number of the first line that is not such a row, and why.
pub fn parse<T: for<'de> Deserialize<'de>>(text: &[u8]) -> Result<Vec<T>, (usize, String)> {
    text.split(|&byte| byte == b'\n')
        .enumerate()
        .filter(|(_, line)| !line.trim_ascii().is_empty())
        .map(|(index, line)| serde_json::from_slice(line).map_err(|error| (index + 1, error.to_string())))
        .collect()
}

/// Writes a ledger's lines.
pub fn export<T: Serialize>(rows: &[T]) -> String {
    rows.iter()
        .map(|row| serde_json::to_string(row).expect("a ledger row holds only text and numbers") + "\n")
        .collect()
}
