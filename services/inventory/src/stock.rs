//! The stock: a reservation a line, and what is left of each product.
//!
//! ```text
//! reserve(order) -> reserved -> (the order fails) release(order) -> released
//! ```
//! Both are idempotent by order, because a caller who heard nothing asks again.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use process::{Store, StoreError};
use proto::shop::Line;
use rusqlite::{Connection, Transaction};
use serde::Serialize;

/// Products there are.
const PRODUCTS: u64 = 500;
/// Units of each at the beginning: no drill is about selling out.
const UNITS: u64 = 10_000_000;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS reservations(
        order_id TEXT NOT NULL,
        sku      TEXT NOT NULL,
        quantity INTEGER NOT NULL,
        state    TEXT NOT NULL,
        PRIMARY KEY (order_id, sku)
    ) WITHOUT ROWID;
";

/// The stock of the shop. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Stock {
    store: Store,
    taken: Arc<Mutex<HashMap<String, u64>>>,
}

/// One line of the ledger.
#[derive(Serialize)]
pub(crate) struct Reservation {
    order_id: String,
    sku: String,
    quantity: u64,
    state: String,
}

/// Why nothing was reserved.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    #[error("there is no such product")]
    Unknown,
    #[error("there is not enough of it")]
    SoldOut,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Stock {
    pub(crate) fn open(folder: &Path) -> Result<Self, StoreError> {
        let store = Store::open(&folder.join("stock.db"), SCHEMA)?;
        let taken = store.read(taken)?;
        Ok(Self { store, taken: Arc::new(Mutex::new(taken)) })
    }

    /// What is left of a product, and its price in cents.
    pub(crate) fn level(&self, sku: &str) -> Option<(u64, u64)> {
        let price = price_cents(sku)?;
        let taken = self.held().get(sku).copied().unwrap_or(0);
        Some((UNITS.saturating_sub(taken), price))
    }

    /// Reserves all lines of an order, or none. Returns their price in cents.
    pub(crate) async fn reserve(&self, order: String, lines: Vec<Line>) -> Result<u64, Refused> {
        let lines = by_product(lines);
        let mut total = 0;
        for line in &lines {
            let (available, price) = self.level(&line.sku).ok_or(Refused::Unknown)?;
            if available < u64::from(line.quantity) {
                return Err(Refused::SoldOut);
            }
            total += price * u64::from(line.quantity);
        }
        let written = self.store.write(move |tx| insert(tx, &order, &lines)).await?;
        let mut taken = self.held();
        for (sku, quantity) in written {
            *taken.entry(sku).or_default() += quantity;
        }
        Ok(total)
    }

    /// Gives an order's reservations back; false if there were none.
    pub(crate) async fn release(&self, order: String) -> Result<bool, StoreError> {
        let released = self.store.write(move |tx| release(tx, &order)).await?;
        let mut taken = self.held();
        for (sku, quantity) in &released {
            if let Some(held) = taken.get_mut(sku) {
                *held = held.saturating_sub(*quantity);
            }
        }
        Ok(!released.is_empty())
    }

    /// Every reservation.
    pub(crate) fn ledger(&self) -> Result<Vec<Reservation>, StoreError> {
        self.store.read(|connection| {
            let mut rows = connection.prepare("SELECT order_id, sku, quantity, state FROM reservations")?;
            let rows = rows.query_map([], |row| {
                Ok(Reservation {
                    order_id: row.get(0)?,
                    sku: row.get(1)?,
                    quantity: row.get(2)?,
                    state: row.get(3)?,
                })
            })?;
            rows.collect()
        })
    }

    fn held(&self) -> MutexGuard<'_, HashMap<String, u64>> {
        self.taken.lock().expect("no panic while the stock is held")
    }
}

/// One line for each product, however often an order names it.
fn by_product(lines: Vec<Line>) -> Vec<Line> {
    let mut quantities = BTreeMap::<String, u32>::new();
    for Line { sku, quantity } in lines {
        let sum = quantities.entry(sku).or_default();
        *sum = sum.saturating_add(quantity);
    }
    quantities.into_iter().map(|(sku, quantity)| Line { sku, quantity }).collect()
}

