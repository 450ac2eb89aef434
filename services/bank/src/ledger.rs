//! The charges. What stands here happened, whoever heard of it.
//!
//! One idempotency key is charged once: a second call with the key gets the
//! first one's answer. Without a key every call is a charge. The regions share
//! the book, and with it the keys; of a charge it is noted where it was made,
//! because the second region is dearer.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fault::Region;
use process::{Store, StoreError};
use rusqlite::{OptionalExtension as _, Row, Transaction, params};
use serde::{Deserialize, Serialize};

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS charges(
        id INTEGER PRIMARY KEY,
        reference TEXT NOT NULL,
        amount_cents INTEGER NOT NULL,
        key TEXT UNIQUE,
        at_unix_ms INTEGER NOT NULL
    );
    CREATE INDEX IF NOT EXISTS charges_by_reference ON charges(reference);
    CREATE TABLE IF NOT EXISTS charged_in_second(id INTEGER PRIMARY KEY);
";

/// The bank's book. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Ledger {
    store: Store,
}

/// What somebody wants charged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) reference: String,
    pub(crate) amount_cents: i64,
    pub(crate) key: Option<String>,
    /// Where it was asked for.
    pub(crate) region: Region,
}

/// A charge, as the caller hears of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Charge {
    pub(crate) id: String,
    pub(crate) reference: String,
    pub(crate) amount_cents: i64,
}

/// Whether a call charged, or repeated one that had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Charged {
    Now,
    Before,
}

/// A line of the ledger, as the operator reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Line {
    #[serde(flatten)]
    pub(crate) charge: Charge,
    pub(crate) key: Option<String>,
    pub(crate) at_unix_ms: u64,
    /// Not said of the main region.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) region: Option<Region>,
    #[serde(skip)]
    pub(crate) number: i64,
}

impl Ledger {
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(Self { store: Store::open(path, SCHEMA)? })
    }

    /// Charges, unless the key has been charged already. Under way from the
    /// call on, whether or not anybody waits for it.
    pub(crate) fn charge(
        &self,
        order: Order,
    ) -> impl Future<Output = Result<(Charge, Charged), StoreError>> + Send + use<> {
        let now = unix_ms();
        self.store.write(move |tx| charge(tx, &order, now))
    }

    /// The charges with this reference, oldest first.
    pub(crate) fn find(&self, reference: &str) -> Result<Vec<Charge>, StoreError> {
        self.store.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT id, reference, amount_cents FROM charges WHERE reference = ? ORDER BY id",
                )?
                .query_map([reference], read_charge)?
                .collect()
        })
    }

    /// The next `limit` lines after line number `after`: a ledger is long, so
    /// it is read in pages, and the bank goes on in between.
    pub(crate) fn lines(&self, after: i64, limit: u32) -> Result<Vec<Line>, StoreError> {
        self.store.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT id, reference, amount_cents, key, at_unix_ms,
                            id IN (SELECT id FROM charged_in_second)
                     FROM charges WHERE id > ? ORDER BY id LIMIT ?",
                )?
                .query_map(params![after, limit], |row| {
                    Ok(Line {
                        charge: read_charge(row)?,
                        key: row.get(3)?,
                        at_unix_ms: row.get::<_, i64>(4)?.unsigned_abs(),
                        region: row.get::<_, bool>(5)?.then_some(Region::Second),
                        number: row.get(0)?,
                    })
                })?
                .collect()
        })
    }
}

fn charge(tx: &Transaction<'_>, order: &Order, now: u64) -> rusqlite::Result<(Charge, Charged)> {
    let written = tx
        .prepare_cached(
            "INSERT INTO charges(reference, amount_cents, key, at_unix_ms) VALUES (?, ?, ?, ?)
             ON CONFLICT(key) DO NOTHING RETURNING id, reference, amount_cents",
        )?
        .query_row(
            params![order.reference, order.amount_cents, order.key, i64::try_from(now).unwrap_or(i64::MAX)],
            |row| Ok((row.get::<_, i64>(0)?, read_charge(row)?)),
        )
        .optional()?;
    if let Some((number, charge)) = written {
        if order.region == Region::Second {
            tx.prepare_cached("INSERT INTO charged_in_second(id) VALUES (?)")?.execute([number])?;
        }
        return Ok((charge, Charged::Now));
    }
    let charge = tx
        .prepare_cached("SELECT id, reference, amount_cents FROM charges WHERE key = ?")?
        .query_row([&order.key], read_charge)?;
    Ok((charge, Charged::Before))
}

fn read_charge(row: &Row<'_>) -> rusqlite::Result<Charge> {
    Ok(Charge {
        id: format!("ch_{}", row.get::<_, i64>(0)?),
        reference: row.get(1)?,
        amount_cents: row.get(2)?,
    })
}

/// The wall clock, an annotation for people.
pub(crate) fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::Connection;

    fn order(reference: &str, key: Option<&str>) -> Order {
        Order {
            reference: reference.to_owned(),
            amount_cents: 4_200,
            key: key.map(str::to_owned),
            region: Region::Main,
        }
    }

    fn charged(connection: &mut Connection, order: &Order) -> (Charge, Charged) {
        let tx = connection.transaction().unwrap();
        let result = charge(&tx, order, 1).unwrap();
        tx.commit().unwrap();
        result
    }

    fn book() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(SCHEMA).unwrap();
        connection
    }

    #[test]
    fn one_key_is_charged_once_and_answers_the_same() {
        let mut book = book();
        let first = charged(&mut book, &order("o1", Some("k1")));
        let second = charged(&mut book, &order("o1", Some("k1")));
        assert_eq!((first.1, second.1), (Charged::Now, Charged::Before));
        assert_eq!(first.0, second.0);
        let other = charged(&mut book, &order("o1", Some("k2")));
        assert_ne!(first.0.id, other.0.id);
    }

    #[test]
    fn without_a_key_every_call_is_a_charge() {
        let mut book = book();
        let ids = [(); 3].map(|()| charged(&mut book, &order("o1", None)).0.id);
        assert_eq!(ids, ["ch_1", "ch_2", "ch_3"]);
    }

    #[test]
    fn the_regions_share_keys_and_a_charge_is_of_the_region_that_made_it() {
        let mut book = book();
        let second = |key| Order { region: Region::Second, ..order("o1", Some(key)) };
        assert_eq!(charged(&mut book, &order("o1", Some("k1"))).1, Charged::Now);
        assert_eq!(charged(&mut book, &second("k1")).1, Charged::Before);
        assert_eq!(charged(&mut book, &second("k2")).1, Charged::Now);
        let dear: Vec<i64> = book
            .prepare("SELECT id FROM charged_in_second")
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert_eq!(dear, [2]);
    }

    #[test]
    fn the_schema_may_be_applied_again() {
        let book = book();
        assert!(book.execute_batch(SCHEMA).is_ok());
    }
}