/// The price of a product, between 5 and 100: a function of its number.
fn price_cents(sku: &str) -> Option<u64> {
    let number: u64 = sku.strip_prefix("sku-")?.parse().ok()?;
    (1..=PRODUCTS).contains(&number).then(|| 500 + number.wrapping_mul(7_919) % 9_500)
}

fn taken(connection: &Connection) -> rusqlite::Result<HashMap<String, u64>> {
    let mut rows = connection
        .prepare("SELECT sku, SUM(quantity) FROM reservations WHERE state = 'reserved' GROUP BY sku")?;
    let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

/// Inserts what the order has not reserved already; returns what is new.
fn insert(tx: &Transaction<'_>, order: &str, lines: &[Line]) -> rusqlite::Result<Vec<(String, u64)>> {
    let mut statement = tx.prepare_cached(
        "INSERT INTO reservations VALUES (?1, ?2, ?3, 'reserved')
         ON CONFLICT DO UPDATE SET state = 'reserved', quantity = excluded.quantity WHERE state = 'released'",
    )?;
    let mut written = Vec::with_capacity(lines.len());
    for line in lines {
        if statement.execute((order, &line.sku, line.quantity))? > 0 {
            written.push((line.sku.clone(), u64::from(line.quantity)));
        }
    }
    Ok(written)
}

fn release(tx: &Transaction<'_>, order: &str) -> rusqlite::Result<Vec<(String, u64)>> {
    let mut statement = tx.prepare_cached(
        "UPDATE reservations SET state = 'released' WHERE order_id = ?1 AND state = 'reserved' RETURNING sku, quantity",
    )?;
    let rows = statement.query_map([order], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stock(name: &str) -> Stock {
        let folder = std::env::temp_dir().join(format!("firedrill-stock-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        Stock::open(&folder).unwrap()
    }

    fn lines() -> Vec<Line> {
        vec![Line { sku: "sku-0001".to_owned(), quantity: 2 }]
    }

    fn available(stock: &Stock) -> u64 {
        stock.level("sku-0001").unwrap().0
    }

    #[tokio::test]
    async fn reserving_twice_takes_once() {
        let stock = stock("twice");
        let first = stock.reserve("o1".to_owned(), lines()).await.unwrap();
        let again = stock.reserve("o1".to_owned(), lines()).await.unwrap();
        assert_eq!(first, again);
        assert_eq!(available(&stock), UNITS - 2);
    }

    #[tokio::test]
    async fn a_product_named_twice_is_reserved_and_priced_as_one_line() {
        let stock = stock("named-twice");
        let once = stock.reserve("o1".to_owned(), lines()).await.unwrap();
        let twice = stock.reserve("o2".to_owned(), [lines(), lines()].concat()).await.unwrap();
        assert_eq!(twice, 2 * once);
        assert_eq!(available(&stock), UNITS - 6);
    }

    #[tokio::test]
    async fn what_is_released_can_be_reserved_again() {
        let stock = stock("release");
        stock.reserve("o1".to_owned(), lines()).await.unwrap();
        assert!(stock.release("o1".to_owned()).await.unwrap());
        assert!(!stock.release("o1".to_owned()).await.unwrap());
        assert_eq!(available(&stock), UNITS);
        stock.reserve("o1".to_owned(), lines()).await.unwrap();
        assert_eq!(available(&stock), UNITS - 2);
    }

    #[tokio::test]
    async fn an_unknown_product_reserves_nothing() {
        let stock = stock("unknown");
        let mut order = lines();
        order.push(Line { sku: "sku-9999".to_owned(), quantity: 1 });
        assert!(matches!(stock.reserve("o1".to_owned(), order).await, Err(Refused::Unknown)));
        assert_eq!(available(&stock), UNITS);
        assert!(stock.ledger().unwrap().is_empty());
    }
}
